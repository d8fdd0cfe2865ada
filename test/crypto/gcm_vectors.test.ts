import { expect, test } from "vitest";
import { hex } from "./core.ts";
import { AUTHENTICATION, GcmCore, type Message, TAG } from "./gcm_core.ts";
import { vector, wycheproof, type SecurityVector } from "./vectors.ts";

const AUTHENTICATED = 0x10;
const ENCRYPTED = 0x20;

/** Vectors of one ciphered APDU each: suites 0, 1 and 2, every kind of protection, all key and APDU families. */
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
  "dlms-cli-get",
  "eit-kam-enc",
  "eit-kam-both",
  "eit-gb-ic66",
  "eit-kam-field-auth",
  "gc-identified-ae",
  "gc-identified-a",
  "gc-identified-e",
  "gc-identified-datetime",
  "gc-wrapped",
  "gc-wrapped-reuse-nokeyinfo",
  "gc-wrapped-suite2",
  "gb-1e1s-access-apdu",
  "gb-0e2s-access-apdu",
  "gc-1e1s-suite2",
  "gc-over-gs",
  "gglo-over-gs",
  "ic30-protected-ae",
];

const DEFAULTS: Record<string, string> = {
  EK: "000102030405060708090A0B0C0D0E0F",
  AK: "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
  originator: "4D4D4D0000BC614E",
};

function first(entry: SecurityVector, ...names: string[]): string {
  const name = names.find((candidate) => entry.inputs[candidate] !== undefined);
  const value = name === undefined ? DEFAULTS[names.at(-1)!] : entry.inputs[name];
  if (value === undefined) throw new Error(`${entry.id}: none of ${names.join(", ")}`);
  return value;
}

/** The five header fields of a general-ciphering APDU with their lengths, which are part of the authenticated data. */
function headerOf(apdu: Buffer): Buffer {
  if (apdu[0] !== 0xdd) return Buffer.alloc(0);
  let end = 1;
  for (let field = 0; field < 5; field++) end += 1 + apdu[end]!;
  return apdu.subarray(1, end);
}

/** The octets an APDU ends with: ciphered or plain text, then the tag if there is one. */
function protectedTail(entry: SecurityVector): Buffer {
  const { output } = entry;
  if (typeof output === "string") return hex(output);
  return hex(output["apdu"] ?? output["protected_attributes"] ?? output["ciphertext"]! + output["tag"]!);
}

interface Case {
  control: number;
  plain: Buffer;
  expected: Buffer;
  message: Message;
}

function caseOf(id: string): Case {
  const entry = vector(id);
  const expected = protectedTail(entry);
  const control = Number.parseInt(first(entry, "SC"), 16);
  const plain = hex(first(entry, "plain_apdu", "plain", "inner", "value"));
  const title = first(entry, "originator_system_title", "system_title", "server_system_title", "originator");
  const derived = Buffer.concat([hex(first(entry, "SC")), hex(first(entry, "AK")), headerOf(expected)]);
  const information = control & ENCRYPTED ? Buffer.alloc(0) : plain;
  const ruled = control & AUTHENTICATED ? Buffer.concat([derived, information]) : Buffer.alloc(0);
  // Protected attributes carry no header of their own; there the vector alone knows the data.
  const aad = hex(entry.inputs["AAD"] ?? ruled.toString("hex"));
  if (id !== "ic30-protected-ae") expect(aad).toEqual(ruled);
  const agreed = typeof entry.output === "string" ? undefined : entry.output["key"];
  const key = hex(agreed ?? first(entry, "session_key", "dedicated_key", "GBEK", "key", "EK"));
  return { control, plain, expected, message: { key, iv: hex(title + first(entry, "IC")), aad } };
}

