/** `dlms-meter keys`, provision files, and what `serve --suite` delivers its meters with. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Delivery } from "../../host/cli/delivery.ts";
import { templateRead } from "../../host/template/load.ts";
import { suiteApply } from "../../host/template/suite.ts";
import { keysCommand } from "../../host/cli/keys.ts";
import { certificateParse, certificatesOf, trustCheck, USAGE } from "../../host/client/certificate.ts";
import { keyUnwrap } from "../../host/client/key_derivation.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { provisionRead } from "../../host/keys/provision.ts";
import { securityVectors } from "../client/vectors.ts";

const folder = mkdtempSync(join(tmpdir(), "keys-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]): string => join(folder, ...names);

interface Outcome {
  out: string;
  err: string;
  code: number;
}

async function keys(...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { out: "", err: "", code: 0 };
  const command = keysCommand();
  const prepare = (c: Command): void => {
    c.exitOverride().configureOutput({
      writeErr: (text) => (outcome.err += text),
      writeOut: (text) => (outcome.out += text),
    });
    c.commands.forEach(prepare);
  };
  prepare(command);
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    outcome.out += String(text);
    return true;
  });
  try {
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    outcome.code = (error as { exitCode?: number }).exitCode ?? -1;
  } finally {
    write.mockRestore();
  }
  return outcome;
}

const mode = (path: string): number => statSync(path).mode & 0o777;

describe("keys generate and wrap", () => {
  test.each([
    ["0", 32],
    ["1", 32],
    ["2", 64],
  ])("suite %s: sizes; a seed brings them back, without one they are new", async (suite, digits) => {
    const [a, b, c] = await Promise.all([
      keys("generate", "--suite", suite, "--seed", "5"),
      keys("generate", "--suite", suite, "--seed", "5"),
      keys("generate", "--suite", suite),
    ]);
    const made = JSON.parse(a.out) as Record<string, string>;
    expect(Object.keys(made)).toEqual(["guek", "gbek", "gak", "master", "password", "hlsSecret"]);
    for (const name of ["guek", "gbek", "gak", "master"]) expect(made[name]).toHaveLength(digits);
    expect(new Set(Object.values(made)).size).toBe(6);
    expect(b.out).toBe(a.out);
    expect(c.out).not.toBe(a.out);
  });

  test("a file is for its owner, and is not written over", async () => {
    expect((await keys("generate", "--out", at("own.json"))).code).toBe(0);
    expect(mode(at("own.json"))).toBe(0o600);
    const again = await keys("generate", "--out", at("own.json"));
    expect([again.code, again.err]).toEqual([1, `error: ${at("own.json")} exists; --force writes over it\n`]);
    const before = readFileSync(at("own.json"), "utf8");
    expect((await keys("generate", "--out", at("own.json"), "--force")).code).toBe(0);
    expect(readFileSync(at("own.json"), "utf8")).not.toBe(before);
  });

  test("wrap gives what key_transfer of the vector takes, and back", async () => {
    const vector = securityVectors.find((v) => v.id === "key-transfer-kek") as never as {
      inputs: Record<string, string>;
      output: { data: string };
    };
    const [kek, key] = [vector.inputs["master_key"]!, vector.inputs["new_master_key"]!];
    const { out } = await keys("wrap", "--master-key", kek, "--id", "master", key);
    const wrapped = out.split("\n")[0]!;
    expect(vector.output.data.endsWith(wrapped)).toBe(true);
    expect(out).toContain('{"array":[{"structure":[{"enum":3}');
    expect(toHex(keyUnwrap(fromHex(kek), fromHex(wrapped)))).toBe(key);
    expect((await keys("wrap", "--master-key", kek, "--unwrap", wrapped)).out).toBe(`${key}\n`);
    const wrong = await keys("wrap", "--master-key", key, "--unwrap", wrapped);
    expect([wrong.code, wrong.err]).toEqual([1, "error: the wrapped key does not fit the master key\n"]);
  });
});

describe("keys ca, issue, sign, show", () => {
  test("authorities, an entity and a request certified; node:crypto believes the chain", async () => {
    expect((await keys("ca", "--suite", "1", "--out", at("ca"))).code).toBe(0);
    expect(mode(at("ca", "root.key.pem"))).toBe(0o600);
    expect(
      (await keys("issue", "--ca", at("ca"), "--title", "4D4D4D6700000001", "--name", "meter", "--out", at("m"))).code,
    ).toBe(0);
    const [root, sub] = ["root.pem", "sub.pem"].map((name) => certificatesOf(readFileSync(at("ca", name)))[0]!);
    const own = certificatesOf(readFileSync(at("m", "meter-sign.pem")))[0]!;
    trustCheck(own, { anchors: [root!], authorities: [sub!] });
    expect(new X509Certificate(own.der).checkIssued(new X509Certificate(sub!.der))).toBe(true);
    const csr = securityVectors.find((v) => v.id === "csr-p256") as never as { output: { der: string } };
    writeFileSync(at("request.der"), fromHex(csr.output.der));
    const args = ["--ca", at("ca"), "--use", "agree", at("request.der")];
    const { out } = await keys("sign", ...args);
    const signed = certificatesOf(Buffer.from(out))[0]!;
    expect(signed).toMatchObject({ commonName: "4D4D4D0000000001", usage: USAGE.keyAgreement });
    trustCheck(signed, { anchors: [root!], authorities: [sub!] });
    const shown = await keys("show", at("request.der"), at("ca", "root.pem"), at("ca", "root.key.pem"));
    expect(shown.out).toMatch(/request +4D4D4D0000000001, 217 octets, signed by its key/);
    expect(shown.out).toMatch(/DLMS-METER TEST ROOT-CA \(authority\)/);
    const secret = readFileSync(at("ca", "root.key.pem"), "utf8").split("\n")[1]!;
    expect(shown.out).not.toContain(secret);
  });

  test("what does not fit is refused in one line", async () => {
    writeFileSync(at("junk"), "junk");
    const cases: [string[], RegExp][] = [
      [["sign", "--ca", at("nowhere"), at("junk")], /nowhere\/sub\.pem: no certificate: ENOENT/],
      [["sign", "--ca", at("ca"), at("junk")], /no certificate request/],
      [["show", at("junk")], /no X\.509 certificate/],
      [["show", at("none")], /ENOENT/],
      [["demo", "--suite", "0", "--out", at("zero")], /suite 0 has no certificates/],
      [["issue", "--ca", at("ca"), "--title", "12", "--out", at("x")], /16 hexadecimal digits/],
    ];
    for (const [args, text] of cases) {
      const { code, err } = await keys(...args);
      expect(code, args.join(" ")).not.toBe(0);
      expect(err.trim()).toMatch(text);
      expect(err.trim().split("\n")).toHaveLength(1);
    }
  });
});

describe("keys demo and serve", () => {
  test.each(["1", "2"])("suite %s: the meters of serve and the files of demo know each other", async (suite) => {
    const out = at(`demo${suite}`);
    const { code } = await keys("demo", "--suite", suite, "--seed", "3", "--meters", "2", "--out", out);
    expect(code).toBe(0);
    for (const name of readdirSync(out))
      expect(mode(join(out, name)), name).toBe(/key|json/.test(name) ? 0o600 : 0o644);
    const file = provisionRead(join(out, "provision.json"));
    expect(file.meters.map((meter) => toHex(meter.systemTitle))).toEqual(["4D4D4D67301E8481", "4D4D4D67301E8482"]);
    const options = { template: "idis-p3", override: [], meters: 2, seed: 3 };
    const served = Delivery.read({ ...options, suite: Number(suite) });
    const delivered = Delivery.read({ ...options, provision: join(out, "provision.json") });
    expect([served.suite, delivered.suite]).toEqual([Number(suite), Number(suite)]);
    expect([served.isPublished, delivered.isPublished]).toEqual([true, false]);
    const [a, b] = [served, delivered].map((one) => toHex(one.records(1, {})));
    const { privateKeys } = file.meters[1]!.certificates!;
    for (const key of privateKeys)
      if (key !== undefined) expect([a!.includes(toHex(key)), b!.includes(toHex(key))]).toEqual([true, true]);
    const meters = certificatesOf(readFileSync(join(out, "meters.pem")));
    // The same key, though the signature of the authority is another each time.
    expect(a!.includes(toHex(meters[2]!.publicKey))).toBe(true);
    expect(b!.includes(toHex(meters[2]!.der))).toBe(true);
    const client = certificateParse(certificatesOf(readFileSync(join(out, "client-sign.pem")))[0]!.der);
    expect(a!.includes(toHex(client.publicKey))).toBe(true);
  });

  test("suites 1 and 2 bring their ways to authenticate to every association with HLS-GMAC, and to no other", () => {
    const mechanisms = (suite: number): string[][] =>
      Object.values(suiteApply(templateRead(), suite).associations).map((one) => one.mechanisms);
    const [none, , ...others] = mechanisms(0);
    expect(mechanisms(0)).toEqual([["none"], ["lls", "gmac"], ["none"], ["none"]]);
    for (const suite of [1, 2])
      expect(mechanisms(suite)).toEqual([none, ["lls", "gmac", "hls-sha256", "hls-ecdsa"], ...others]);
  });

  test("random worlds differ", async () => {
    await keys("demo", "--random", "--out", at("r1"));
    await keys("demo", "--random", "--out", at("r2"));
    const [a, b] = ["r1", "r2"].map((name) => provisionRead(at(name, "provision.json")).meters[0]!);
    expect(toHex(a!.keys.guek)).not.toBe(toHex(b!.keys.guek));
    expect(toHex(a!.certificates!.privateKeys[0]!)).not.toBe(toHex(b!.certificates!.privateKeys[0]!));
  });

  test("provision files that do not fit", async () => {
    const good = JSON.parse(readFileSync(at("demo1", "provision.json"), "utf8")) as {
      suite: number;
      meters: { keys: Record<string, string>; privateKeys: Record<string, string>; certificates: string[] }[];
    };
    type Good = typeof good;
    const cases: [(file: Good) => unknown, RegExp][] = [
      [() => "{", /JSON/],
      [(f) => ({ ...f, meters: [] }), /meters must NOT have fewer than 1 items/],
      [(f) => ({ ...f, more: 1 }), /must NOT have additional properties \("more"\)/],
      [
        (f) => ((f.meters[0]!.keys["guek"] = "00".repeat(32)), f),
        /meters\.0\.keys\.guek has 32 octets; suite 1 has 16/,
      ],
      [(f) => ((f.meters[0]!.certificates[1] = "AAAA"), f), /meters\.0\.certificates\.1: no X\.509/],
      [(f) => ((f.meters[0]!.privateKeys["signing"] = "01".repeat(32)), f), /privateKeys\.signing: no certificate of/],
      [(f) => ((f.meters[0]!.privateKeys["signing"] = "FF".repeat(32)), f), /no scalar of P-256/],
      [(f) => ({ ...f, suite: 0 }), /suite 0 has neither key pairs nor certificates/],
    ];
    for (const [change, text] of cases) {
      const made = change(structuredClone(good));
      writeFileSync(at("bad.json"), typeof made === "string" ? made : JSON.stringify(made));
      expect(() => provisionRead(at("bad.json")), String(text)).toThrow(text);
    }
    const provision = at("demo1", "provision.json");
    const options = { template: "idis-p3", override: [], meters: 1, seed: 3, provision };
    expect(() => Delivery.read({ ...options, seed: 4 })).toThrow(/give the --seed that the file was made with/);
    expect(() => Delivery.read({ ...options, suite: 2 })).toThrow(/made for suite 1, not 2/);
    expect(() => Delivery.read({ ...options, meters: 3 })).toThrow(/2 meters for --meters 3/);
  });
});
