/** What `serve` says: lines for people, or with `--json` one JSON object a line. Warnings for people go to stderr. */
export interface Reporter {
  /** Something that happened: its name and facts for programs, and a line for people. */
  event(name: string, facts: Record<string, unknown>, text: string): void;
  /** Something that people should know and that does not stop anything. */
  warn(text: string): void;
}

export const textReporter: Reporter = {
  event: (_name, _facts, text) => void process.stdout.write(`${text}\n`),
  warn: (text) => void process.stderr.write(`warning: ${text}\n`),
};

export const jsonReporter: Reporter = {
  event: (name, facts) => void process.stdout.write(`${JSON.stringify({ event: name, ...facts })}\n`),
  warn: (text) => void process.stdout.write(`${JSON.stringify({ event: "warning", text })}\n`),
};
