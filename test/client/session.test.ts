import { afterEach, describe, expect, test } from "vitest";
import { decodeApdu, encodeApdu, type Apdu } from "../../host/client/apdu.ts";
import { type Data } from "../../host/client/axdr.ts";
import * as d from "../../host/client/data.ts";
import * as errors from "../../host/client/errors.ts";
import { concat, fromHex, toHex } from "../../host/client/octets.ts";
import { attribute, Client, method, type ClientOptions } from "../../host/client/session.ts";
import { memoryPair, tampering } from "../../host/client/transport.ts";
import { wpduDecode } from "../../host/client/wrapper.ts";
import { FakeMeter, furnish, GAK, GUEK, METER_TITLE, serveWrapper, type FakeOptions } from "./fake_meter.ts";

const open: Client[] = [];

afterEach(async () => {
  for (const client of open.splice(0)) await client.disconnect();
});

function pair(options: ClientOptions = {}, fake: FakeOptions = {}): { client: Client; meter: FakeMeter } {
  const [near, far] = memoryPair();
  const meter = furnish(new FakeMeter(fake));
  serveWrapper(meter, far);
  const client = new Client(near, { timeOut: 5000, ...options });
  open.push(client);
  return { client, meter };
}

const CLOCK = attribute(8, "0-0:1.0.0.255", 2);
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const LONG = attribute(7, "1-0:99.1.0.255", 2);
const KEYS: ClientOptions = { guek: GUEK, gak: GAK };

describe("association", () => {
  test("none: AARQ as the Green Book has it, negotiated values taken over, release", async () => {
    const { client, meter } = pair({ conformance: 0x007e1f, pduSizeMax: 1200 });
    const sent: string[] = [];
    client.hooks.sealed = (apdu) => {
      sent.push(toHex(apdu));
      return apdu;
    };
    const aare = await client.associate();
    expect(toHex(encodeApdu(meter.requests[0]!))).toBe(
      "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0",
    );
    expect(aare.result).toBe(0);
    expect(client.conformance).toBe(0x007e1f & 0x601add);
    expect(client.serverPduSizeMax).toBe(1224);
    await client.get(CLOCK);
    expect(sent).toEqual(["C001C100080000010000FF0200"]);
    await client.release();
    expect(client.associated).toBe(false);
    expect(meter.requests.at(-1)).toEqual({ kind: "rlrq", reason: 0 });
  });

  test("LLS with the right password; the wrong one is named", async () => {
    const good = pair({ authentication: "lls", password: Buffer.from("00000000") }, { password: "00000000" });
    await good.client.associate();
    const bad = pair({ authentication: "lls", password: Buffer.from("00000001") }, { password: "00000000" });
    await expect(bad.client.associate()).rejects.toThrow(
      /rejected-permanent, authentication-failure \(diagnostic 13\)/,
    );
    expect(bad.client.associated).toBe(false);
    const none = pair({}, { password: "00000000" });
    await expect(none.client.associate()).rejects.toMatchObject({ result: 1, source: 1, diagnostic: 14 });
  });

  test.each(["md5", "sha1", "sha256"] as const)("HLS %s", async (authentication) => {
    const good = pair({ authentication, password: Buffer.from("secret") }, { password: "secret" });
    await good.client.associate();
    expect(await good.client.get(CLOCK)).toMatchObject({ type: "octet-string" });
    const bad = pair({ authentication, password: Buffer.from("other") }, { password: "secret" });
    await expect(bad.client.associate()).rejects.toBeInstanceOf(errors.ActionError);
  });

  test("GMAC without ciphering: titles travel, counters are taken", async () => {
    const { client, meter } = pair({ ...KEYS, authentication: "gmac", counter: 42 });
    await client.associate();
    expect(client.security!.counter).toBe(43);
    expect(meter.requests[0]).toMatchObject({ kind: "aarq", applicationContextName: "2.16.756.5.8.1.1" });
    expect(await client.get(ENERGY)).toEqual(d.doubleLongUnsigned(1234567));
  });

  test("GMAC: a meter with another key is found out", async () => {
    const { client } = pair({ guek: GAK, gak: GAK, authentication: "gmac" });
    await expect(client.associate()).rejects.toBeInstanceOf(errors.ActionError);
  });

  test("GMAC: a meter that echoes the challenge is refused", async () => {
    const challenge = fromHex("503677524A3231460102030405060708");
    const { client } = pair({ ...KEYS, authentication: "gmac", challenge });
    await expect(client.associate()).rejects.toThrow(/challenge equals ours/);
  });

  test("keys are asked for before anything is sent", async () => {
    const { client, meter } = pair({ security: "authenc" });
    await expect(client.associate()).rejects.toThrow(/GUEK and GAK/);
    const lls = pair({ authentication: "lls" });
    await expect(lls.client.associate()).rejects.toThrow(/password/);
    expect(meter.requests).toEqual([]);
  });
});

