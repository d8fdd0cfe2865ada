/**
 * Where implementations read the security chapters differently (docs/CONFORMANCE.md, D1 to D11): each reading is a key of the template's
 * `security` section. With it the meter and a client of that reading understand one another both ways; otherwise they do not.
 * D5 needs no key, all read it alike; silence (D11) is in tamper.test.ts.
 */
import { describe, expect, it } from "vitest";
import { attribute, type Client, type ClientOptions, encodeData, hlsAnswer, method } from "../../host/client/index.ts";
import { DataProtection, PROTECTION_TYPE } from "../../host/client/data_protection.ts";
import { keyTransferData } from "../../host/client/security_setup.ts";
import type { Variants } from "../../host/client/variants.ts";
import type { SecurityDocument } from "../../host/template/document.ts";
import { aarq, aarqGmac, apduOf, get, handshakeOf, hex, hlsReply, securityOf } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { ENERGY, energyRead, SECURITY_SETUP, template } from "./rig.ts";
import { suiteMeter, type SuiteMeter } from "./suites.ts";

const PROTECTION = "0-0:43.2.0.255";

describe.each<[string, SecurityDocument, Partial<Variants>, ClientOptions]>([
  ["D1 arc 06, C(1e,1s)", { kdfAlgorithmArc: "06" }, { algorithmArc: 6 }, { keyEstablishment: "one-pass" }],
  ["D1 arc 06, C(0e,2s)", { kdfAlgorithmArc: "06" }, { algorithmArc: 6 }, { keyEstablishment: "static" }],
  ["D2 no counter, C(1e,1s)", { kdfCounter: false }, { kdfCounter: false }, { keyEstablishment: "one-pass" }],
  ["D2 no counter, C(0e,2s)", { kdfCounter: false }, { kdfCounter: false }, { keyEstablishment: "static" }],
  ["D3 header", { generalCipheringHeader: false }, { headerAuthenticated: false }, { keyEstablishment: "identified" }],
  [
    "D3 header, wrapped",
    { generalCipheringHeader: false },
    { headerAuthenticated: false },
    { keyEstablishment: "wrapped" },
  ],
  [
    "D4 prefix signed",
    { ephemeralSignature: "scheme-and-key" },
    { ephemeralSigned: "prefixed" },
    { keyEstablishment: "one-pass" },
  ],
  ["D6 length", { signedContentLength: false }, { contentLengthSigned: false }, { layers: ["sign"] }],
])("%s", (_, security, variants, more) => {
  const options: ClientOptions = { family: "general", ...more };
  // HLS is in glo; general-ciphering and signatures begin behind it, so that it is they that fail.
  const associated = async (meter: SuiteMeter, own: ClientOptions): Promise<Client> => {
    const client = await meter.associated({ ...own, family: "glo", layers: ["cipher"] });
    client.security!.family = options.family!;
    client.security!.layers = options.layers ?? ["cipher"];
    return client;
  };

  it.each([1, 2])("suite %d: both sides read it so", async (suite) => {
    const client = await associated(suiteMeter(suite, { security }), { ...options, variants });
    expect(await energyRead(client)).toBe(0);
    expect(await energyRead(client)).toBe(0);
  });

  it("one side alone", async () => {
    for (const [theirs, ours] of [
      [{}, variants],
      [security, {}],
    ]) {
      const client = await associated(suiteMeter(1, { security: theirs! }), { ...options, variants: ours! });
      await expect(energyRead(client)).rejects.toThrow();
    }
  });
});

