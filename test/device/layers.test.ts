/** Layers of protection in suites 0, 1 and 2, against the client of host/client/ (GB9 9.2.7.2; decision 13). */
import { describe, expect, it } from "vitest";
import { attribute, type ClientOptions } from "../../host/client/index.ts";
import { KEY_ESTABLISHMENTS, type KeyEstablishment } from "../../host/client/general_protection.ts";
import type { Layer } from "../../host/client/security.ts";
import { energyRead, LOAD_PROFILE, TEXT } from "./rig.ts";
import { suiteMeter } from "./suites.ts";

const SUITES = [0, 1, 2];
const ASYMMETRIC = [1, 2];
const text = (letters: string) => ({ type: "octet-string" as const, value: Buffer.from(letters, "latin1") });

/** Reads, writes and reads back what was written. */
async function works(client: Awaited<ReturnType<ReturnType<typeof suiteMeter>["associated"]>>): Promise<void> {
  expect(await energyRead(client)).toBe(0);
  await client.set(attribute(1, TEXT, 2), text("written"));
  expect(await client.get(attribute(1, TEXT, 2))).toMatchObject({ value: Uint8Array.from(Buffer.from("written")) });
}

describe("families of suites 0 to 2", () => {
  const families = ["glo", "ded", "general-glo", "general-ded"] as const;
  const levels = ["auth", "enc", "authenc"] as const;
  const all = SUITES.flatMap((suite) =>
    families.flatMap((family) => levels.map((level) => ({ suite, family, level }))),
  );

  it.each(all)("suite $suite, $family, $level", async ({ suite, family, level }) => {
    const meter = suiteMeter(suite);
    const dedicated = family.endsWith("ded") ? { dedicatedKey: meter.keys.master } : {};
    const client = await meter.associated({ family, security: "authenc", ...dedicated });
    client.security!.authenticated = level !== "enc";
    client.security!.encrypted = level !== "auth";
    await works(client);
    const kinds = { auth: 0x10, enc: 0x20, authenc: 0x30 }[level];
    expect(client.answerSecurityControl).toBe(kinds | suite);
    await client.release();
  });
});

describe("HLS in suites 1 and 2", () => {
  const ways: { name: string; more: ClientOptions }[] = [
    { name: "ECDSA, certificates stored", more: { authentication: "ecdsa" } },
    { name: "SHA-256", more: { authentication: "sha256" } },
    { name: "GMAC", more: { authentication: "gmac" } },
  ];
  it.each(ASYMMETRIC.flatMap((suite) => ways.map((way) => ({ suite, ...way }))))(
    "suite $suite, $name",
    async ({ suite, name, more }) => {
      const meter = suiteMeter(suite);
      const password = name === "SHA-256" ? { password: meter.raw.identity.keys.hls } : {};
      const client = await meter.associated({ ...more, ...password });
      await works(client);
    },
  );
});

describe("general-ciphering", () => {
  const all = SUITES.flatMap((suite) => KEY_ESTABLISHMENTS.map((how) => ({ suite, how })));
  const possible = all.filter(({ suite, how }) => suite > 0 || how === "identified" || how === "wrapped");

  it.each(possible.filter(({ how }) => how !== "none"))("suite $suite, key $how", async ({ suite, how }) => {
    const meter = suiteMeter(suite);
    const client = await meter.associated({ family: "general", keyEstablishment: how });
    await works(client);
    const named = {
      identified: "identified",
      wrapped: "wrapped",
      "one-pass": "agreed",
      static: "agreed",
      none: "none",
    };
    expect(client.answerLayers).toMatchObject([{ apdu: "general-ciphering", keyInfo: named[how] }]);
  });

  it.each(possible.filter(({ how }) => how !== "none" && how !== "identified"))(
    "suite $suite: the key of $how goes on without key-info, both ways",
    async ({ suite, how }) => {
      const meter = suiteMeter(suite);
      const client = await meter.associated({ family: "general", keyEstablishment: how });
      client.security!.keyEstablishment = "none";
      await works(client);
      expect(client.answerLayers).toMatchObject([{ keyInfo: "none" }]);
      await works(client);
    },
  );

  it("a session key ends with its association", async () => {
    const meter = suiteMeter(1);
    const client = await meter.associated({ family: "general", keyEstablishment: "wrapped" });
    const { key } = client.security!.general["sent"]!;
    await client.release();
    const again = await meter.associated({ family: "general", keyEstablishment: "identified", counter: 100 });
    again.security!.general["sent"] = { key, counter: 50 };
    again.security!.keyEstablishment = "none";
    await expect(energyRead(again)).rejects.toThrow(/deciphering/);
  });
});

describe("signed and ciphered", () => {
  const orders: { name: string; layers: Layer[] }[] = [
    { name: "signed", layers: ["sign"] },
    { name: "signed, then ciphered", layers: ["sign", "cipher"] },
    { name: "ciphered, then signed", layers: ["cipher", "sign"] },
    { name: "signed, ciphered, signed", layers: ["sign", "cipher", "sign"] },
  ];
  const families: { family: "general" | "general-glo"; how: KeyEstablishment }[] = [
    { family: "general-glo", how: "identified" },
    { family: "general", how: "identified" },
    { family: "general", how: "one-pass" },
    { family: "general", how: "static" },
    { family: "general", how: "wrapped" },
  ];
  const all = ASYMMETRIC.flatMap((suite) =>
    orders.flatMap((order) => families.map((f) => ({ suite, ...order, ...f }))),
  );

  it.each(all)("suite $suite, $name, $family $how", async ({ suite, layers, family, how }) => {
    const meter = suiteMeter(suite);
    const client = await meter.associated({ authentication: "ecdsa", family, keyEstablishment: how });
    client.security!.layers = layers;
    await works(client);
    const seen = client.answerLayers.map(({ kind }) => kind);
    expect(seen).toEqual([...layers].reverse());
  });
});

describe("long answers", () => {
  const ways = ASYMMETRIC.flatMap((suite) =>
    (["identified", "one-pass", "static"] as const).map((how) => ({ suite, how })),
  );

  it.each(ways)(
    "suite $suite, $how: an answer in blocks, signed and ciphered, blocks lost on the way",
    async ({ suite, how }) => {
      const meter = suiteMeter(suite);
      meter.raw.advance(40 * 900_000);
      const client = await meter.associated({
        ...{ authentication: "ecdsa", family: "general", keyEstablishment: how, pduSizeMax: 600 },
      });
      const plain = await meter.associated(
        { authentication: "lls", security: "none", password: meter.raw.identity.keys.lls },
        1,
      );
      const expected = await plain.get(attribute(7, LOAD_PROFILE, 2));
      client.security!.layers = ["sign", "cipher"];
      for (const lose of [[], [2], [1, 3]]) {
        client.hooks.gbtLose = new Set(lose);
        expect(await client.get(attribute(7, LOAD_PROFILE, 2))).toEqual(expected);
        expect(client.answerLayers.map(({ kind }) => kind)).toEqual(["cipher", "sign"]);
      }
    },
  );
});