describe("ciphering", () => {
  test.each(["auth", "enc", "authenc"] as const)("%s: glo, with GMAC, counters going up by one", async (security) => {
    const { client, meter } = pair({ ...KEYS, security, authentication: "gmac", counter: 100 });
    await client.associate();
    expect(await client.get(ENERGY)).toEqual(d.doubleLongUnsigned(1234567));
    const expected = { auth: 0x10, enc: 0x20, authenc: 0x30 }[security];
    expect(client.answerSecurityControl).toBe(expected);
    // InitiateRequest, f(StoC), ACTION, GET
    expect(client.security!.counter).toBe(104);
    expect(client.security!.serverTitle).toEqual(METER_TITLE);
    await client.release();
    expect(meter.requests.at(-1)).toMatchObject({ kind: "rlrq" });
    expect((meter.requests.at(-1) as { userInformation: Uint8Array }).userInformation[0]).toBe(0x21);
  });

  test("general-glo and dedicated keys", async () => {
    const general = pair({ ...KEYS, security: "authenc", family: "general-glo" });
    await general.client.associate();
    const seen: number[] = [];
    general.client.hooks.sealed = (apdu) => {
      seen.push(apdu[0]!);
      return apdu;
    };
    await general.client.get(CLOCK);
    const dedicatedKey = fromHex("00112233445566778899AABBCCDDEEFF");
    const dedicated = pair({ ...KEYS, security: "authenc", dedicatedKey });
    await dedicated.client.associate();
    dedicated.client.hooks.sealed = general.client.hooks.sealed;
    await dedicated.client.get(CLOCK);
    expect(seen).toEqual([0xdb, 0xd0]);
  });

  test("an altered request is answered with deciphering-error, by name", async () => {
    const { client } = pair({ ...KEYS, security: "authenc" });
    await client.associate();
    client.hooks.sealed = (apdu) => {
      const changed = apdu.slice();
      changed[10]! ^= 1;
      return changed;
    };
    await expect(client.get(CLOCK)).rejects.toThrow(/service-not-allowed, deciphering-error/);
    delete client.hooks.sealed;
    expect(await client.get(CLOCK)).toMatchObject({ type: "octet-string" });
  });

  test("a plain answer to a protected request is not believed", async () => {
    const [near, far] = memoryPair();
    const meter = furnish(new FakeMeter());
    const spoofed = tampering(far, (octets) => {
      const { source, destination, apdu } = wpduDecode(octets);
      if (apdu[0] !== 0xcc) return octets;
      const plain = fromHex("C401C10006000000FF");
      return concat(octets.subarray(0, 2), Uint8Array.of(0, source, 0, destination, 0, plain.length), plain);
    });
    serveWrapper(meter, spoofed);
    const client = new Client(near, { ...KEYS, security: "authenc", timeOut: 5000 });
    open.push(client);
    await client.associate();
    await expect(client.get(ENERGY)).rejects.toThrow(/without protection/);
  });
});

