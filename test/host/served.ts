/** `serve` as people run it: a process of its own, on any free ports. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../tidy/sources.ts";

/** The built command; tests that need it are skipped where nothing is built. */
export const MAIN = join(ROOT, "dist/cli/main.js");

/** What the first event says. */
export interface Ready {
  meters: number;
  /** Threads that run them. */
  workers: number;
  core: string;
  tcp: number[];
  udp: number[];
  hdlcTcp: number[];
  /** Address of the last meter, where each has its own. */
  lastHost?: string;
}

export interface Served {
  readonly child: ChildProcess;
  readonly ready: Ready;
  /** All it has printed up to now, reports among it. */
  readonly text: () => string;
}

/** Processes that a test has started, for its end. */
export const running: ChildProcess[] = [];

/** Ends what a test has left behind: for afterEach. */
export function killAll(): void {
  for (const child of running.splice(0)) child.kill("SIGKILL");
}

/** The line of an event, undefined until it is whole. */
export function lineOf(text: string, event: string): string | undefined {
  return text
    .split("\n")
    .slice(0, -1)
    .find((line) => line.startsWith(`{"event":"${event}"`));
}

/** Starts `serve` with any free ports and waits until it listens; rejects with what it has printed when it ends before. */
export async function serve(...words: string[]): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, "serve", "--tcp", "0", "--json", ...words]);
  running.push(child);
  let text = "";
  child.stderr.on("data", (chunk) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error(text)));
    child.stdout.on("data", (chunk) => {
      text += chunk;
      // The keys follow at once; both lines must be whole.
      const [ready, keys] = ["ready", "credentials"].map((name) => lineOf(text, name));
      if (ready && keys) resolve({ child, ready: JSON.parse(ready) as Ready, text: () => text });
    });
  });
}

/** Sends the signal. @returns its exit code; null where the signal itself ended it */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const gone = once(child, "exit");
  child.kill(signal);
  return (await gone)[0] as number | null;
}
