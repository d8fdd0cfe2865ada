/** Servers as processes of their own, which say as JSON on which ports they are ready. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { packageFile } from "../host/files.ts";

export interface Served {
  readonly process: ChildProcess;
  readonly port: number;
}

/** Starts Node with `args`, behind `before` where another program is to start it; where it `talks`, messages go to and fro. */
export async function start(args: readonly string[], before: readonly string[] = [], talks = false): Promise<Served> {
  const [program, ...rest] = [...before, process.execPath, ...args];
  const child = spawn(program!, rest, { stdio: ["ignore", "pipe", "inherit", ...(talks ? (["ipc"] as const) : [])] });
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as { event: string; tcp?: number[] };
    if (event.event === "ready") return { process: child, port: event.tcp![0]! };
  }
  throw new Error("a server ends before it is ready");
}

/** Arguments that run `dlms-meter serve` on any free ports. */
export function serveArgs(...options: string[]): string[] {
  return [packageFile("dist/cli/main.js"), "serve", "--tcp", "0", "--hdlc-tcp", "0", "--json", ...options];
}

/** The path of a compiled program of bench/. */
export function benchProgram(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url));
}

/** Runs `use` and ends the process, whatever comes of it. */
export async function during<T>(served: Served, use: (served: Served) => Promise<T>): Promise<T> {
  try {
    return await use(served);
  } finally {
    const gone = once(served.process, "exit");
    served.process.kill("SIGTERM");
    await gone;
  }
}
