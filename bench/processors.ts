/**
 * Server and client on one processor, where that can be asked for: then a rate is what octets cost them both, and not how long a system
 * takes to wake a processor that has gone to sleep between two of them.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PIN = ["taskset", "-c", "0"];
/**
 * As a batch process (SCHED_BATCH): one that wakes up waits for its turn. An ordinary one may take the processor from the server with
 * each answer, or not, by what each of them has used before: two switches a request more in one run than in the next.
 */
const BATCH = ["chrt", "--batch", "0"];

/** What starts a program on one processor, as a batch process where the system can; nothing where it can do neither. */
export function onOneProcessor(): string[] {
  const works = ([program, ...args]: string[]): boolean => spawnSync(program!, [...args, "true"]).status === 0;
  return [[...BATCH, ...PIN], PIN].find(works) ?? [];
}

/** Processor time that the main thread of process `pid` has had, µs; NaN where the system does not tell. */
export function processorTime(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1000;
  } catch {
    return NaN;
  }
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
