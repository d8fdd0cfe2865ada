import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MECHANISM } from "../../host/client/acse.ts";
import { decodeApdu } from "../../host/client/apdu.ts";
import { MalformedError, SecurityError } from "../../host/client/errors.ts";
import { hlsAnswer, hlsCheck, type Handshake } from "../../host/client/hls.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { protect, unprotect } from "../../host/client/sealing.ts";
import { Security } from "../../host/client/security.ts";
import { apduForm, protocolVectors, securityVectors, withoutPlaintext, type Vector } from "./vectors.ts";

function vector(id: string): { inputs: Record<string, string>; output: Record<string, string> } {
  const found = securityVectors.find((v) => v.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found as never;
}

const CLIENT_TITLE = fromHex("4D4D4D0000BC614E");
const GUEK = fromHex("000102030405060708090A0B0C0D0E0F");
const GAK = fromHex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF");

/** Whole service APDUs {plain, key, IC, SC} that both sides can be checked against. */
const APDUS = [
  "gb-t40-glo-get-sc10",
  "gb-t40-glo-get-sc20",
  "gb-t40-glo-get-sc30",
  "ded-get-sc10",
  "ded-get-sc20",
  "gb-glo-initiateRequest",
  "gb-glo-initiateResponse",
  "glo-initiateResponse-server-title",
  "glo-get-suite1-sc11",
  "glo-get-suite1-sc21",
  "glo-get-suite2-sc32",
  "glo-get-broadcast-sc70",
  "general-glo-suite1",
  "general-ded-suite1",
];

function partsOf(id: string) {
  const { inputs: i, output } = vector(id);
  const title = fromHex((i["originator_system_title"] ?? i["system_title"] ?? i["server_system_title"])!);
  const key = fromHex((i["EK"] ?? i["dedicated_key"] ?? i["GBEK"])!);
  return { i, title, key, ak: fromHex(i["AK"]!), plain: (i["plain_apdu"] ?? i["plain"])!, apdu: output["apdu"]! };
}

describe("protection: published and cross-checked APDUs", () => {
  test.each(APDUS)("%s seals to these octets", (id) => {
    const { i, title, key, ak, plain, apdu } = partsOf(id);
    const sc = parseInt(i["SC"]!, 16);
    const dedicated = "dedicated_key" in i;
    const security = new Security({
      suite: sc & 15,
      authenticated: (sc & 0x10) !== 0,
      encrypted: (sc & 0x20) !== 0,
      guek: key,
      gak: ak,
      gbek: key,
      dedicatedKey: key,
      clientTitle: title,
      counter: parseInt(i["IC"]!, 16),
      family: id.startsWith("general") ? (dedicated ? "general-ded" : "general-glo") : dedicated ? "ded" : "glo",
    });
    security.dedicatedCounter = security.counter;
    security.broadcastCounter = security.counter;
    expect(toHex(security.seal(fromHex(plain), security.family, sc))).toBe(apdu);
  });

  test.each(APDUS)("%s opens to its plain APDU", (id) => {
    const { i, title, key, ak, plain, apdu } = partsOf(id);
    const sc = parseInt(i["SC"]!, 16);
    const keys = { guek: key, gak: ak, gbek: key, dedicatedKey: key };
    const security = new Security({
      ...keys,
      suite: sc & 15,
      authenticated: true,
      encrypted: true,
      clientTitle: CLIENT_TITLE,
      counter: 1,
    });
    security.serverTitle = title;
    const opened = security.open(fromHex(apdu));
    expect(toHex(opened.text)).toBe(plain);
    expect(opened).toMatchObject({ securityControl: sc, invocationCounter: parseInt(i["IC"]!, 16) });
  });

  test.each(["eit-kam-enc", "eit-kam-both", "eit-gb-ic66", "eit-kam-field-auth"])(
    "%s: bodies of meters in the field",
    (id) => {
      const v = vector(id);
      const i = v.inputs;
      const body = fromHex(v.output as unknown as string).subarray(1);
      const keys = {
        systemTitle: fromHex(i["system_title"]!),
        encryptionKey: fromHex(i["EK"]!),
        authenticationKey: fromHex(i["AK"] ?? "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
      };
      const opened = unprotect(keys, body);
      expect(toHex(opened.text)).toBe(i["plain_apdu"]);
      expect(toHex(protect({ ...keys, ...opened }, opened.text))).toBe(toHex(body));
    },
  );

  test("a field capture of 1028 octets, encrypted only", () => {
    const { inputs: i, output } = vector("eit-kam-field-huge-enc");
    const apdu = decodeApdu(fromHex(i["apdu"]!));
    if (apdu.kind !== "service-ciphered") throw new Error(apdu.kind);
    const keys = { systemTitle: fromHex(i["system_title"]!), encryptionKey: fromHex(i["EK"]!), authenticationKey: GAK };
    expect(toHex(unprotect(keys, apdu.body).text)).toBe(output["plain_apdu"]);
  });

  test("a push of a meter in general-glo-ciphering", () => {
    const { inputs: i, output } = vector("u9n-general-glo-push");
    const keys = { guek: fromHex(i["EK"]!), gak: fromHex(i["AK"]!) };
    const apdu = fromHex(i["apdu"]!);
    const security = new Security({
      ...keys,
      authenticated: true,
      encrypted: true,
      clientTitle: CLIENT_TITLE,
      counter: 1,
    });
    expect(toHex(security.open(apdu).text)).toBe(output["plain_apdu"]);
  });

  test("the plaintext that the protocol vectors name for ciphered APDUs", () => {
    const named: [Vector, Record<string, unknown>][] = [];
    const walk = (v: Vector, node: unknown): void => {
      if (node === null || typeof node !== "object") return;
      if ("plaintext" in node) named.push([v, node as Record<string, unknown>]);
      for (const child of Object.values(node)) walk(v, child);
    };
    for (const v of protocolVectors) walk(v, v.decoded);
    const general = named.filter(([v]) => v.hex.startsWith("DB08") || v.hex.startsWith("C8"));
    expect(general.length).toBeGreaterThan(1);
    for (const [v, node] of general) {
      const security = new Security({
        guek: GUEK,
        gak: GAK,
        authenticated: true,
        encrypted: true,
        clientTitle: CLIENT_TITLE,
        counter: 1,
      });
      security.serverTitle = CLIENT_TITLE;
      const opened = security.open(fromHex(v.hex));
      expect(apduForm(decodeApdu(opened.text)), v.id).toEqual(withoutPlaintext(node["plaintext"]));
    }
  });
});

describe("protection: what must fail", () => {
  const keys = { systemTitle: CLIENT_TITLE, encryptionKey: GUEK, authenticationKey: GAK };

  test.each(["10", "30"])("SC %s: no changed octet and no truncation gets through", (sc) => {
    const apdu = decodeApdu(fromHex(vector(`gb-t40-glo-get-sc${sc}`).output["apdu"]!));
    if (apdu.kind !== "service-ciphered") throw new Error(apdu.kind);
    for (let at = 0; at < apdu.body.length; at++) {
      for (const bit of [0x01, 0x10, 0x80]) {
        const body = apdu.body.slice();
        body[at]! ^= bit;
        // Without the authentication bit there is no tag to fail; the result must at least not be the text.
        if (at === 0 && (body[0]! & 0x10) === 0) continue;
        expect(() => unprotect(keys, body), `octet ${at}`).toThrow(SecurityError);
      }
      const short = apdu.body.subarray(0, at);
      expect(() => unprotect(keys, short), `${at} octets`).toThrow(/octets|tag/);
    }
  });

  test.each(["neg-tag", "neg-sc-changed", "neg-trunc-11"])("%s", (id) => {
    const security = new Security({
      guek: GUEK,
      gak: GAK,
      authenticated: true,
      encrypted: true,
      clientTitle: CLIENT_TITLE,
      counter: 1,
    });
    security.serverTitle = CLIENT_TITLE;
    const open = (): unknown => security.open(fromHex(vector(id).inputs["apdu"]!));
    expect(open).toThrow();
    try {
      open();
    } catch (error) {
      expect(error instanceof SecurityError || error instanceof MalformedError).toBe(true);
    }
  });

  test("a repeated or older counter is refused, a gap is not", () => {
    const meter = new Security({
      guek: GUEK,
      gak: GAK,
      authenticated: true,
      encrypted: true,
      clientTitle: CLIENT_TITLE,
      counter: 5,
    });
    const client = new Security({
      guek: GUEK,
      gak: GAK,
      authenticated: true,
      encrypted: true,
      clientTitle: CLIENT_TITLE,
      counter: 1,
    });
    client.serverTitle = CLIENT_TITLE;
    const first = meter.seal(fromHex("C401C10000"));
    client.open(first);
    expect(() => client.open(first)).toThrow(/repeats a counter: 5 after 5/);
    meter.counter = 100;
    client.open(meter.seal(fromHex("C401C10000")));
    meter.counter = 99;
    expect(() => client.open(meter.seal(fromHex("C401C10000")))).toThrow(SecurityError);
  });

  test("the broadcast key has a counter of its own, and must be given", () => {
    const options = {
      guek: GUEK,
      gak: GAK,
      authenticated: true,
      encrypted: true,
      clientTitle: CLIENT_TITLE,
      counter: 9,
    };
    const security = new Security({ ...options, gbek: fromHex("0F0E0D0C0B0A09080706050403020100") });
    const counters = [0x70, 0x70, 0x30].map((sc) => toHex(security.seal(fromHex("C001"), "glo", sc).subarray(2, 7)));
    expect(counters).toEqual(["7000000001", "7000000002", "3000000009"]);
    expect(() => new Security(options).seal(fromHex("C001"), "glo", 0x70)).toThrow(/no broadcast key/);
  });

  test("the last counter value is never used", () => {
    const p = { ...keys, securityControl: 0x30, invocationCounter: 0xffffffff };
    expect(() => protect(p, fromHex("C0"))).toThrow(/used up/);
  });
});

describe("HLS", () => {
  const CTOS = fromHex("4B35366956616759");
  const STOC = fromHex("503677524A323146");
  const gmac: Handshake = {
    mechanism: MECHANISM.HLS_GMAC,
    // The Green Book example gives the client 4D4D4D0000000001 and the server the title used elsewhere for the client.
    ownTitle: fromHex("4D4D4D0000000001"),
    partnerTitle: CLIENT_TITLE,
    ownChallenge: CTOS,
    partnerChallenge: STOC,
    guek: GUEK,
    gak: GAK,
  };

  test("GMAC, pass 3 and pass 4 of the Green Book", () => {
    expect(toHex(hlsAnswer(gmac, 1))).toBe("10000000011A52FE7DD3E72748973C1E28");
    const pass4 = fromHex(vector("gb-hls5-pass4").output["f(CtoS)"]!);
    expect(hlsCheck(gmac, pass4)).toBe(0x01234567);
  });

  test("every changed octet of pass 4 is refused", () => {
    const pass4 = fromHex(vector("gb-hls5-pass4").output["f(CtoS)"]!);
    for (let at = 0; at < pass4.length; at++) {
      const changed = pass4.slice();
      changed[at]! ^= 1;
      expect(() => hlsCheck(gmac, changed), `octet ${at}`).toThrow(SecurityError);
    }
    expect(() => hlsCheck(gmac, pass4.subarray(0, 16))).toThrow(SecurityError);
  });

  test.each([
    ["hls3-md5", MECHANISM.HLS_MD5],
    ["hls4-sha1", MECHANISM.HLS_SHA1],
  ] as const)("%s", (id, mechanism) => {
    const { inputs: i, output } = vector(id);
    const h: Handshake = {
      ...gmac,
      mechanism,
      secret: fromHex(i["secret"]!),
      ownChallenge: fromHex(i["CtoS"]!),
      partnerChallenge: fromHex(i["StoC"]!),
    };
    expect(toHex(hlsAnswer(h, 0))).toBe(output["f(StoC)"]);
    hlsCheck(h, fromHex(output["f(CtoS)"]!));
    expect(() => hlsCheck(h, fromHex(output["f(StoC)"]!))).toThrow(SecurityError);
  });

  test("MD5 with a real meter's challenge", () => {
    const { inputs: i, output } = vector("hls3-iskra-field");
    const aare = decodeApdu(fromHex(i["aare"]!));
    if (aare.kind !== "aare") throw new Error(aare.kind);
    const h: Handshake = {
      ...gmac,
      mechanism: MECHANISM.HLS_MD5,
      secret: fromHex(i["secret"]!),
      partnerChallenge: aare.authenticationValue!.octets,
    };
    expect(toHex(h.partnerChallenge)).toBe(i["StoC"]);
    expect(toHex(hlsAnswer(h, 0))).toBe(output["f(StoC)"]);
  });

  test("SHA-256 hashes secret, titles and challenges in the order of GB9 9.2.7.4", () => {
    const h: Handshake = {
      mechanism: MECHANISM.HLS_SHA256,
      secret: fromHex("5468697349734120536563726574212100112233"),
      ownTitle: CLIENT_TITLE,
      partnerTitle: fromHex("4D4D4D0000000001"),
      ownChallenge: fromHex("4B35366956616759503677524A323146"),
      partnerChallenge: fromHex("102132435465768798A9BACBDCEDFE0F"),
    };
    expect(toHex(hlsAnswer(h, 0))).toBe("718666226729BCF00830A9881DCD534F029CFC6ABA49F3C3FBF6D6447718BE34");
    hlsCheck(h, fromHex("FB51E5445C38BA609571B435D3EBC76ED63C3630AFB61E3419C47F7D9E3F1961"));
    expect(createHash("sha256").update("abc").digest("hex").toUpperCase()).toBe(
      securityVectors.find((v) => v.id === "prim-sha256-abc")!.output,
    );
  });
});
