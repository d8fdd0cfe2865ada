/** Keys of a terminal on which `serve` runs: what happens to the meters, and how their time runs. */
import type { Operator, Request } from "../control/operator.ts";

interface Key {
  readonly key: string;
  /** How it is shown, where the character would not tell. */
  readonly shown?: string;
  readonly text: string;
  /** What it asks for; undefined: nothing now. */
  readonly request: (operator: Operator) => Request | Promise<Request>;
}

const once =
  (step: object): ((operator: Operator) => Request) =>
  () => ({ do: "inject", scenario: { steps: [step] } });

/** On with the first press, off with the second. */
function held(step: { do: string }): (operator: Operator) => Promise<Request> {
  return async (operator) => ((await operator.lasts(step.do)) ? { do: "end", step: step.do } : once(step)(operator));
}

export const KEYS: readonly Key[] = [
  {
    key: " ",
    shown: "space",
    text: "time stands still, or runs on",
    request: (o) => ({ do: o.clockSpeed === 0 ? "resume" : "pause" }),
  },
  {
    key: "+",
    text: "time runs 10 times as fast",
    request: (o) => ({ do: "speed", speed: Math.min(1e6, (o.clockSpeed || 1) * 10) }),
  },
  {
    key: "-",
    text: "time runs 10 times slower",
    request: (o) => ({ do: "speed", speed: Math.max(0.001, (o.clockSpeed || 1) / 10) }),
  },
  { key: "j", text: "time jumps 15 minutes", request: () => ({ do: "jump", to: "15min" }) },
  { key: "J", text: "time jumps a day", request: () => ({ do: "jump", to: "1d" }) },
  { key: "o", text: "outage of a minute", request: once({ do: "outage", for: "1min" }) },
  { key: "p", text: "phase L1 lost, on and off", request: held({ do: "phase-loss", phases: [1] } as { do: string }) },
  { key: "s", text: "sag, on and off", request: held({ do: "sag" }) },
  { key: "w", text: "swell, on and off", request: held({ do: "swell" }) },
  { key: "v", text: "overload, on and off", request: held({ do: "overload" }) },
  { key: "e", text: "export, on and off", request: held({ do: "export" }) },
  { key: "r", text: "reverse power, on and off", request: held({ do: "reverse-power" }) },
  { key: "c", text: "terminal cover open and closed", request: held({ do: "cover-open" }) },
  { key: "m", text: "magnet there and gone", request: held({ do: "magnet" }) },
  { key: "x", text: "external alert, on and off", request: held({ do: "external-alert" }) },
  { key: "b", text: "push button", request: once({ do: "button" }) },
  { key: "n", text: "new network connection", request: once({ do: "network" }) },
  { key: "i", text: "installed", request: once({ do: "install" }) },
  { key: "0", text: "everything ends that was begun", request: () => ({ do: "end" }) },
];

/** The keys in lines, for --help and the key h. */
export function keysText(): string {
  const all = [...KEYS.map(({ key, shown, text }) => [shown ?? key, text]), ["h", "these keys"], ["q", "end"]];
  return all.map(([key, text]) => `  ${key!.padEnd(6)} ${text}`).join("\n");
}

/** A terminal that gives its keys one by one. */
export interface KeySource {
  setRawMode(raw: boolean): unknown;
  on(event: "data", listener: (data: Buffer) => void): unknown;
  off(event: "data", listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export class Keyboard {
  private readonly source: KeySource;
  private readonly operator: Operator;
  private readonly say: (text: string) => void;
  private readonly end: () => void;
  private readonly heard = (data: Buffer): void => {
    for (const key of data.toString("latin1")) this.press(key);
  };

  /** @param end what Ctrl-C and q do */
  constructor(source: KeySource, operator: Operator, say: (text: string) => void, end: () => void) {
    this.source = source;
    this.operator = operator;
    this.say = say;
    this.end = end;
    source.setRawMode(true);
    source.on("data", this.heard);
    source.resume();
  }

  close(): void {
    this.source.off("data", this.heard);
    this.source.setRawMode(false);
    this.source.pause();
  }

  private press(key: string): void {
    // A terminal in raw mode makes no signals of Ctrl-C and Ctrl-D.
    if (key === "q" || key === "\x03" || key === "\x04") return this.end();
    if (key === "h" || key === "?") return this.say(`keys\n${keysText()}`);
    const found = KEYS.find((known) => known.key === key);
    // What was done is told by the operator to everybody; what was not, here.
    if (found !== undefined) this.pressed(found).catch((error: Error) => this.say(error.message));
  }

  private async pressed(key: Key): Promise<void> {
    await this.operator.ask(await key.request(this.operator));
  }
}