/** Protects `plain` as its security control octet says. */
function protect(core: GcmCore, { control, plain, message }: Case): Buffer {
  if ((control & ENCRYPTED) === 0) return Buffer.concat([plain, core.seal(message, Buffer.alloc(0)).tag]);
  const { cipher, tag } = core.seal(message, plain);
  return control & AUTHENTICATED ? Buffer.concat([cipher, tag]) : cipher;
}

for (const id of APDUS) {
  test(`ciphered APDU: ${id}`, () => {
    const core = new GcmCore();
    const it = caseOf(id);
    const body = protect(core, it);
    expect(it.expected.subarray(-body.length)).toEqual(body);
    if ((it.control & AUTHENTICATED) === 0) return;
    const text = it.control & ENCRYPTED ? body.subarray(0, -TAG) : Buffer.alloc(0);
    const opened = core.open(it.message, text, body.subarray(-TAG));
    expect(opened).toEqual({ code: 0, out: it.control & ENCRYPTED ? it.plain : text });
  });
}

test("Green Book table 40: H, E(K, J0) and the first keystream", () => {
  const core = new GcmCore();
  const { inputs, output } = vector("gb-t40-intermediates");
  const { gcm, key } = core.begin({ key: hex(inputs["EK"]!), iv: hex(inputs["IV"]!), aad: Buffer.alloc(0) });
  const block = core.room(16);
  core.call("gcmCrypt", gcm, key, block, block, 16);
  expect(core.read(block, 16)).toEqual(hex(output["keystream_block1"]!));
  // Over nothing at all GHASH is zero, so the tag is the mask.
  const empty = core.begin({ key: hex(inputs["EK"]!), iv: hex(inputs["IV"]!), aad: Buffer.alloc(0) });
  core.call("gcmTag", empty.gcm, empty.key, block);
  expect(core.read(block, 16)).toEqual(hex(output["E(K,J0)"]!));
  const blocks = core.room(64);
  core.call("aesEncrypt4", key, blocks);
  expect(core.read(blocks, 16)).toEqual(hex(output["H=E(K,0)"]!));
});

test("Green Book HLS GMAC, pass 4", () => {
  const { inputs, output } = vector("gb-hls5-pass4");
  const expected = hex(output["f(CtoS)"]!);
  const aad = hex(`10${inputs["AK"]}${inputs["CtoS"]}`);
  const iv = hex(inputs["own_system_title"]! + inputs["IC"]!);
  const { tag } = new GcmCore().seal({ key: hex(inputs["EK"]!), iv, aad }, Buffer.alloc(0));
  expect(Buffer.concat([hex(`10${inputs["IC"]}`), tag])).toEqual(expected);
});

test("field captures: a push that opens, and 1,028 octets encrypted only", () => {
  const push = vector("u9n-general-glo-push");
  const apdu = hex(push.inputs["apdu"]!);
  const message = {
    key: hex(push.inputs["EK"]!),
    iv: Buffer.concat([apdu.subarray(2, 10), apdu.subarray(12, 16)]),
    aad: Buffer.concat([apdu.subarray(11, 12), hex(push.inputs["AK"]!)]),
  };
  const opened = new GcmCore().open(message, apdu.subarray(16, -TAG), apdu.subarray(-TAG));
  expect(opened).toEqual({ code: 0, out: hex(push.output["plain_apdu"]!) });

  const huge = vector("eit-kam-field-huge-enc");
  const field = hex(huge.inputs["apdu"]!);
  const core = new GcmCore();
  const iv = Buffer.concat([hex(huge.inputs["system_title"]!), field.subarray(5, 9)]);
  const { gcm, key } = core.begin({ key: hex(huge.inputs["EK"]!), iv, aad: Buffer.alloc(0) });
  const text = core.put(field.subarray(9));
  core.call("gcmCrypt", gcm, key, text, text, field.length - 9);
  expect(core.read(text, 5).toString("hex")).toBe("c402c10000");
});

