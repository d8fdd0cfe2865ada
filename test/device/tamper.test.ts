/** What does not open in suites 1 and 2, and what must not be taken twice. Nothing of it takes effect. */
import { describe, expect, it } from "vitest";
import { type ApduOf, attribute, type Client, decodeApdu, method } from "../../host/client/index.ts";
import { GeneralProtection } from "../../host/client/general_protection.ts";
import type { SecurityDocument, TemplateDocument } from "../../host/template/document.ts";
import { certificate, pair } from "../pki/der.ts";
import { aarqLls, apduOf, get, hex, set } from "./apdus.ts";
import { ENERGY, energyRead, SECURITY_SETUP, TEXT } from "./rig.ts";
import { CLIENT_TITLE, clientPair, suiteMeter, THIRD_TITLE, type SuiteMeter } from "./suites.ts";

const READ = get(3, ENERGY, 2);
const WRITE = set(1, TEXT, 2, { type: "octet-string", value: Buffer.from("forged") });
const DECIPHERING_ERROR = "D80105";

/** Sends octets over the association of `client`, as they are. */
function sender(meter: SuiteMeter, index = 0): (octets: Uint8Array) => Uint8Array | undefined {
  const slot = meter.raw.slotOf("wrapper", index);
  return (octets) => {
    const wpdu = Buffer.concat([Buffer.from([0, 1, 0, 1, 0, 1, octets.length >> 8, octets.length & 0xff]), octets]);
    return meter.raw.feed(slot, wpdu)[0]?.subarray(8);
  };
}

const textOf = async (client: Client): Promise<string> => {
  const { value } = (await client.get(attribute(1, TEXT, 2))) as { value: Uint8Array };
  return Buffer.from(value).toString();
};

/** Protection as the third party makes it, behind the association of `client`. */
function thirdParty(meter: SuiteMeter, client: Client): GeneralProtection {
  return new GeneralProtection(client.security!, {
    ...{ ownTitle: THIRD_TITLE, partnerTitle: meter.raw.identity.systemTitle, transactionId: 9n },
    masterKey: meter.keys.master,
    signing: clientPair(meter.suite, meter.third.signing),
    agreement: clientPair(meter.suite, meter.third.agreement),
    partnerSigning: Uint8Array.from(meter.server.signing.publicKey),
    partnerAgreement: Uint8Array.from(meter.server.agreement.publicKey),
  });
}

