/** `image` and `update` as people run them: an image made, shown and brought into a served meter; files and flags that are no good. */
import { generateKeyPairSync } from "node:crypto";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../tidy/sources.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "update-"));
const file = (name: string): string => join(folder, name);
const MANAGEMENT = ["--client", "1", "--auth", "lls", "--password", "00000000"];

interface Outcome {
  out: string;
  err: string;
  code: number | null;
}

function run(...words: string[]): Outcome {
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });
  return { out: stdout, err: stderr, code: status };
}

/** A command while the served meter of this process must live. */
function runBeside(...words: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...words]);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ out, err, code })));
}

afterAll(() => rmSync(folder, { recursive: true }));

describe("image", () => {
  it("is made and shown, the same each time", () => {
    const made = run("image", "make", file("a.img"), "--identifier", "dlms-meter 0.2.0", "--size", "3000", "--json");
    expect(made.code).toBe(0);
    const facts = JSON.parse(made.out) as Record<string, unknown>;
    expect(facts).toMatchObject({ identifier: "dlms-meter 0.2.0", firmware: 1, for: "MMM103", octets: 3068 });
    const shown = JSON.parse(run("image", "show", file("a.img"), "--json").out) as Record<string, unknown>;
    expect({ file: file("a.img"), ...shown }).toEqual(facts);
    run("image", "make", file("b.img"), "--identifier", "dlms-meter 0.2.0", "--size", "3000");
    expect(JSON.parse(run("image", "show", file("b.img"), "--json").out)).toEqual(shown);
  });

  it("is signed by a key, whose public half templates name", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(file("maker.pem"), privateKey.export({ format: "pem", type: "pkcs8" }));
    expect(run("image", "key", file("maker.pem")).out).toMatch(/^[0-9A-F]{128}\n$/);
    const made = run("image", "make", file("c.img"), "--identifier", "x", "--size", "10", "--key", file("maker.pem"));
    expect(made.out).toMatch(/signature [0-9A-F]{128}/);
  });

  const wrong: [string, string[], number, RegExp][] = [
    ["no identifier", ["make", file("x.img")], 2, /--identifier/],
    ["a size that is none", ["make", file("x.img"), "--identifier", "x", "--size", "-1"], 2, /whole number/],
    ["too long an identifier", ["make", file("x.img"), "--identifier", "x".repeat(49)], 1, /49 octets \(limit 48\)/],
    ["no payload", ["make", file("x.img"), "--identifier", "x", "--payload", file("no")], 1, /cannot read .*no/],
    ["a folder that is not there", ["make", file("no/x.img"), "--identifier", "x"], 1, /cannot write/],
    ["a key that is none", ["make", file("x.img"), "--identifier", "x", "--key", MAIN], 1, /no private key/],
    ["a file that is no image", ["show", MAIN], 1, /no firmware image/],
  ];
  it.each(wrong)("refuses %s in one line", (_, words, code, expected) => {
    const outcome = run("image", ...words);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toMatch(expected);
    if (code === 1) expect(outcome.err.trim().split("\n").length).toBe(1);
  });
});

describe("update", () => {
  let child: ChildProcess;
  let port: number;

  beforeAll(async () => {
    child = spawn(process.execPath, [MAIN, "serve", "--tcp", "0", "--json"]);
    port = await new Promise<number>((resolve, reject) => {
      let text = "";
      child.on("exit", () => reject(new Error(text)));
      child.stderr!.on("data", (chunk) => (text += chunk));
      child.stdout!.on("data", (chunk) => {
        text += chunk;
        const found = /"tcp":\[(\d+)/.exec(text);
        if (found !== null) resolve(Number(found[1]));
      });
    });
  });
  afterAll(() => void child.kill("SIGKILL"));

  it("brings an image in, and the meter reports another firmware", async () => {
    run("image", "make", file("new.img"), "--identifier", "dlms-meter 9.9", "--size", "5000");
    const where = ["--tcp", `127.0.0.1:${port}`, ...MANAGEMENT];
    const verified = await runBeside("update", file("new.img"), ...where, "--no-activate");
    expect(verified).toEqual({ out: "dlms-meter 9.9 is verified\n", err: "", code: 0 });
    const active = await runBeside("update", file("new.img"), ...where, "--json");
    expect(JSON.parse(active.out)).toMatchObject({ identifier: "dlms-meter 9.9", state: "active" });
    const read = await runBeside("read", "1-0:0.2.0:2", ...where);
    expect(read.out).toContain("dlms-meter 9.9");
  });

  it("says in one line why the meter does not want an image", async () => {
    run("image", "make", file("other.img"), "--identifier", "other", "--size", "100", "--for", "XYZ");
    const outcome = await runBeside("update", file("other.img"), "--tcp", `127.0.0.1:${port}`, ...MANAGEMENT);
    expect(outcome).toMatchObject({ out: "", code: 1 });
    expect(outcome.err).toBe("the meter does not accept the image: verification failed\n");
  });

  it("refuses a file that is no image before it asks the meter", async () => {
    const outcome = await runBeside("update", MAIN, "--tcp", "127.0.0.1:1");
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(/no firmware image/);
  });
});
