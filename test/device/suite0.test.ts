/** The core for suite 0 alone (`npm run build -- --suite0`), for targets without room for elliptic curves, is a whole meter. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { Core } from "../../host/core.ts";
import { attribute, Client } from "../../host/client/index.ts";
import { templateLoad } from "../../host/template/load.ts";
import { suiteTemplate } from "../pki/meter.ts";
import { ROOT } from "../testing.ts";
import { RawMeter } from "./raw.ts";
import { gmac } from "./rig.ts";

/** As the template has it. */
const INBOX_SIZE = 1536;
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

/** Octets of RAM that a meter takes beyond the rows of its profiles: its image, constants, exchange regions and block. */
const RAM_MAX = 64 * 1024;

describe("a meter on a microcontroller", () => {
  const compiled = templateLoad("host/template/examples/microcontroller.json");

  it("has room in 64 KiB beside the rows of its profiles", () => {
    const { seatsAt, blockSize } = small.plan(compiled.image);
    const rows = compiled.model.parts.profiles.reduce((sum, profile) => sum + profile.areaSize, 0);
    expect(seatsAt + blockSize - rows).toBeLessThanOrEqual(RAM_MAX);
  });

  it("gives all there is to read, and refuses in so many words what its small areas do not hold", async () => {
    const raw = RawMeter.boot({ core: small, template: compiled });
    const slot = raw.slotOf("serial", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), gmac(raw.identity, 1, "authenc", { hdlc: {} }));
    await client.connect();
    await client.associate();
    raw.advance(2 * 3_600_000);
    for (const o of compiled.model.objects) {
      const row = o.access.get("management") ?? new Uint8Array(0);
      for (const { id, name } of o.attributes) {
        if ((row[id - 1]! & 1) === 0) continue;
        const read = await client.getResult(attribute(o.classId, o.logicalName, id));
        expect(read.code, `${o.logicalName} ${name}`).toBe(0);
      }
    }
    const text = attribute(15, "0-0:40.0.1.255", 7);
    const long = { type: "octet-string", value: Buffer.alloc(INBOX_SIZE + 1) } as const;
    expect(await client.setResult(text, long)).not.toBe(0);
    expect((await client.get(CLOCK)).type).toBe("octet-string");
  });
});

describe("the core for suite 0 alone", () => {
  it("is read under HLS-GMAC, authenticated and encrypted", async () => {
    const client = clientOf(RawMeter.boot({ core: small }));
    await client.connect();
    await client.associate();
    expect((await client.get(CLOCK)).type).toBe("octet-string");
  });

  it("is read over HDLC, whose check sequence it makes without tables", async () => {
    const raw = RawMeter.boot({ core: small });
    const slot = raw.slotOf("hdlc", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), { ...gmac(raw.identity, 1), hdlc: {} });
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
