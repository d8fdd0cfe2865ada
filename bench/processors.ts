/**
 * Server and client on one processor, where that can be asked for: then a rate is what octets cost them both, and not how long a system
 * takes to wake a processor that has gone to sleep between two of them.
 */
import { spawnSync } from "node:child_process";

const PIN = ["taskset", "-c", "0"];

/** What starts a program on one processor; nothing where the system cannot. */
export function onOneProcessor(): string[] {
  return spawnSync(PIN[0]!, [...PIN.slice(1), "true"]).status === 0 ? PIN : [];
}

/** Puts all threads of this process on these processors. @returns those they were on before; undefined where the system cannot */
function move(processors: string): string | undefined {
  const pid = String(process.pid);
  const before = /: ([\d,-]+)$/m.exec(spawnSync("taskset", ["-p", "-c", pid], { encoding: "utf8" }).stdout ?? "");
  if (before === null || spawnSync("taskset", ["-a", "-p", "-c", processors, pid]).status !== 0) return undefined;
  return before[1];
}

/** Runs `work` with this process, and those it starts meanwhile, on one processor. */
export async function pinned<T>(work: () => Promise<T>): Promise<T> {
  const before = move("0");
  try {
    return await work();
  } finally {
    if (before !== undefined) move(before);
  }
}