describe.each([1, 2])("suite %d", (suite) => {
  it.each(["one-pass", "static", "wrapped", "identified"] as const)(
    "a signed request under a key %s: no changed octet passes",
    async (how) => {
      const meter = suiteMeter(suite);
      const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment: how });
      client.security!.layers = ["sign", "cipher"];
      const sealed = client.security!.wrap(WRITE);
      const before = meter.raw.snapshot();
      const send = sender(meter);
      // Every octet of the heads, then some of the text and of the tag.
      for (let i = 0; i < sealed.length; i += i < 60 ? 1 : 23) {
        const answer = hex(send(sealed.with(i, sealed[i]! ^ 0x10)));
        expect(answer, `octet ${i}`).toMatch(/^(D80105|D80106.{8}|D80202|D80102|silence)$/);
        meter.raw.restore(before);
      }
      for (let size = 1; size < sealed.length; size += 29) {
        expect(hex(send(sealed.subarray(0, size))), `${size} octets`).toBe(DECIPHERING_ERROR);
      }
      expect(await textOf(client)).toBe("");
    },
  );

  it("the same general-ciphering APDU is not taken twice, nor after a restart", async () => {
    const meter = suiteMeter(suite);
    const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment: "static" });
    const sealed = client.security!.wrap(READ);
    const send = sender(meter);
    expect(send(sealed)![0]).toBe(0xdd);
    expect(hex(send(sealed))).toBe("D8010600000002");
    const later = client.security!.wrap(READ);
    expect(send(later)![0]).toBe(0xdd);
    // A transaction-id below the last one.
    expect(hex(send(sealed))).toBe(DECIPHERING_ERROR);
    meter.raw.reboot();
    await meter.associated({ authentication: "ecdsa", transactionId: 100n, counter: 5000 });
    expect(hex(sender(meter)(later))).toBe("D8010600000002");
  });

  it("of two static layers around one request both are remembered, whoever they are of and in whatever order", async () => {
    const meter = suiteMeter(suite);
    const client = await meter.associated({ authentication: "ecdsa", transactionId: 50n });
    const { general } = client.security!;
    const third = thirdParty(meter, client);
    const layer = (of: GeneralProtection, id: bigint, plain: Uint8Array): Uint8Array => {
      of.transactionId = id;
      return of.seal(plain, 0x30 | suite, "static");
    };
    const inner = layer(third, 9n, READ);
    const both = layer(general, 100n, inner);
    expect(sender(meter)(both)![0]).toBe(0xdd);
    // The client's own two, the greater id outside.
    const lower = layer(general, 101n, READ);
    const higher = layer(general, 102n, lower);
    expect(sender(meter)(higher)![0]).toBe(0xdd);
    meter.raw.reboot();
    const later = await meter.associated({ authentication: "ecdsa", transactionId: 200n, counter: 5000 });
    const send = sender(meter);
    const glo = (plain: Uint8Array): string => hex(send(later.security!.seal(plain, "general-glo")));
    expect(hex(send(higher))).toBe("D8010600000002");
    expect(glo(inner)).toBe("D8010600000002");
    // Ids below the last one.
    expect(hex(send(both))).toBe(DECIPHERING_ERROR);
    expect(glo(lower)).toBe(DECIPHERING_ERROR);
  });

  it("rising transaction-ids end replays of one-pass keys and of signatures", async () => {
    const meter = suiteMeter(suite, { security: { transactionIds: "rising" } });
    const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment: "one-pass" });
    const send = sender(meter);
    const old = client.security!.wrap(READ);
    expect(send(old)![0]).toBe(0xdd);
    expect(send(client.security!.wrap(READ))![0]).toBe(0xdd);
    expect(hex(send(old))).toBe(DECIPHERING_ERROR);
    client.security!.layers = ["sign"];
    const signed = client.security!.wrap(READ);
    expect(send(signed)![0]).toBe(0xdf);
    expect(hex(send(signed))).toBe(DECIPHERING_ERROR);
  });

  it("a third party known by its certificates is answered by name, one without is not", async () => {
    const meter = suiteMeter(suite);
    const client = await meter.associated({ authentication: "ecdsa" });
    const third = thirdParty(meter, client);
    const send = sender(meter);
    third.transactionNext();
    const inner = third.seal(third.sign(READ), 0x30 | suite, "one-pass");
    const outer = client.security!["openOne"](decodeApdu(send(client.security!.seal(inner, "general-glo"))!));
    // What is inside goes to the third party: its titles, its key, its transaction-id.
    const answer = third.open(decodeApdu(outer.text) as ApduOf<"general-ciphering">);
    const signed = decodeApdu(answer.text) as ApduOf<"general-signing">;
    expect(hex(third.verify(signed))).toBe("C401C1000600000000");
    expect(hex(signed.header.recipient)).toBe(hex(THIRD_TITLE));
    const strange = new GeneralProtection(client.security!, {
      ...third.credentials,
      ...{ ownTitle: Uint8Array.from(CLIENT_TITLE, (o) => o ^ 1), partnerTitle: meter.raw.identity.systemTitle },
    });
    strange.transactionNext();
    expect(hex(send(strange.sign(READ)))).toBe(DECIPHERING_ERROR);
    // A third party has no part in the keys of client and meter.
    expect(hex(send(third.seal(READ, 0x30 | suite, "wrapped", third.header())))).toBe(DECIPHERING_ERROR);
  });

  it("a policy that wants signatures, of requests and of responses", async () => {
    const meter = suiteMeter(suite, { policy: 0x90 });
    await expect(meter.associated({ authentication: "ecdsa" })).rejects.toThrow();
    const client = await meter.associated({ authentication: "ecdsa", layers: ["sign"], counter: 100 });
    expect(await energyRead(client)).toBe(0);
    expect(client.answerLayers.map(({ kind }) => kind)).toContain("sign");
    client.security!.layers = ["cipher"];
    expect(hex(sender(meter)(client.security!.seal(READ, "general-glo")))).toBe("D80101");
  });

  it("a response that must be signed and ciphered although its request was neither", async () => {
    const require = ["response-authenticated", "response-encrypted", "response-signed"];
    const change = (document: TemplateDocument): void => {
      document.objects.find(({ logicalName }) => logicalName === ENERGY)!.access = {
        management: { get: "all", require },
      };
    };
    const meter = suiteMeter(suite, { change });
    const client = await meter.associated({ authentication: "ecdsa" });
    // There is no transaction-id to repeat.
    client.security!.general.checkTransaction = false;
    const opened = client.security!.open(sender(meter)(READ)!);
    expect(opened.layers.map(({ kind }) => kind)).toEqual(["cipher", "sign"]);
    expect(opened.securityControl).toBe(0x30 | suite);
  });

  it("silence where the template wants it", async () => {
    const meter = suiteMeter(suite, { security: { badProtection: "silence" } });
    const client = await meter.associated();
    const sealed = client.security!.seal(READ, "general-glo");
    expect(hex(sender(meter)(sealed.with(sealed.length - 1, sealed.at(-1)! ^ 1)))).toBe("silence");
  });

  it("a client without certificate has no HLS-ECDSA; one that brings it has, and gets the meter's", async () => {
    const meter = suiteMeter(suite, { clientCertificates: "agreement" });
    await expect(meter.associated({ authentication: "ecdsa" })).rejects.toThrow(/authentication/);
    const brought = { certificate: Uint8Array.from(meter.client.signingCertificate.der) };
    const client = await meter.associated({ authentication: "ecdsa", ...brought, layers: ["sign"] });
    expect(hex(client.aare!.respondingAeQualifier)).toBe(hex(meter.server.signingCertificate.der));
    expect(await energyRead(client)).toBe(0);
    const foreign = { certificate: Uint8Array.from(meter.third.signingCertificate.der) };
    await expect(meter.associated({ authentication: "ecdsa", ...foreign }, 1)).rejects.toThrow(/authentication/);
  });
});

