/** The real process under a client: killed without warning, on a full disk, in folders that cannot be used. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attribute, Client, data as d } from "../../host/client/index.ts";
import { connectTcp } from "../../host/client/transport.ts";
import { Dice } from "../testing.ts";
import { GMAC, LLS } from "./rig.ts";
import { end, killAll, MAIN, serve, type Served } from "./served.ts";

const TEXT = attribute(1, "0-0:96.1.1.255", 2);
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
/** Two restarts behind a kill. */
const LIVES = 3;
/** Processes start slowly where others work. */
const TEST_MS = 300_000;

let folder: string;
const mounted: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "durable-"));
});

afterEach(() => {
  killAll();
  for (const place of mounted.splice(0)) spawnSync("umount", ["-l", place]);
  rmSync(folder, { recursive: true });
});

async function connected(port: number, options = LLS): Promise<Client> {
  const client = new Client(await connectTcp("127.0.0.1", port), { timeOut: 20_000, ...options });
  await client.connect();
  await client.associate();
  return client;
}

const killed = ({ child }: Served): Promise<number | null> => end(child, "SIGKILL");

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8", cwd: folder, timeout: 60_000 });
}

/** Mounts a file system of this size in memory; false where this user may not. */
function mount(place: string, size: string): boolean {
  mkdirSync(place);
  const done = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", place]).status === 0;
  if (done) mounted.push(place);
  else console.log("skipped: this user may not mount a file system");
  return done;
}

const textOf = async (client: Client): Promise<string> =>
  Buffer.from(((await client.get(TEXT)) as { value: Uint8Array }).value).toString();

/** Writes numbered texts until the meter goes away; the last one acknowledged, and the one that was under way. */
async function writes(
  client: Client,
  from: number,
  count = Infinity,
): Promise<{ acknowledged: number; asked: number }> {
  let [acknowledged, asked] = [from, from];
  try {
    while (asked < from + count) {
      await client.set(TEXT, d.octetString(Buffer.from(String(++asked))));
      acknowledged = asked;
    }
  } catch {
    // The process was killed, or the meter is out of service.
  }
  return { acknowledged, asked };
}

describe.runIf(existsSync(MAIN))("a process that is killed", () => {
  it.each(["strict", "group"])(
    "has lost nothing it acknowledged, and repeats no counter: --durability %s",
    async (durability) => {
      const dice = new Dice(durability.length);
      const words = ["--state", join(folder, "state"), "--durability", durability];
      let [acknowledged, asked, counter, lowest] = [0, 0, 1, 0];
      for (let life = 0; life < LIVES; life++) {
        const served = await serve(...words);
        const client = await connected(served.ready.tcp[0]!);
        if (life > 0) expect([acknowledged, asked]).toContain(Number(await textOf(client)));
        counter += 1000;
        const ciphered = await connected(served.ready.tcp[0]!, { ...GMAC, counter });
        const { security } = ciphered;
        expect(security!.lowestAcceptable.global - 3).toBeGreaterThanOrEqual(lowest);
        await ciphered.get(ENERGY);
        lowest = security!.lowestAcceptable.global;
        const gone = new Promise((resolve) => setTimeout(resolve, 100 + dice.roll(300))).then(() => killed(served));
        ({ acknowledged, asked } = await writes(client, asked));
        expect(acknowledged).toBeGreaterThan(0);
        await gone;
      }
    },
    TEST_MS,
  );
});

describe.runIf(existsSync(MAIN))("a full disk", () => {
  it(
    "takes the meter out of service with one line, and nothing acknowledged is lost",
    async () => {
      const place = join(folder, "small");
      if (!mount(place, "1m")) return;
      const state = join(place, "state");
      const first = await serve("--state", state);
      await killed(first);
      const left = spawnSync("df", ["--output=avail", "-B1", place], { encoding: "utf8" })
        .stdout.trim()
        .split("\n")[1]!;
      writeFileSync(join(place, "filler"), new Uint8Array(Math.max(0, Number(left) - 12_288)));
      const served = await serve("--state", state);
      const { acknowledged, asked } = await writes(await connected(served.ready.tcp[0]!), 0, 2000);
      expect(asked).toBeLessThan(2000);
      expect(served.text()).toMatch(/no space left for .*meters-0\.shard; make room and start again/);
      expect(served.text()).toContain("the meter is out of service");
      await killed(served);
      rmSync(join(place, "filler"));
      const again = await serve("--state", state);
      expect([acknowledged, asked]).toContain(Number(await textOf(await connected(again.ready.tcp[0]!))));
      await killed(again);
    },
    TEST_MS,
  );
});

