/** The core for suite 0 alone (`npm run build -- --suite0`), for targets without room for elliptic curves, is a whole meter. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { Core, PlanRefused } from "../../host/core.ts";
import { CONTEXT, contextName } from "../../host/client/acse.ts";
import { attribute, Client } from "../../host/client/index.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import { planRefusalText } from "../../host/template/limits.ts";
import { templateLoad, templateRead } from "../../host/template/load.ts";
import { suiteTemplate } from "../pki/meter.ts";
import { ROOT } from "../testing.ts";
import { aarq, apduOf } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { gmac, template } from "./rig.ts";

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

/** What the core for suite 0 says to a template, "" when it takes it. */
function refusal({ image }: { image: Uint8Array }): string {
  try {
    small.plan(image);
    return "";
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error;
    return planRefusalText(error.limit, error.value);
  }
}

describe("what the core for suite 0 leaves out", () => {
  const { management } = templateRead().associations;
  const offering = (mechanism: string) =>
    template({ associations: { management: { ...management!, mechanisms: ["lls", mechanism] } } });
  const protecting = () => {
    const document = templateRead();
    const empty = { value: { array: [] } };
    document.objects.push({
      ...{ logicalName: "0-0:43.2.0.255", name: "Data protection", class: 30, version: 0 },
      attributes: { 2: { value: { "octet-string": "" } }, 3: empty, 4: empty, 5: empty, 6: { value: { enum: 0 } } },
    });
    return compileTemplate(document);
  };

  it("is nothing that the default template needs", () => {
    expect(refusal(templateLoad())).toBe("");
    expect(refusal(offering("hls-sha256"))).toBe("");
  });

  it("is named where a template needs it", () => {
    const without = ", which this core was built without";
    expect(refusal(templateLoad("host/template/idis-p3-sn.json"))).toBe(`it needs short name referencing${without}`);
    for (const mechanism of ["hls-manufacturer", "hls-md5", "hls-sha1"]) {
      expect(refusal(offering(mechanism)), mechanism).toContain("mechanisms 2 to 4");
    }
    expect(refusal(protecting())).toBe(`it needs Data protection (class_id 30)${without}`);
  });

  it("is answered as a service or a name that nobody offers", () => {
    const channel = RawMeter.boot({ core: small }).wrapper();
    // Read outside an association, and an AARQ with the context of short names.
    expect(Buffer.from(channel.exchange(Buffer.from("050102fa00", "hex"))!).toString("hex")).toBe("d80102");
    const aare = apduOf("aare", channel.exchange(aarq({ applicationContextName: contextName(CONTEXT.SN) })));
    expect([aare.result, aare.diagnostic]).toEqual([1, 2]);
  });
});
