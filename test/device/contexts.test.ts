/** Several security contexts: of two associations, and of one association on remote and local ports (decision 16). */
import { describe, expect, it } from "vitest";
import { attribute, type Client, type ClientOptions } from "../../host/client/index.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import { templateRead } from "../../host/template/load.ts";
import { hidden } from "../pki/meter.ts";
import { CURRENT_ASSOCIATION, energyRead, gmac, Rig, SECURITY_SETUP } from "./rig.ts";

const LOCAL_SETUP = "0-0:43.0.2.255";
const LOCAL_KEY = Buffer.from("202122232425262728292A2B2C2D2E2F", "hex");
const REFERENCE = attribute(15, CURRENT_ASSOCIATION, 9);
const Part = { GUEK: 0, GAK: 2 } as const;

/** The default template with a second context, which the management client has on the HDLC port. */
function rig(): Rig {
  const document = structuredClone(templateRead());
  const setup = document.objects.find(({ logicalName }) => logicalName === SECURITY_SETUP)!;
  const counter = document.objects.find(({ logicalName }) => logicalName === "0-0:43.1.0.255")!;
  document.objects.push({ ...structuredClone(setup), logicalName: LOCAL_SETUP });
  document.objects.push({ ...structuredClone(counter), logicalName: "0-0:43.1.2.255" });
  document.associations["management"]!.securitySetupLocal = LOCAL_SETUP;
  document.ports["hdlc"]!.reach = "local";
  const local = (part: number): Buffer => {
    const record = hidden(part, LOCAL_KEY);
    record[6] = 2;
    return record;
  };
  const provision = Buffer.concat([local(Part.GUEK), local(Part.GAK)]);
  return Rig.boot({ template: compileTemplate(document), provision: () => provision });
}

const named = async (client: Client): Promise<string> =>
  Buffer.from(((await client.get(REFERENCE)) as { value: Uint8Array }).value).toString("hex");
const counterOf = async (client: Client, e: number): Promise<number> =>
  ((await client.get(attribute(1, `0-0:43.1.${e}.255`, 2))) as { value: number }).value;

describe("a context for each reach", () => {
  const local: ClientOptions = { hdlc: {}, guek: LOCAL_KEY, gak: LOCAL_KEY };

  it("keys and counters are those of the port's context, and the association names it", async () => {
    const meters = rig();
    const remote = await meters.associated(0, gmac(meters.identity(0), 100));
    expect(await named(remote)).toBe("00002b0000ff");
    const near = await meters.associated(0, gmac(meters.identity(0), 7, "authenc", local));
    expect(await named(near)).toBe("00002b0002ff");
    expect(await energyRead(near)).toBe(0);
    const [far, here] = [await counterOf(remote, 0), await counterOf(remote, 2)];
    expect(far).toBeGreaterThan(100);
    expect(here).toBeGreaterThan(7);
    expect(here).toBeLessThan(20);
    expect(await counterOf(near, 2)).toBe(here + 1);
    expect(meters.reports).toEqual([]);
  });

  it("the keys of one port open nothing on the other", async () => {
    const meters = rig();
    const { guek, gak, ...wire } = local;
    expect([guek, gak]).toEqual([LOCAL_KEY, LOCAL_KEY]);
    const wrong = [
      gmac(meters.identity(0), 1, "authenc", { guek: LOCAL_KEY, gak: LOCAL_KEY }),
      gmac(meters.identity(0), 1, "authenc", wire),
    ];
    for (const options of wrong) {
      const client = meters.client(0, options);
      await client.connect();
      await expect(client.associate()).rejects.toThrow();
    }
  });
});
