/** `serve --workers`: meters dealt out to threads, which nobody can tell from those of one thread. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Command } from "commander";
import { meterRanges, rangeText } from "../../host/cli/deal.ts";
import { ServeError, serveOptions, withServeOptions } from "../../host/cli/serve_options.ts";
import { toText } from "../../host/client/data.ts";
import { attribute, Client } from "../../host/client/session.ts";
import { connectTcp } from "../../host/client/transport.ts";
import { RunningClock } from "../../host/clock.ts";
import { controlAsk } from "../../host/control/socket.ts";
import { ROOT } from "../tidy/sources.ts";
import { LLS } from "./rig.ts";
import { end, killAll, MAIN, serve as served, type Served } from "./served.ts";

const NAME = attribute(1, "0-0:42.0.0.255", 2);
const TEXT = attribute(1, "0-0:96.1.1.255", 2);
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const PROFILE = attribute(7, "1-0:99.1.0.255", 2);
const LOG = attribute(7, "0-0:99.98.0.255", 2);
/** Next to no time passes by itself, however slow the machine is. */
const SLOW = ["--start", "2026-03-01T00:00:00Z", "--speed", "0.001"];

let folder: string;
let control: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workers-"));
  control = join(folder, "c");
});

afterEach(() => {
  killAll();
  rmSync(folder, { recursive: true });
});

/** A service with a control socket. */
const serve = (...words: string[]): Promise<Served> =>
  served("--hdlc-tcp", "0", "--control", control, ...SLOW, ...words);

async function connected(host: string, port: number): Promise<Client> {
  const client = new Client(await connectTcp(host, port), LLS);
  await client.connect();
  await client.associate();
  return client;
}

async function values(port: number, what: ReturnType<typeof attribute>[], host = "127.0.0.1"): Promise<string[]> {
  const client = await connected(host, port);
  const found: string[] = [];
  for (const one of what) found.push(toText(await client.get(one)));
  await client.disconnect();
  return found;
}

async function textSet(port: number, text: string): Promise<void> {
  const client = await connected("127.0.0.1", port);
  await client.set(TEXT, { type: "octet-string", value: Buffer.from(text) });
  await client.disconnect();
}

describe("meters are dealt out", () => {
  it.each([
    [20, 2, 1, [10, 10]],
    [7, 3, 1, [2, 2, 3]],
    [20, 2, 8, [8, 12]],
    [3000, 2, 8, [1496, 1504]],
    [5, 5, 1, [1, 1, 1, 1, 1]],
    [9, 2, 8, [8, 1]],
  ])("%d to %d threads by %d: %j", (meters, workers, together, counts) => {
    const ranges = meterRanges(meters, workers, together);
    expect(ranges.map(({ count }) => count)).toEqual(counts);
    let first = 0;
    for (const range of ranges) {
      expect(range.first).toBe(first);
      expect(range.first % together).toBe(0);
      first += range.count;
    }
    expect(first).toBe(meters);
  });

  it("and named", () => {
    expect([rangeText({ first: 3, count: 1 }), rangeText({ first: 8, count: 8 })]).toEqual([
      "meter 3",
      "meters 8 to 15",
    ]);
  });
});

describe("a clock that follows another", () => {
  it("has its time and speed, whatever it had before", () => {
    const leader = new RunningClock(5_000_000, 1000);
    const follower = new RunningClock(0, 1);
    follower.follow(leader.state);
    const [before, found, after] = [leader.meterTime(), follower.meterTime(), leader.meterTime()];
    expect(found).toBeGreaterThanOrEqual(before);
    expect(found).toBeLessThanOrEqual(after);
    leader.speedSet(0);
    leader.jump(9e9);
    follower.follow(leader.state);
    expect([follower.meterTime(), follower.speed]).toEqual([9e9, 0]);
  });
});