describe("D7 identified keys of data protection", () => {
  it.each([
    [{}, "1600"],
    [{ identifiedKey: "structure" as const }, "02011600"],
  ])("%j: written so, both are understood", async (security, written) => {
    const meter = suiteMeter(1, {
      security,
      change: (document) =>
        void document.objects.push({
          ...{ logicalName: PROTECTION, name: "Data protection", class: 30, version: 0 },
          access: { management: { get: "all", act: "all" } },
          attributes: {
            2: { value: { "octet-string": "" } },
            3: { value: { array: [] } },
            4: { value: { array: [] } },
            5: { value: { array: [] } },
            6: { value: { enum: 0 } },
          },
        }),
    });
    const client = await meter.associated();
    const energy = { classId: 3, logicalName: ENERGY, attribute: 2 };
    let answer = "";
    const action = client.action.bind(client);
    client.action = async (...of) => {
      const returned = await action(...of);
      answer = hex(encodeData(returned!));
      return returned;
    };
    for (const identifiedKey of ["enum", "structure"] as const) {
      client.security!.general.variants.identifiedKey = identifiedKey;
      const read = await new DataProtection(client).get([energy], [{ type: PROTECTION_TYPE.BOTH }]);
      expect(hex(read)).toBe("0600000000");
      // Empty other-information, then key_info: structure { identified, key_id }; then the protected octets.
      expect(answer).toMatch(new RegExp(`0900 02021600 ${written} 09`.replaceAll(" ", "")));
    }
  });
});

it.each([
  ["content", 2],
  ["der", 4],
] as const)("D8 serial numbers of certificates: %s", async (certificateSerial, size) => {
  const client = await suiteMeter(1, { security: { certificateSerial } }).associated();
  const list = (await client.get(attribute(64, SECURITY_SETUP, 6))) as { value: { value: { value: Uint8Array }[] }[] };
  const serials = list.value.map((one) => one.value[2]!.value);
  expect(serials.map(({ length }) => length)).toEqual(serials.map(() => size));
  expect(hex(serials[0]!.subarray(-2))).toBe("2001");
});

describe("D9 the first counter under a new key", () => {
  /** What the public client reads. */
  const lowest = (meter: RawMeter): string => {
    const channel = meter.wrapper({ clientSap: 16, index: 3 });
    channel.exchange(aarq());
    return hex(channel.exchange(get(1, "0-0:43.1.0.255", 2)));
  };
  const readOf = (value: number): string => `C401C10006${value.toString(16).padStart(8, "0")}`;

  it.each([0, 1] as const)(
    "firstCounter %d: on a meter as delivered, after key_transfer, after a restart",
    async (first) => {
      const meter = suiteMeter(0, { security: { firstCounter: first } });
      expect(lowest(meter.raw)).toBe(readOf(first));
      const client = await meter.associated({ counter: 100 });
      const key = new Uint8Array(16).fill(0x77);
      await client.action(method(64, SECURITY_SETUP, 2), keyTransferData(meter.keys.master, [[0, key]]));
      expect(lowest(meter.raw)).toBe(readOf(first));
      meter.raw.powerFails();
      meter.raw.reboot();
      expect(lowest(meter.raw)).toBe(readOf(first));
      const channel = meter.raw.wrapper();
      const security = securityOf(meter.raw.identity, 0);
      security.guek = key;
      security.gak = meter.keys.gak;
      const answer = hex(channel.exchange(aarqGmac(security)));
      if (first === 0) expect(answer).toMatch(/^61/);
      else expect(answer).toBe("D8010600000001");
    },
  );
});

describe("D10 the counter of f(StoC)", () => {
  it.each([
    ["shared", -1, true],
    ["shared", 0, true],
    ["own", -1, true],
    ["own", 0, false],
  ] as const)("%s: that of the APDU around it %d", (hlsCounter, offset, good) => {
    const meter = RawMeter.boot({ template: template({ security: { hlsCounter } }) });
    const channel = meter.wrapper();
    const security = securityOf(meter.identity, 100);
    const handshake = handshakeOf(meter.identity, apduOf("aare", channel.exchange(aarqGmac(security))));
    security.counter = 102;
    const answer = channel.exchange(security.seal(hlsReply(hlsAnswer(handshake, 102 + offset))))!;
    expect(apduOf("action-response-normal", security.open(answer).text).result).toBe(good ? 0 : 3);
  });

  it("own: in an APDU that is not protected any fresh one will do", () => {
    const meter = RawMeter.boot({ template: template({ security: { hlsCounter: "own" } }) });
    const channel = meter.wrapper();
    const security = securityOf(meter.identity, 100);
    const handshake = handshakeOf(meter.identity, apduOf("aare", channel.exchange(aarqGmac(security))));
    const answer = channel.exchange(hlsReply(hlsAnswer(handshake, 101)))!;
    expect(apduOf("action-response-normal", answer).result).toBe(0);
  });
});