describe("services", () => {
  test("GET: data, refusal by name, list", async () => {
    const { client } = pair();
    await client.associate();
    expect(await client.getResult(attribute(3, "1-0:9.9.9.255", 2))).toEqual({ code: 4 });
    await expect(client.get(attribute(3, "9.9.9", 2))).rejects.toThrow(
      "GET 1-0:9.9.9.255 attribute 2 (class 3): the meter answers object-undefined (data-access-result 4)",
    );
    const list = await client.getList([CLOCK, attribute(3, "9.9.9", 2), ENERGY]);
    expect(list.map((result) => result.code)).toEqual([0, 4, 0]);
  });

  test("GET in datablocks, plain and ciphered, gives the same value as in one piece", async () => {
    const whole = pair({ pduSizeMax: 0 });
    await whole.client.associate();
    const expected = await whole.client.get(LONG);
    for (const options of [{ pduSizeMax: 100 }, { pduSizeMax: 200, ...KEYS, security: "authenc" as const }]) {
      const { client, meter } = pair(options);
      const blocks: number[] = [];
      client.onBlock = (octets) => blocks.push(octets);
      await client.associate();
      expect(await client.get(LONG)).toEqual(expected);
      expect(meter.requests.filter((r) => r.kind === "get-request-next").length).toBe(blocks.length - 1);
      expect(blocks.length).toBeGreaterThan(4);
    }
  });

  test("GET in general block transfer, with a lost block, plain and ciphered", async () => {
    const whole = pair({ pduSizeMax: 0 });
    await whole.client.associate();
    const expected = await whole.client.get(LONG);
    for (const lose of [new Set<number>(), new Set([2]), new Set([3, 4]), new Set([1])]) {
      for (const options of [{}, { ...KEYS, security: "authenc" as const }]) {
        const { client } = pair({ pduSizeMax: 150, gbtWindow: 5, ...options }, { gbt: true });
        await client.associate();
        client.hooks.gbtLose = new Set(lose);
        expect(await client.get(LONG)).toEqual(expected);
        expect(client.hooks.gbtLose.size).toBe(0);
      }
    }
  });

  test("SET: done, refused, and in blocks when the meter's size is small", async () => {
    const { client, meter } = pair({}, { pduSizeMax: 64 });
    await client.associate();
    await client.set(attribute(8, "0-0:1.0.0.255", 3), d.long(-120));
    expect(await client.get(attribute(8, "0-0:1.0.0.255", 3))).toEqual(d.long(-120));
    expect(await client.setResult(attribute(8, "0-0:1.0.0.255", 3), d.unsigned(1))).toBe(12);
    const long = d.octetString(Uint8Array.from({ length: 300 }, (_, i) => i & 0xff));
    await client.set(attribute(1, "0-0:96.1.1.255", 2), long);
    expect(meter.values.get("1/0-0:96.1.1.255/2")).toEqual(long);
    const sizes = meter.requests.filter((r) => r.kind.includes("datablock")).map((r) => encodeApdu(r).length);
    expect(sizes.length).toBeGreaterThan(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
  });

  test("ACTION: done, with return value, refused by name", async () => {
    const { client, meter } = pair();
    await client.associate();
    expect(await client.action(method(70, "0-0:96.3.10.255", 1), d.integer(0))).toBeUndefined();
    meter.methods.set("64/0-0:43.0.0.255/5", () => ({ result: 0, data: d.octetString("0102") }));
    expect(await client.action(method(64, "0-0:43.0.0.255", 5))).toEqual(d.octetString("0102"));
    await expect(client.action(method(70, "0-0:96.3.10.255", 1), d.unsigned(0))).rejects.toThrow(
      "ACTION 0-0:96.3.10.255 method 1: the meter answers type-unmatched (action-result 12)",
    );
  });

  test("invoke-ids go round 1 to 15, and an answer with another one is refused", async () => {
    const { client, meter } = pair();
    await client.associate();
    for (let i = 0; i < 17; i++) await client.get(CLOCK);
    const ids = meter.requests.flatMap((r) => (r.kind === "get-request-normal" ? [r.invoke.id] : []));
    expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 2]);
    client.hooks.plain = (apdu) => {
      const changed = apdu.slice();
      changed[2] = 0xc9;
      return changed;
    };
    await expect(client.get(CLOCK)).rejects.toThrow(/invoke-id 9/);
  });

  test("an exception-response is thrown by name; raw() shows it as it is", async () => {
    const { client } = pair();
    await client.associate();
    await expect(client.access([{ service: "get", descriptor: CLOCK }], [d.NULL_DATA])).rejects.toThrow(
      "access-request: exception-response service-not-allowed, service-not-supported",
    );
    expect(toHex(await client.raw(fromHex("C3")))).toBe("D80102");
    expect(toHex(await client.raw(fromHex("C001C100080000010000FF0200")))).toBe("C401C100090C07E8010A03081E0500FFC400");
  });

  test("notifications between request and answer reach their listener, the answer its caller", async () => {
    const [near, far] = memoryPair();
    const meter = furnish(new FakeMeter());
    const push = fromHex("00010001001000170F400000000C07E8010101000000FF800000020112002A");
    const broken = fromHex("00010001001000040F400000");
    serveWrapper(
      meter,
      tampering(far, (octets) => [push, broken, octets]),
    );
    const client = new Client(near, { timeOut: 5000 });
    open.push(client);
    const heard: Apdu[] = [];
    client.onNotification = (apdu) => heard.push(apdu);
    await client.associate();
    expect(await client.get(ENERGY)).toEqual(d.doubleLongUnsigned(1234567));
    expect(heard.map((apdu) => apdu.kind)).toEqual(["data-notification", "unknown", "data-notification", "unknown"]);
  });

  test("silence is a TimeOutError, a closed connection a ConnectionError", async () => {
    const [near, far] = memoryPair();
    const client = new Client(near, { timeOut: 30 });
    await expect(client.associate()).rejects.toBeInstanceOf(errors.TimeOutError);
    const waiting = client.associate();
    await far.close();
    await expect(waiting).rejects.toBeInstanceOf(errors.ConnectionError);
  });

  test("a GET that fails between its blocks reports the code in both known forms", async () => {
    for (const error of ["C402C101000000020113", "C401C10113"]) {
      const [near, far] = memoryPair();
      const client = new Client(near, { timeOut: 5000 });
      const answers = ["C402C1000000000100020102", error].map(fromHex);
      far.onData((octets) => {
        const { apdu } = wpduDecode(octets);
        if (decodeApdu(apdu).kind.startsWith("get"))
          far.write(concat(fromHex("000100010010"), wrapped(answers.shift()!)));
      });
      expect(await client.getResult(CLOCK)).toEqual({ code: 19 });
    }
  });

  const wrapped = (apdu: Uint8Array): Uint8Array => concat(Uint8Array.of(0, apdu.length), apdu);

  test("blocks out of order are refused", async () => {
    const [near, far] = memoryPair();
    const client = new Client(near, { timeOut: 5000 });
    far.onData(() => far.write(concat(fromHex("000100010010"), wrapped(fromHex("C402C1000000000200020102")))));
    await expect(client.getResult(CLOCK)).rejects.toThrow(/block 2, 1 was expected/);
  });
});

test("values can be put in a list of any depth and come back equal", async () => {
  const { client, meter } = pair({ pduSizeMax: 0 }, { pduSizeMax: 0 });
  await client.associate();
  let nested: Data = d.array(d.unsigned(1));
  for (let i = 0; i < 20; i++) nested = d.structure(nested, d.octetString("0102"));
  meter.values.set("1/0-0:96.1.1.255/2", nested);
  expect(await client.get(attribute(1, "0-0:96.1.1.255", 2))).toEqual(nested);
});