describe.runIf(existsSync(MAIN))("meters of two threads", () => {
  it("are those of one thread: names, energies, rows and events, in history and after a jump", async () => {
    const scenario = join(folder, "day.json");
    const steps = [
      { do: "outage", at: "2h", for: "10min", jitter: "1h" },
      { do: "cover-open", at: "5h", for: "1h", meters: [9] },
    ];
    writeFileSync(scenario, JSON.stringify({ steps }));
    const seen: unknown[] = [];
    for (const workers of [1, 2]) {
      const words = ["--meters", "10", "--workers", String(workers), "--backfill", "1", "--scenario", scenario];
      const { child, ready } = await serve(...words);
      expect(ready).toMatchObject({ meters: 10, workers });
      expect(new Set([...ready.tcp, ...ready.hdlcTcp]).size).toBe(20);
      const found: unknown[] = [];
      const look = async (): Promise<unknown> =>
        Promise.all([0, 9].map((meter) => values(ready.tcp[meter]!, [NAME, ENERGY, PROFILE, LOG])));
      found.push(await look());
      const magnet = { scenario: { steps: [{ do: "magnet", at: "1h" }] }, meters: [1, 8] };
      await controlAsk(control, { do: "inject", ...magnet });
      await controlAsk(control, { do: "jump", to: "2026-03-02T00:00:00Z" });
      await controlAsk(control, { do: "pause" });
      found.push(await look());
      const { meters, waiting, speed } = (await controlAsk(control, { do: "status" })) as {
        meters?: { meter: number; lasting: { do: string }[] }[];
        waiting?: number;
        speed?: number;
      };
      found.push(
        waiting,
        speed,
        meters!.map(({ meter, lasting }) => [meter, lasting.map((step) => step.do)]),
      );
      await expect(controlAsk(control, { do: "end", meters: [10] })).rejects.toThrow("there is no meter 10; 10 meters");
      found.push((await controlAsk(control, { do: "end", step: "magnet" }))["steps"]);
      expect(await end(child, "SIGTERM")).toBe(0);
      seen.push(found);
    }
    expect(seen[1]).toEqual(seen[0]);
    const [first] = seen as [[string[][], string[][], number, number, [number, string[]][], number]];
    expect(first[0][0]![0]).not.toBe(first[0][1]![0]);
    expect(first[1][0]![3]).not.toBe(first[0][0]![3]);
    expect(first.slice(2)).toEqual([
      0,
      0,
      expect.arrayContaining([
        [8, ["magnet"]],
        [9, []],
      ]),
      2,
    ]);
  });

  it("keep what was acknowledged over restarts with any number of threads", async () => {
    const words = ["--meters", "20", "--state", join(folder, "state"), "--workers"];
    for (const [round, workers] of [2, 3, 1].entries()) {
      const { child, ready } = await serve(...words, String(workers));
      const { tcp } = ready;
      for (const meter of [0, 7, 8, 19]) {
        if (round > 0) expect(await values(tcp[meter]!, [TEXT])).toEqual([`"${round - 1} of ${meter}"`]);
        await textSet(tcp[meter]!, `${round} of ${meter}`);
      }
      // Without a warning, and then with one.
      const signal = round % 2 === 0 ? "SIGKILL" : "SIGTERM";
      expect(await end(child, signal)).toBe(signal === "SIGKILL" ? null : 0);
    }
    const { status, stdout } = spawnSync(process.execPath, [MAIN, "state", "check", join(folder, "state")]);
    expect([status, String(stdout)]).toEqual([0, expect.stringContaining("20 meters, no damage")]);
  });

  it("have addresses of their own, on one port, and begin when they are reached", async () => {
    const { ready } = await serve("--meters", "12", "--workers", "2", "--each-address", "--seat", "contact");
    expect([ready.tcp.length, ready.hdlcTcp.length]).toEqual([1, 1]);
    const [first] = await values(ready.tcp[0]!, [NAME]);
    const [last] = await values(ready.tcp[0]!, [NAME], "127.0.0.12");
    expect(first).not.toBe(last);
    expect(await controlAsk(control, { do: "status" })).toMatchObject({ waiting: 10 });
    await expect(connectTcp("127.0.0.13", ready.tcp[0]!)).rejects.toThrow("ECONNREFUSED");
  });

  it("end with their thread: the process says whose it was, lets the others write, and ends with 1", async () => {
    const [strike, state] = [join(folder, "strike"), join(folder, "state")];
    const striker = join(folder, "striker.mjs");
    writeFileSync(
      striker,
      `import { existsSync } from "node:fs";
       import { workerData } from "node:worker_threads";
       const look = () => { if (existsSync(${JSON.stringify(strike)})) throw new Error("struck"); };
       if (workerData?.range?.first === 8) setInterval(look, 10);`,
    );
    const words = ["--meters", "20", "--state", state, "--metrology", "constant"];
    vi.stubEnv("NODE_OPTIONS", `--import=${pathToFileURL(striker).href}`);
    const { child, ready, text } = await serve(...words, "--workers", "2");
    vi.unstubAllEnvs();
    for (const meter of [0, 19]) await textSet(ready.tcp[meter]!, `of ${meter}`);
    await controlAsk(control, { do: "jump", to: "7min" });
    const gone = once(child, "exit");
    writeFileSync(strike, "");
    expect(await gone).toEqual([1, null]);
    const said = "the thread of meters 8 to 19 is gone: struck";
    expect(text()).toContain(`{"event":"fault","text":"${said}"}\n`);
    expect(text()).toContain(`error: ${said}\n`);
    const again = await serve(...words);
    for (const meter of [0, 19]) expect(await values(again.ready.tcp[meter]!, [TEXT])).toEqual([`"of ${meter}"`]);
    // What was measured since the last row is written when the power fails, which only the living thread heard of.
    expect(await values(again.ready.tcp[0]!, [ENERGY])).toEqual(["116"]);
    expect(await values(again.ready.tcp[19]!, [ENERGY])).toEqual(["0"]);
  });
});

