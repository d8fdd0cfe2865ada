/**
 * What fails leaves a trace that a client reads over the wire: event 46 (authentication), 49 (protection) or 50 (replay) in the fraud
 * detection log, once a minute of a kind; nothing of the request takes effect. The answers themselves are in security.test.ts and
 * tamper.test.ts, the alarm bit of these events in test/meter/alarms.test.ts.
 */
import { describe, expect, it } from "vitest";
import { attribute, Client, CLIENT_TITLE_DEFAULT, Security } from "../../host/client/index.ts";
import { templateRead } from "../../host/template/load.ts";
import { certificate, commonName, pair } from "../pki/der.ts";
import { aarqGmac, aarqLls, hex, hlsReply, set } from "./apdus.ts";
import { lls, START, TEXT } from "./rig.ts";
import { clientPair, suiteKeys, suiteMeter, type SuiteMeter, type SuiteOptions } from "./suites.ts";

const FRAUD_LOG = "0-0:99.98.1.255";
const WRITE = set(1, TEXT, 2, { type: "octet-string", value: Buffer.from("forged") });
const AUTHENTICATION = 46;
const DECIPHERING = 49;
const REPLAY = 50;

/** A meter whose fraud detection log holds the three events, whatever else its template logs there. */
function meterOf(suite: number, more: SuiteOptions = {}): SuiteMeter {
  return suiteMeter(suite, {
    ...more,
    change: (document) => {
      for (const event of document.events ?? []) {
        if ([AUTHENTICATION, DECIPHERING, REPLAY].includes(event.code)) event.log = FRAUD_LOG;
      }
      more.change?.(document);
    },
  });
}

/** The codes in the log, read over a connection of its own with the password. */
async function logged(meter: SuiteMeter): Promise<number[]> {
  // Rows are written when the meter next gets to it.
  meter.raw.advance(1);
  const slot = meter.raw.slotOf("wrapper", 3);
  const reader = await plain(meter, slot);
  const rows = (await reader.get(attribute(7, FRAUD_LOG, 2))) as { value: { value: { value: number }[] }[] };
  const text = (await reader.get(attribute(1, TEXT, 2))) as { value: Uint8Array };
  expect(hex(text.value), "nothing has taken effect").toBe("");
  meter.raw.close(slot);
  return rows.value.map((row) => row.value[1]!.value);
}

async function plain(meter: SuiteMeter, slot: number): Promise<Client> {
  meter.raw.open(slot);
  const client = new Client(meter.raw.transport(slot), { timeOut: 1000, ...lls(meter.raw.identity) });
  await client.connect();
  await client.associate();
  return client;
}

/** Sends octets over the association of a client, as they are. */
function send(meter: SuiteMeter, octets: Uint8Array): string {
  const wpdu = Buffer.concat([Buffer.from([0, 1, 0, 1, 0, 1, octets.length >> 8, octets.length & 0xff]), octets]);
  return hex(meter.raw.feed(meter.raw.slotOf("wrapper", 0), wpdu)[0]?.subarray(8));
}

const flipped = (octets: Uint8Array, index: number): Uint8Array => octets.with(index, octets[index]! ^ 1);

describe("authentication: event 46", () => {
  it("a wrong password", async () => {
    const meter = meterOf(0);
    meter.raw.wrapper().exchange(aarqLls(Buffer.from("wrong678")));
    expect(await logged(meter)).toEqual([AUTHENTICATION]);
  });

  it.each(["gmac", "ecdsa"] as const)("a wrong answer to the challenge of %s", async (authentication) => {
    const meter = meterOf(1);
    const other = clientPair(1, pair("somebody else"));
    // GMAC in clear, so that the keys are wrong in f(StoC) alone.
    const wrong =
      authentication === "gmac" ? { security: "none" as const, gak: new Uint8Array(16) } : { signing: other };
    await expect(meter.associated({ authentication, ...wrong })).rejects.toThrow();
    expect(await logged(meter)).toEqual([AUTHENTICATION]);
  });

  it("an answer of another length", async () => {
    const meter = meterOf(0);
    const channel = meter.raw.wrapper();
    const keys = { guek: meter.keys.guek, gak: meter.keys.gak, authenticated: true, encrypted: true };
    const security = new Security({ ...keys, clientTitle: CLIENT_TITLE_DEFAULT, counter: 1 });
    security.serverTitle = meter.raw.identity.systemTitle;
    channel.exchange(aarqGmac(security));
    channel.exchange(security.seal(hlsReply(new Uint8Array(16))));
    expect(await logged(meter)).toEqual([AUTHENTICATION]);
  });

  it("a certificate of a foreign authority", async () => {
    const meter = meterOf(1, { clientCertificates: "agreement" });
    const foreign = pair("foreign root");
    const issuer = { pair: foreign, subject: commonName("Test Root") };
    const { signing } = meter.client;
    const made = certificate({ subject: "4D4D4D0000BC614E", pair: signing, issuer, usage: "sign" });
    const brought = { certificate: Uint8Array.from(made.der) };
    await expect(meter.associated({ authentication: "ecdsa", ...brought })).rejects.toThrow(/authentication/);
    expect(await logged(meter)).toEqual([AUTHENTICATION]);
  });

  it("a certificate of another system title", async () => {
    const meter = meterOf(1);
    const brought = { certificate: Uint8Array.from(meter.third.signingCertificate.der) };
    await expect(meter.associated({ authentication: "ecdsa", ...brought })).rejects.toThrow(/authentication/);
    expect(await logged(meter)).toEqual([AUTHENTICATION]);
  });

  it("a stored certificate that has expired, and one that is brought", async () => {
    const meter = meterOf(1, { clientNotAfter: new Date(START + 3_600_000) });
    await meter.associated({ authentication: "ecdsa" });
    meter.raw.advance(3_601_000);
    await expect(meter.associated({ authentication: "ecdsa", counter: 50 })).rejects.toThrow(/authentication/);
    meter.raw.advance(61_000);
    const brought = { certificate: Uint8Array.from(meter.client.signingCertificate.der) };
    await expect(meter.associated({ authentication: "ecdsa", counter: 99, ...brought })).rejects.toThrow();
    expect(await logged(meter)).toEqual([AUTHENTICATION, AUTHENTICATION]);
  });
});

