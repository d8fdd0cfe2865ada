/** The core for suite 0 alone (`npm run build -- --suite0`), for targets without room for elliptic curves, is a whole meter. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { Core } from "../../host/core.ts";
import { attribute, Client } from "../../host/client/index.ts";
import { suiteTemplate } from "../pki/meter.ts";
import { ROOT } from "../testing.ts";
import { RawMeter } from "./raw.ts";
import { gmac } from "./rig.ts";

const CLOCK = attribute(8, "0-0:1.0.0.255", 2);
const BUILD_MS = 300_000;

let small: Core;

beforeAll(() => {
  execFileSync(process.execPath, ["scripts/build.mjs", "--quiet", "--suite0"], { cwd: ROOT, stdio: "ignore" });
  small = new Core(readFileSync(`${ROOT}/build/core.suite0.wasm`));
}, BUILD_MS);

function clientOf(raw: RawMeter, suite?: number): Client {
  const slot = raw.slotOf("wrapper", 0);
  raw.open(slot);
  const options = gmac(raw.identity, 1);
  return new Client(raw.transport(slot), suite === undefined ? options : { ...options, suite });
}

describe("the core for suite 0 alone", () => {
  it("is read under HLS-GMAC, authenticated and encrypted", async () => {
    const client = clientOf(RawMeter.boot({ core: small }));
    await client.connect();
    await client.associate();
    expect((await client.get(CLOCK)).type).toBe("octet-string");
  });

  it.each([1, 2])("serves nothing under suite %i", async (suite) => {
    const raw = RawMeter.boot({ core: small, template: suiteTemplate(suite) });
    const client = clientOf(raw, suite);
    await client.connect();
    await expect(client.associate()).rejects.toThrow();
  });
});
