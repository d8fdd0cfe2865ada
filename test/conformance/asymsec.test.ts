/** The ASYMSEC cases against the meter of this project in suites 1 and 2: client and meter over TCP. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { demoWrite } from "../../host/cli/keys_demo.ts";
import { CLIENT_TITLE_DEFAULT } from "../../host/client/index.ts";
import { ROOT } from "../tidy/sources.ts";
import { asymmetricRead } from "./asymmetric.ts";
import { CASES } from "./cases/index.ts";
import { configDefault, type Config } from "./config.ts";
import { SocketMeter } from "./meter.ts";
import { conformanceRun } from "./runner.ts";

const RUN_MILLISECONDS = 120_000;
const cases = CASES.filter((one) => one.group === "ASYMSEC");

describe.runIf(existsSync(join(ROOT, "build/core.wasm")))("suites 1 and 2", () => {
  const folder = mkdtempSync(join(tmpdir(), "asymsec-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([1, 2])(
    "suite %i: every case passes",
    async (suite) => {
      const out = join(folder, String(suite));
      demoWrite({ suite, seed: 1, meters: 1, clientTitle: CLIENT_TITLE_DEFAULT, out });
      const meter = new SocketMeter([], suite);
      const config: Config = { ...configDefault(), ...asymmetricRead(out), silence: 300 };
      await meter.start(config);
      const run = await conformanceRun(config, cases);
      await meter.stop();
      const open = run.results.filter((result) => result.verdict !== "PASSED");
      expect(open.map((result) => `${result.name}: ${result.verdict}, ${result.note}`)).toEqual([]);
      expect(run.results).toHaveLength(12);
    },
    RUN_MILLISECONDS,
  );

  it("without keys of a client they are INAPPLICABLE", async () => {
    const run = await conformanceRun(configDefault(), cases);
    expect(new Set(run.results.map((result) => result.verdict))).toEqual(new Set(["INAPPLICABLE"]));
  });
});
