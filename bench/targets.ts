/** The core on microcontrollers, as `npm run targets` measures it (scripts/targets.mjs), as a group of figures. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFile } from "../host/files.ts";
import type { Figure, Group } from "./figure.ts";

const ROOT = dirname(packageFile("package.json"));

export const targetsGroup: Group = {
  title: "Constrained targets",
  onRequest: true,
  measure() {
    const script = join(ROOT, "scripts/targets.mjs");
    const said = execFileSync(process.execPath, [script], { cwd: ROOT, encoding: "utf8" });
    const path = join(ROOT, "build/targets/figures.json");
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Figure[];
    console.log(`\nConstrained targets: ${said.trim()}`);
    return [];
  },
};