describe("threads that would have nothing to do, or would share a line, are refused", () => {
  it.each([
    ["--meters 3 --workers 4", "--workers 4: there are 3 meters; give at most 3"],
    ["--workers 2", "--workers 2: there is 1 meter; give at most 1"],
    [
      "--meters 20 --workers 4 --state here",
      "--workers 4: there are 20 meters, dealt out by 8 with --state; give at most 3",
    ],
    [
      "--meters 3 --workers 2 --multi-drop",
      "--workers 2: meters of several threads cannot share a line; leave --multi-drop out",
    ],
    [
      "--meters 3 --workers 2 --serial /dev/null",
      "--workers 2: meters of several threads cannot share a line; leave --serial out",
    ],
  ])("%s", (line, message) => {
    const command = withServeOptions(new Command("serve")).parse(line.split(" "), { from: "user" });
    expect(() => serveOptions(command.opts())).toThrow(new ServeError(message));
  });

  it.runIf(existsSync(MAIN) && platform() === "linux")(
    "and addresses that the system does not give, in one line",
    () => {
      const limited = `ulimit -v 8000000 && exec '${process.execPath}' '${MAIN}' serve --tcp 0`;
      const { status, stderr } = spawnSync("sh", ["-c", limited], { encoding: "utf8", timeout: 60_000 });
      expect(stderr).toMatch(/^error: the system gives no memory of \d+ MiB in 10 GiB of addresses .*ulimit -v.*\n$/);
      expect(status).toBe(1);
    },
  );

  it.runIf(existsSync(MAIN))("and what a thread cannot open is said in one line", () => {
    const words = ["serve", "--tcp", "0", "--meters", "2", "--workers", "2", "--host", "192.0.2.1"];
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8", timeout: 60_000 });
    expect(stderr).toBe("error: 192.0.2.1 is no address of this machine; choose another with --host\n");
    expect(status).toBe(1);
  });
});

describe.runIf(existsSync(MAIN))("a program of one's own", () => {
  it("runs meters in threads of its own, as docs/ARCHITECTURE.md shows it", () => {
    const [, code] = /```js\n([^]*?)```/.exec(readFileSync(join(ROOT, "docs/ARCHITECTURE.md"), "utf8"))!;
    const program = join(folder, "days.mjs");
    const index = pathToFileURL(join(ROOT, "dist/index.js")).href;
    writeFileSync(program, code!.replaceAll('"dlms-meter"', JSON.stringify(index)));
    const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 120_000 });
    expect(stderr).toBe("");
    const lines = ["meters 0 to 9 have lived a day", "meters 10 to 19 have lived a day"];
    expect(stdout.trim().split("\n").sort()).toEqual(lines);
  });
});
