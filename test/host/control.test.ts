/** A running service and those who act on it: the commands inject, time and status, the control socket and the keys of a terminal. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { numberOf } from "../../host/client/data.ts";
import { attribute, Client } from "../../host/client/session.ts";
import { connectTcp } from "../../host/client/transport.ts";
import { ManualClock, RunningClock } from "../../host/clock.ts";
import { controlAsk } from "../../host/control/socket.ts";
import { ROOT } from "../tidy/sources.ts";
import { LLS } from "./rig.ts";
import { hasSocat, until } from "./terminals.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const ENERGY = attribute(3, "1-0:1.8.0.255", 2);
const START = ["--start", "2026-03-01T00:00:00Z", "--metrology", "constant"];

interface Event {
  event: string;
  [key: string]: unknown;
}

let folder: string;
let path: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "control-"));
  path = join(folder, "meter.sock");
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Next to no time passes by itself, however slow the machine is. */
const SLOW = ["--speed", "0.001"];

/** A service with a control socket, and what it says. */
async function serve(...words: string[]): Promise<{ child: ChildProcess; events: Event[]; port: number }> {
  const all = [MAIN, "serve", "--tcp", "0", "--json", "--control", path, ...START, ...SLOW, ...words];
  const child = spawn(process.execPath, all);
  running.push(child);
  const events: Event[] = [];
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop()!;
    events.push(...lines.map((line) => JSON.parse(line) as Event));
  });
  await until(() => events.some(({ event }) => event === "credentials"), 20_000);
  return {
    child,
    events,
    port: (events.find(({ event }) => event === "ready") as unknown as { tcp: number[] }).tcp[0]!,
  };
}

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8", cwd: folder, timeout: 30_000 });
}

