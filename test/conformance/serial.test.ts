/** The runner on a serial line, begun with HDLC and with the sign-on of mode E, against the built program. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hasSocat, terminals } from "../host/terminals.ts";
import { ROOT } from "../tidy/sources.ts";
import { CASES } from "./cases/index.ts";
import { configDefault } from "./config.ts";
import { conformanceRun } from "./runner.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const PORTS = ["--tcp", "0", "--udp", "none", "--hdlc-tcp", "0"];

async function serve(...words: string[]): Promise<void> {
  const child = spawn(process.execPath, [MAIN, "serve", ...PORTS, "--metrology", "constant", ...words]);
  endings.push(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (text += chunk));
  await vi.waitFor(() => expect(text).toContain("Ctrl-C"), 20_000);
}

// In real time: where a busy machine makes the driver's rate change late, octets on their way are dropped, and the run has to begin anew.
describe.runIf(hasSocat && existsSync(MAIN))("on a serial line", () => {
  for (const modeE of [false, true]) {
    it(modeE ? "behind the sign-on of mode E" : "of HDLC", { timeout: 90_000, retry: 3 }, async () => {
      const { near, far } = await terminals(endings);
      await serve("--serial", near, ...(modeE ? ["--mode-e"] : []));
      const serial = { path: far, baud: 9600, modeE };
      const config = { ...configDefault(), serial, silence: 200, interOctet: 30 };
      const wanted = /^(HDLC_FRAME_(P1|P2|N8)|HDLC_ADDRESS_P1|APPL_OPEN_1|COSEM_MandatoryObjects)$/;
      const cases = CASES.filter((one) => wanted.test(one.name));
      const { results } = await conformanceRun(config, cases);
      const others = results.filter(({ verdict }) => verdict !== "PASSED");
      expect(others.map(({ name, note }) => `${name}: ${note}`)).toEqual([]);
      expect(results).toHaveLength(6);
    });
  }
});