describe("guesses", () => {
  const wrong = Buffer.from("wrong678");

  it("wait after the fifth failure, longer each time, and a success ends it", () => {
    const meter = suiteMeter(0);
    const right = meter.raw.identity.keys.lls;
    const channel = meter.raw.wrapper();
    const attempt = (password: Uint8Array) => apduOf("aare", channel.exchange(aarqLls(password))).result;
    for (let i = 0; i < 5; i++) expect(attempt(wrong)).toBe(1);
    // Even the right password has to wait.
    expect(attempt(right)).toBe(2);
    meter.raw.advance(1100);
    expect(attempt(wrong)).toBe(1);
    meter.raw.advance(1100);
    expect(attempt(right)).toBe(2);
    meter.raw.advance(1000);
    expect(attempt(right)).toBe(0);
    expect(attempt(wrong)).toBe(1);
    expect(attempt(right)).toBe(0);
  });
});

describe("more parties of C(0e,2s) than are remembered", () => {
  it("the ninth is refused, nothing of the eight comes again; a new key of the meter makes room", async () => {
    const meter = suiteMeter(1, { others: 7 });
    const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment: "static" });
    const first = client.security!.wrap(READ);
    const send = sender(meter);
    expect(send(first)![0]).toBe(0xdd);
    const partnerAgreement = Uint8Array.from(meter.server.agreement.publicKey);
    const party = ({ title, agreement }: (typeof meter.others)[0], to = partnerAgreement): GeneralProtection => {
      const titles = { ownTitle: title, partnerTitle: meter.raw.identity.systemTitle, transactionId: 5n };
      return new GeneralProtection(client.security!, {
        ...titles,
        agreement: clientPair(1, agreement),
        partnerAgreement: to,
      });
    };
    // Each sends through the client's association: its own layer inside one under the global key.
    const through = (inner: Uint8Array): string => {
      const answer = send(client.security!.seal(inner, "general-glo"))!;
      if (answer[0] === 0xd8) return hex(answer);
      return hex(client.security!["openOne"](decodeApdu(answer) as never).text.subarray(0, 1));
    };
    const others = meter.others.map((other) => party(other).seal(READ, 0x31, "static"));
    expect(others.map(through)).toEqual([...Array<string>(7).fill("DD")]);
    const third = { ...meter.third, title: THIRD_TITLE };
    expect(through(party(third).seal(READ, 0x31, "static"))).toBe(DECIPHERING_ERROR);
    expect(others.map(through).every((answer) => answer.startsWith("D80106"))).toBe(true);
    expect(hex(send(first))).toBe("D8010600000002");
    // generate_key_pair, generate_certificate_request, import_certificate, for key agreement.
    client.security!.family = "glo";
    const e = { type: "enum", value: 1 } as const;
    await client.action(method(64, SECURITY_SETUP, 4), e);
    const request = (await client.action(method(64, SECURITY_SETUP, 5), e)) as { value: Uint8Array };
    const at = Buffer.from(request.value).indexOf("03420004", 0, "hex") + 4;
    const publicKey = Buffer.from(request.value.subarray(at, at + 64));
    const subject = hex(meter.raw.identity.systemTitle);
    const own = certificate({ subject, pair: { ...pair("any"), publicKey }, issuer: meter.root, usage: "agree" });
    await client.action(method(64, SECURITY_SETUP, 6), { type: "octet-string", value: own.der });
    expect(through(party(third, Uint8Array.from(publicKey)).seal(READ, 0x31, "static"))).toBe("DD");
    // Under the key that is gone nothing opens.
    expect(others.map(through)).toEqual([...Array<string>(7).fill(DECIPHERING_ERROR)]);
  });
});