describe.runIf(existsSync(MAIN))("a folder that cannot be used", () => {
  function oneLine(result: { status: number | null; stderr: string }, message: RegExp): void {
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect(result.status).toBe(1);
  }

  it(
    "is named in one line: read-only, a file, a damaged shard, another version",
    async () => {
      writeFileSync(join(folder, "file"), "");
      oneLine(
        run("serve", "--tcp", "0", "--state", join(folder, "file")),
        /file cannot be written \(E\w+\); make it writable/,
      );
      const state = join(folder, "state");
      await killed(await serve("--state", state));
      const shard = join(state, "meters-0.shard");
      const octets = readFileSync(shard);
      writeFileSync(shard, Buffer.concat([Buffer.alloc(8), octets.subarray(8)]));
      oneLine(
        run("serve", "--tcp", "0", "--state", state),
        /meters-0\.shard is damaged or no state of meters; restore it/,
      );
      const place = join(folder, "fixed");
      if (!mount(place, "64k")) return;
      spawnSync("mount", ["-o", "remount,ro", place]);
      oneLine(run("serve", "--tcp", "0", "--state", place), /fixed cannot be written \(EROFS\); make it writable/);
    },
    TEST_MS,
  );

  it(
    "with a state that is damaged beyond use: the meter stays out of service, and state check says so",
    async () => {
      const state = join(folder, "state");
      await killed(await serve("--state", state));
      const shard = join(state, "meters-0.shard");
      const octets = readFileSync(shard);
      expect(run("state", "check", state)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^meter 0: checkpoint 1, .*\n1 meters, no damage\n$/),
      });
      expect(run("state", "export", state, join(folder, "copy")).status).toBe(0);
      writeFileSync(shard, Buffer.concat([octets.subarray(0, 4096), Buffer.alloc(octets.length - 4096, 0xff)]));
      expect(run("state", "check", state)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("damaged beyond use"),
      });
      const served = await serve("--state", state);
      expect(served.text()).toContain("the stored state is damaged beyond use; dlms-meter state check tells more");
      await killed(served);
      expect(run("state", "import", state, join(folder, "copy")).status).toBe(0);
      const dump = run("state", "dump", state);
      expect(dump.stdout).toMatch(/0-0:99\.98\.0\.255 7:2 = 1 rows/);
      expect(dump.stdout).not.toMatch(/000102030405060708090A0B0C0D0E0F/);
      await killed(await serve("--state", state));
    },
    TEST_MS,
  );

  it(
    "with a journal of another format version: the meter stays out of service, and nothing is written",
    async () => {
      const state = join(folder, "state");
      await killed(await serve("--state", state));
      const shard = join(state, "meters-0.shard");
      const octets = readFileSync(shard);
      // The head of the journal, complemented as all of a flash stands in the file (docs/FLASH.md).
      const head = octets.subarray(4096, 4096 + 20).map((octet) => octet ^ 0xff);
      const view = new DataView(head.buffer, head.byteOffset, head.length);
      view.setUint32(4, 2, true);
      view.setUint32(16, crc32(head.subarray(0, 16)), true);
      octets.set(
        head.map((octet) => octet ^ 0xff),
        4096,
      );
      writeFileSync(shard, octets);
      const served = await serve("--state", state);
      expect(served.text()).toMatch(/the stored state is of another format version; use the program that wrote it/);
      await killed(served);
      expect(readFileSync(shard).equals(octets)).toBe(true);
      const checked = run("state", "check", state);
      expect(checked).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("format version 2; use the program"),
      });
    },
    TEST_MS,
  );
});