test("changed tag, changed security control and a tag of 11 octets are refused", () => {
  const { inputs } = vector("neg-tag");
  const open = (apdu: Buffer): number => {
    const iv = Buffer.concat([hex(inputs["system_title"]!), apdu.subarray(3, 7)]);
    const aad = Buffer.concat([apdu.subarray(2, 3), hex(inputs["AK"]!)]);
    return new GcmCore().open({ key: hex(inputs["EK"]!), iv, aad }, apdu.subarray(7, -TAG), apdu.subarray(-TAG)).code;
  };
  expect(open(hex(vector("gb-t40-glo-get-sc30").output["apdu"]!))).toBe(0);
  for (const id of ["neg-tag", "neg-sc-changed", "neg-trunc-11"]) {
    expect(open(hex(vector(id).inputs["apdu"]!)), id).toBe(AUTHENTICATION);
  }
});

interface AeadCase {
  tcId: number;
  key: string;
  iv: string;
  aad?: string;
  msg: string;
  ct?: string;
  tag: string;
  result: "valid" | "invalid";
}

/** Cases with a 96-bit IV and a key of 128 or 256 bits. */
function usable(file: string): AeadCase[] | undefined {
  const groups = wycheproof<AeadCase>(file);
  return groups?.filter((group) => group["ivSize"] === 96 && group["keySize"] !== 192).flatMap((group) => group.tests);
}

test("Wycheproof AES-GCM, 96-bit IV, 128 and 256-bit keys", (context) => {
  const cases = usable("aes_gcm");
  if (cases === undefined) return context.skip();
  const core = new GcmCore();
  const ran = { valid: 0, invalid: 0, beyondTheTwelfth: 0 };
  for (const it of cases) {
    const message = { key: hex(it.key), iv: hex(it.iv), aad: hex(it.aad!) };
    const sealed = core.seal(message, hex(it.msg));
    const tag = hex(it.tag).subarray(0, TAG);
    const opened = core.open(message, hex(it.ct!), tag);
    if (it.result === "valid") {
      expect(sealed, `${it.tcId}`).toEqual({ cipher: hex(it.ct!), tag });
      expect(opened, `${it.tcId}`).toEqual({ code: 0, out: hex(it.msg) });
      ran.valid++;
    } else if (sealed.cipher.equals(hex(it.ct!)) && sealed.tag.equals(tag)) {
      // The change lies in octets of the tag that DLMS does not send.
      ran.beyondTheTwelfth++;
    } else {
      expect(opened.code, `${it.tcId}`).toBe(AUTHENTICATION);
      ran.invalid++;
    }
  }
  console.log(`Wycheproof aes_gcm: ${JSON.stringify(ran)} of ${cases.length}`);
  expect(ran.valid + ran.invalid + ran.beyondTheTwelfth).toBe(67 + 66);
  expect(ran.valid).toBe(40 + 39);
});

test("Wycheproof AES-GMAC, 96-bit IV, 128 and 256-bit keys", (context) => {
  const cases = usable("aes_gmac");
  if (cases === undefined) return context.skip();
  const core = new GcmCore();
  const ran = { valid: 0, invalid: 0, beyondTheTwelfth: 0 };
  for (const it of cases) {
    const { gcm, key } = core.begin({ key: hex(it.key), iv: hex(it.iv), aad: hex(it.msg) });
    const whole = core.room(16);
    core.call("gcmTag", gcm, key, whole);
    const equal = core.read(whole, 16).equals(hex(it.tag));
    expect(equal, `${it.tcId}`).toBe(it.result === "valid");
    const short = core.read(whole, TAG).equals(hex(it.tag).subarray(0, TAG));
    if (equal) ran.valid++;
    else if (short) ran.beyondTheTwelfth++;
    else ran.invalid++;
    core.reset(gcm);
  }
  console.log(`Wycheproof aes_gmac: ${JSON.stringify(ran)} of ${cases.length}`);
  expect(cases.length).toBe(69 + 69);
  expect(ran.valid).toBe(15 + 15);
});