describe("an association that nobody opened", () => {
  /** A meter that knows the title of its client without an AARQ: client_system_title is provisioned. */
  const known = (suite: number, security: SecurityDocument = {}): SuiteMeter =>
    suiteMeter(suite, {
      security,
      change: (document) => {
        const setup = document.objects.find(({ logicalName }) => logicalName === SECURITY_SETUP)!;
        setup.attributes![4] = { ...setup.attributes![4], value: { "octet-string": hex(CLIENT_TITLE) } };
      },
    });

  /** What the client of the management association protects goes to the pre-established one, as anybody could send it. */
  function elsewhere(meter: SuiteMeter): (octets: Uint8Array) => string {
    const channel = meter.raw.wrapper({ clientSap: 102, index: 2 });
    return (octets) => hex(channel.exchange(octets));
  }

  it.each(["wrapped", "one-pass"] as const)(
    "a key that comes along, %s: recorded requests are refused",
    async (how) => {
      const meter = known(1);
      const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment: how });
      const sealed = client.security!.wrap(READ);
      expect(sender(meter)(sealed)![0]).toBe(0xdd);
      const send = elsewhere(meter);
      expect(send(sealed)).toBe(DECIPHERING_ERROR);
      // Signed on top, it is still an old one.
      client.security!.layers = ["cipher", "sign"];
      expect(send(client.security!.wrap(READ))).toBe(DECIPHERING_ERROR);
    },
  );

  it("wrapped in suite 0, and a signature alone", async () => {
    const none = known(0);
    const client = await none.associated({ family: "general", keyEstablishment: "wrapped" });
    expect(elsewhere(none)(client.security!.wrap(READ))).toBe(DECIPHERING_ERROR);
    const meter = known(1);
    const signing = await meter.associated({ layers: ["sign"] });
    expect(elsewhere(meter)(signing.security!.wrap(READ))).toBe(DECIPHERING_ERROR);
  });

  it.each([
    ["identified", ["cipher"]],
    ["identified", ["sign", "cipher"]],
    ["identified", ["cipher", "sign"]],
    ["static", ["sign", "cipher"]],
  ] as const)("a key with a counter that lasts, %s %j: served once", async (keyEstablishment, layers) => {
    const meter = known(1);
    const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment });
    client.security!.layers = layers;
    const send = elsewhere(meter);
    const sealed = client.security!.wrap(READ);
    expect(send(sealed)).toMatch(/^D[DF]/);
    expect(send(sealed)).toMatch(/^D80106/);
  });

  it("rising transaction-ids: whatever way the key comes, served once", async () => {
    const meter = known(1, { transactionIds: "rising" });
    const client = await meter.associated({ authentication: "ecdsa", family: "general", keyEstablishment: "one-pass" });
    const send = elsewhere(meter);
    const sealed = client.security!.wrap(READ);
    expect(send(sealed)).toMatch(/^DD/);
    expect(send(client.security!.wrap(READ))).toMatch(/^DD/);
    expect(send(sealed)).toBe(DECIPHERING_ERROR);
  });
});