describe("protection that does not open: event 49", () => {
  it.each(["glo", "ded", "general-glo", "general-ded", "general"] as const)("a wrong tag, %s", async (family) => {
    const meter = meterOf(1);
    const client = await meter.associated({ dedicatedKey: new Uint8Array(16).fill(9) });
    client.security!.family = family;
    const sealed = client.security!.wrap(WRITE);
    expect(send(meter, flipped(sealed, sealed.length - 1))).toBe("D80105");
    expect(await logged(meter)).toEqual([DECIPHERING]);
  });

  it("the title of somebody else, in general-glo and in general-ciphering", async () => {
    const meter = meterOf(1);
    const client = await meter.associated();
    expect(send(meter, flipped(client.security!.seal(WRITE, "general-glo"), 9))).toBe("D80105");
    meter.raw.advance(61_000);
    expect(send(meter, flipped(client.security!.seal(WRITE, "general"), 18))).toBe("D80105");
    expect(await logged(meter)).toEqual([DECIPHERING, DECIPHERING]);
  });

  it("keys that the meter does not know", async () => {
    const meter = meterOf(1);
    const master = new Uint8Array(16).fill(0x55);
    const client = await meter.associated({ masterKey: master, agreement: clientPair(1, pair("somebody else")) });
    for (const how of ["wrapped", "static", "one-pass"] as const) {
      client.security!.keyEstablishment = how;
      client.security!.general.credentials.signing = clientPair(1, pair("somebody else"));
      client.security!.general.transactionNext();
      expect(send(meter, client.security!.seal(WRITE, "general")), how).toBe("D80105");
      meter.raw.advance(61_000);
    }
    expect(await logged(meter)).toEqual([DECIPHERING, DECIPHERING, DECIPHERING]);
  });

  it("a broadcast key that was never set: no answer, and the event", async () => {
    const meter = meterOf(0, { keys: { ...suiteKeys(0), gbek: new Uint8Array(0) } });
    const client = await meter.associated({ gbek: new Uint8Array(16) });
    expect(send(meter, client.security!.seal(WRITE, "glo", 0x70))).toBe("silence");
    expect(await logged(meter)).toEqual([DECIPHERING]);
  });

  it("a signature that does not fit, and one of somebody else", async () => {
    const meter = meterOf(1);
    const client = await meter.associated({ layers: ["sign"] });
    const signed = client.security!.wrap(WRITE);
    expect(send(meter, flipped(signed, signed.length - 1))).toBe("D80105");
    meter.raw.advance(61_000);
    client.security!.general.credentials.signing = clientPair(1, meter.third.signing);
    expect(send(meter, client.security!.wrap(WRITE))).toBe("D80105");
    expect(await logged(meter)).toEqual([DECIPHERING, DECIPHERING]);
  });

  it("a signature after the certificate has expired", async () => {
    const meter = meterOf(1, { clientNotAfter: new Date(START + 3_600_000) });
    const client = await meter.associated();
    meter.raw.advance(3_601_000);
    client.security!.layers = ["sign"];
    expect(send(meter, client.security!.wrap(WRITE))).toBe("D80105");
    expect(await logged(meter)).toEqual([DECIPHERING]);
  });
});

describe("a replay: event 50", () => {
  it.each(["glo", "general-glo", "identified", "static"] as const)("%s", async (how) => {
    const meter = meterOf(1);
    const general = how === "identified" || how === "static";
    const more = general ? { family: "general" as const, keyEstablishment: how } : { family: how };
    const client = await meter.associated(more);
    const sealed = client.security!.wrap(set(1, TEXT, 2, { type: "octet-string", value: Buffer.alloc(0) }));
    expect(send(meter, sealed)).not.toMatch(/^D8/);
    expect(await logged(meter)).toEqual([]);
    expect(send(meter, sealed)).toMatch(/^D80106/);
    expect(await logged(meter)).toEqual([REPLAY]);
  });
});

it("a flood is one event a minute of each kind", async () => {
  const meter = meterOf(1);
  const client = await meter.associated();
  const sealed = client.security!.wrap(WRITE);
  for (let i = 0; i < 40; i++) send(meter, flipped(sealed, sealed.length - 1));
  meter.raw.advance(59_000);
  send(meter, flipped(sealed, sealed.length - 1));
  expect(await logged(meter)).toEqual([DECIPHERING]);
  meter.raw.advance(1_000);
  send(meter, flipped(sealed, sealed.length - 1));
  expect(await logged(meter)).toEqual([DECIPHERING, DECIPHERING]);
});

it("the default template gives the three the alarm of a fraud attempt", () => {
  const rows = templateRead().events!.filter(({ code }) => [AUTHENTICATION, DECIPHERING, REPLAY].includes(code));
  expect(rows.map(({ code, alarm1 }) => [code, alarm1])).toEqual([46, 49, 50].map((code) => [code, 13]));
});
