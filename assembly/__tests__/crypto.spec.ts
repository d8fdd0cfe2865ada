// The crypto room compiled without optimisation and with the asserts of the compiler's own library: a known answer each,
// so that what the release build computes is the language's meaning and not an optimiser's. The rest is in test/crypto.
import { AesKey } from "../crypto/aes";
import { Ct } from "../crypto/ct";
import { Curve, CurveKind } from "../crypto/curve";
import { Ecdh } from "../crypto/ecdh";
import { Ecdsa } from "../crypto/ecdsa";
import { EcKey } from "../crypto/ec_key";
import { Gcm, GcmKey } from "../crypto/gcm";
import { Hash, HashKind } from "../crypto/hash";

const KEY = memory.data(288, 16);
const MESSAGE = memory.data(64, 16);
const INPUT = memory.data(256, 16);
const OUTPUT = memory.data(256, 16);
const EXPECTED = memory.data(256, 16);

/** Writes the octets of a hexadecimal text to `at` and returns how many. */
function put(at: usize, text: string): u32 {
  for (let i = 0; i < text.length; i += 2) {
    store<u8>(at + (i >> 1), <u8>parseInt(text.substring(i, i + 2), 16));
  }
  return text.length >> 1;
}

function expectOctets(at: usize, text: string): void {
  const size = put(EXPECTED, text);
  expect(Ct.equal(at, EXPECTED, size)).toBe(1);
}

describe("crypto", () => {
  it("AES-128 and AES-256: FIPS 197 appendix C", () => {
    put(INPUT, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    const key = changetype<AesKey>(KEY);
    key.expand(INPUT, 16);
    put(OUTPUT, "00112233445566778899aabbccddeeff");
    key.encrypt4(OUTPUT);
    expectOctets(OUTPUT, "69c4e0d86a7b0430d8cdb78070b4c55a");
    key.expand(INPUT, 32);
    put(OUTPUT, "00112233445566778899aabbccddeeff");
    key.encrypt4(OUTPUT);
    expectOctets(OUTPUT, "8ea2b7ca516745bfeafc49904b496089");
    key.decrypt(OUTPUT);
    expectOctets(OUTPUT, "00112233445566778899aabbccddeeff");
  });

  it("AES-GCM: Green Book table 40, authenticated and encrypted", () => {
    const key = changetype<GcmKey>(KEY);
    const message = changetype<Gcm>(MESSAGE);
    put(INPUT, "000102030405060708090a0b0c0d0e0f");
    key.expand(INPUT, 16);
    put(INPUT, "4d4d4d0000bc614e01234567");
    put(INPUT + 16, "30d0d1d2d3d4d5d6d7d8d9dadbdcdddedf");
    put(OUTPUT, "c0010000080000010000ff0200");
    message.begin(INPUT);
    message.aad(key, INPUT + 16, 1);
    message.aad(key, INPUT + 17, 16);
    message.seal(key, OUTPUT, OUTPUT, 13, OUTPUT + 13);
    expectOctets(OUTPUT, "411312ff935a47566827c467bc7d825c3be4a77c3fcc056b6b");
    message.begin(INPUT);
    message.aad(key, INPUT + 16, 17);
    expect(message.open(key, OUTPUT, OUTPUT, 13, OUTPUT + 13)).toBe(0);
    expectOctets(OUTPUT, "c0010000080000010000ff0200");
  });

  it("P-256: RFC 6979 A.2.5 with SHA-256, message sample, and RFC 5903 8.1", () => {
    const curve = Curve.of(CurveKind.P256);
    const hash = changetype<Hash>(KEY);
    put(INPUT, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    put(OUTPUT, "73616d706c65");
    expect(hash.digest(HashKind.SHA256, OUTPUT, 6, INPUT + 32)).toBe(32);
    expect(Ecdsa.sign(curve, INPUT, INPUT + 32, 0, 0, OUTPUT)).toBe(0);
    expectOctets(
      OUTPUT,
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    expect(EcKey.publicOf(curve, INPUT, INPUT + 64)).toBe(0);
    expect(Ecdsa.verify(curve, INPUT + 64, INPUT + 32, OUTPUT)).toBe(0);
    put(INPUT, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
    put(
      INPUT + 32,
      "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63" +
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
    );
    expect(Ecdh.agree(curve, INPUT, INPUT + 32, OUTPUT)).toBe(0);
    expectOctets(OUTPUT, "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
  });

  it("P-384: RFC 5903 8.2", () => {
    const curve = Curve.of(CurveKind.P384);
    put(INPUT, "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194");
    put(
      INPUT + 48,
      "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571" +
        "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
    );
    expect(Ecdh.agree(curve, INPUT, INPUT + 48, OUTPUT)).toBe(0);
    expectOctets(
      OUTPUT,
      "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
    );
  });
});
