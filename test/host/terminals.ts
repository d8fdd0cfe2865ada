/** Two pseudo terminals that are one serial line, made by socat, and waiting for what comes true. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function until(what: () => boolean, milliseconds = 5000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!what()) {
    if (performance.now() > end) throw new Error("it does not come true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const hasSocat = spawnSync("socat", ["-V"]).status === 0;

/** Two ends of a line. What is to be undone is put to `endings`. */
export async function terminals(
  endings: (() => unknown)[],
): Promise<{ near: string; far: string; socat: ChildProcess; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "serial-"));
  const [near, far] = [join(folder, "near"), join(folder, "far")];
  const socat = startSocat(endings, near, far);
  endings.push(() => rmSync(folder, { recursive: true }));
  await until(() => existsSync(near) && existsSync(far));
  return { near, far, socat, folder };
}

export function startSocat(endings: (() => unknown)[], near: string, far: string): ChildProcess {
  const socat = spawn("socat", [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
  endings.push(() => socat.kill());
  return socat;
}