/** A command whose answer is JSON. */
function json(...words: string[]): Record<string, unknown> {
  const { status, stdout, stderr } = run(...words, "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What `status --json` prints, without a process for it. */
const status = (): Promise<Record<string, unknown>> => controlAsk(path, { do: "status" });

function refused(result: { status: number | null; stderr: string }, message: string): void {
  expect(result.stderr).toContain(message);
  expect(result.stderr.trim().split("\n")).toHaveLength(1);
  expect(result.status).toBe(1);
}

async function read(port: number): Promise<number> {
  const client = new Client(await connectTcp("127.0.0.1", port), LLS);
  await client.connect();
  await client.associate();
  const value = numberOf(await client.get(ENERGY), "energy");
  await client.disconnect();
  return value;
}

async function end(child: ChildProcess): Promise<number | null> {
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  return (await gone)[0] as number | null;
}

describe("a clock that is told how to run", () => {
  it("never goes back, stands still at speed 0 and goes on from there", () => {
    const clock = new RunningClock(1000, 1);
    clock.speedSet(0);
    const still = clock.meterTime();
    expect(clock.lineTimeOf(still + 1)).toBe(Infinity);
    expect(clock.lineTimeOf(still)).toBeLessThanOrEqual(clock.lineTime());
    clock.jump(5_000_000);
    expect(clock.meterTime()).toBe(5_000_000);
    clock.jump(4_000_000);
    expect(clock.meterTime()).toBe(5_000_000);
    clock.speedSet(1000);
    expect([clock.speed, clock.speedBefore]).toEqual([1000, 1000]);
    expect(clock.lineTimeOf(1e9 + 500_000) - clock.lineTimeOf(1e9)).toBeCloseTo(500, 3);
    expect(new ManualClock(1).lineTimeOf()).toBe(Infinity);
  });
});

describe.runIf(existsSync(MAIN))("the time of a running service", () => {
  it("stands still, jumps through all that comes, and runs on at another speed", async () => {
    const { child, port, events } = await serve();
    expect(json("time", "pause", path)["speed"]).toBe(0);
    const before = (await status())["time"];
    expect(json("time", "jump", path, "1d 6h")).toMatchObject({ from: before });
    // 1 kW for 30 hours, and next to nothing before the pause.
    expect(await read(port)).toBe(30_000);
    expect(json("time", "jump", path, "2026-03-03T00:00:00Z")["time"]).toBe("2026-03-03T00:00:00.000Z");
    expect(await read(port)).toBe(48_000);
    expect(await status()).toMatchObject({ time: "2026-03-03T00:00:00.000Z", speed: 0 });
    json("time", "speed", path, "36000");
    while (String((await status())["time"]) < "2026-03-03T02");
    await controlAsk(path, { do: "pause" });
    expect(json("time", "resume", path)["speed"]).toBe(36000);
    // The service itself says what was done.
    const did = (): unknown[] => events.filter(({ event }) => event === "control").map((event) => event["did"]);
    await until(() => did().length === 6);
    expect(did()).toEqual(["speed", "jump", "jump", "speed", "speed", "speed"]);
    expect(await end(child)).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it("is refused to go back or out of all bounds", async () => {
    const { child } = await serve();
    refused(run("time", "jump", path, "2026-01-01T00:00:00Z"), "meter time never goes back; it is 2026-03-01T00:00");
    refused(run("time", "jump", path, "4000d"), "at most 10 years at once");
    refused(run("time", "jump", path, "soon"), '"soon" is no time');
    refused(run("time", "jump", path, "2026-13-01T00:00:00Z"), "there is no such time");
    refused(run("time", "speed", path, "0"), "give a speed from 0.001 to 1000000");
    refused(run("time", "speed", path, "fast"), '"fast" is no speed');
    await end(child);
  });
});

describe.runIf(existsSync(MAIN))("steps injected into a running service", () => {
  it("happen to the meters that are named, are shown, and end", async () => {
    const { child, port } = await serve("--meters", "3");
    await controlAsk(path, { do: "pause" });
    expect(run("inject", path, "overload", "watts=9000", "phases=1,2", "--meter", "0").stdout).toContain(
      "overload on 1 meter from 2026-03-01T00:00:0",
    );
    json("time", "jump", path, "1h");
    expect(json("status", path)).toMatchObject({
      meters: [{ meter: 0, state: "running", lasting: [{ do: "overload" }] }, { lasting: [] }, { lasting: [] }],
    });
    expect(run("status", path).stdout).toMatch(
      /standing still, 3 of 3 meters running\n  meter 0: running, overload\n$/,
    );
    json("inject", path, "end", "overload");
    json("time", "jump", path, "1h");
    expect(await read(port)).toBe(10_000 + 1_000);
    refused(run("inject", path, "end"), "no step lasts or is to come");
    await end(child);
  });

  it("an outage closes the port of the meter for clients until its power is back", async () => {
    const { child, port } = await serve();
    await controlAsk(path, { do: "pause" });
    json("inject", path, "outage", "for=10min");
    expect(await status()).toMatchObject({ meters: [{ state: "outage", lasting: [{ do: "outage" }] }] });
    await expect(read(port)).rejects.toThrow();
    json("time", "jump", path, "30min");
    expect(await read(port)).toBe(333);
    await end(child);
  });

  it("a whole scenario is played from now on", async () => {
    const { child } = await serve();
    const file = join(folder, "day.json");
    writeFileSync(
      file,
      JSON.stringify({
        steps: [
          { do: "sag", at: "1min", for: "1min" },
          { do: "swell", at: "1h" },
        ],
      }),
    );
    await controlAsk(path, { do: "pause" });
    expect(json("inject", path, "play", file)["steps"]).toEqual(["sag", "swell"]);
    json("inject", path, "play", "tamper");
    json("time", "jump", path, "90s");
    const steps = ((await status())["meters"] as { lasting: { do: string }[] }[])[0]!.lasting.map((step) => step.do);
    expect(steps).toEqual(["sag", "cover-open"]);
    await end(child);
  });

  it("are refused in one line where they are none", async () => {
    const { child } = await serve();
    refused(run("inject", path, "sagg"), "there is no such step; known are outage");
    refused(run("inject", path, "sag", "percent=170"), "sag): percent: must be <= 99");
    refused(run("inject", path, "sag", "percent"), 'write "percent" as KEY=VALUE');
    refused(run("inject", path, "sag", "--meter", "1"), "there is no meter 1; 1 meter, counted from 0");
    refused(run("inject", path, "sag", "--meter", "one"), "--meter: give numbers");
    refused(run("inject", path, "play", "nothing.json"), "nothing.json");
    refused(run("inject", path, "end", "sagg"), 'there is no step "sagg"');
    await end(child);
  });
});

describe.runIf(existsSync(MAIN))("the control socket", () => {
  it("is for its user alone", async () => {
    const { child } = await serve();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await end(child);
  });

  it("that a killed service left is taken over; one that is served, or is no socket, is not", async () => {
    const first = await serve();
    refused(run("serve", "--tcp", "0", "--control", path), `${path} is used by a running service`);
    const gone = once(first.child, "exit");
    first.child.kill("SIGKILL");
    await gone;
    expect(existsSync(path)).toBe(true);
    refused(run("status", path), `nobody answers at ${path}`);
    const second = await serve();
    expect((await status())["speed"]).toBe(0.001);
    await end(second.child);
    writeFileSync(path, "mine");
    refused(run("serve", "--tcp", "0", "--control", path), `${path} is there and is no socket`);
    refused(run("status", path), `nobody answers at ${path}`);
    const far = join(folder, "x".repeat(120));
    refused(run("serve", "--tcp", "0", "--control", far), "is too long for a socket");
    refused(run("status", join(folder, "none")), "is not there; is a service running with --control");
  });

  it("answers each line, also what is no request", async () => {
    const { child } = await serve();
    const socket = connect(path);
    let text = "";
    socket.setEncoding("utf8").on("data", (data) => (text += String(data)));
    const wrong = [
      "{",
      "7",
      '{"do":"dance"}',
      '{"do":"pause","now":1}',
      '{"do":"jump"}',
      '{"do":"inject","scenario":{}}',
    ];
    socket.write(`${wrong.join("\n")}\n{"do":"end","meters":[0.5]}\n{"do":"constructor"}\n`);
    socket.write('{"do":"sta');
    socket.write('tus"}\n');
    await until(() => text.split("\n").length === 10);
    const replies = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { ok: boolean; error: string });
    expect(replies.map(({ ok }) => ok)).toEqual([...new Array<boolean>(8).fill(false), true]);
    expect(replies.slice(0, 8).map(({ error }) => error)).toEqual([
      expect.stringContaining("not JSON"),
      expect.stringContaining('"do" must be one of inject, end, jump'),
      expect.stringContaining('"do" must be one of'),
      'pause: unknown key "now"',
      'jump: "to" is missing or not understood',
      'inject: key "steps" is missing',
      "there is no meter 0.5; 1 meter, counted from 0",
      expect.stringContaining('"do" must be one of'),
    ]);
    socket.destroy();
    expect(await end(child)).toBe(0);
  });
});

describe.runIf(existsSync(MAIN) && hasSocat)("a terminal", () => {
  /** `serve` on a pseudo terminal, whose keys are the input of socat. */
  function terminal(...words: string[]): { keys: (text: string) => void; text: () => string; socat: ChildProcess } {
    const command = [process.execPath, MAIN, "serve", "--tcp", "0", ...START, ...words].join(" ");
    const socat = spawn("socat", ["STDIO", `EXEC:"${command}",pty,setsid,ctty,stderr`]);
    running.push(socat);
    let text = "";
    socat.stdout.on("data", (chunk) => (text += String(chunk)));
    return { keys: (pressed) => void socat.stdin.write(pressed), text: () => text, socat };
  }

  it("triggers steps and moves the time by its keys, says so, and q ends it", async () => {
    const { keys, text, socat } = terminal();
    await until(() => text().includes("The key h shows"), 20_000);
    const said = async (pressed: string, what: string): Promise<void> => {
      const from = text().length;
      keys(pressed);
      await until(() => text().slice(from).includes(what));
    };
    await said("h", "terminal cover open and closed");
    await said(" ", "time stands still at 2026-03-01T00:00");
    await said("c", "cover-open on 1 meter");
    await said("c", "cover-open ended");
    await said("J", "time is 2026-03-02T00:00");
    await said("m", "magnet on 1 meter");
    await said("0", "all steps ended");
    await said("0", "no step lasts");
    await said(" ", "time runs at 1 from");
    await said("+", "time runs at 10 from");
    const gone = once(socat, "exit");
    await said("q", "stopped");
    await gone;
  });
});
