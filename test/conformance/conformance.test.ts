/** The runner against the meter of this project, which passes, and against meters that do wrong, which do not. */
import { existsSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex, hdlcFrame, WpduReader, wpduEncode } from "../../host/client/index.ts";
import { ROOT } from "../tidy/sources.ts";
import { verdictOf, type CaseResult } from "./case.ts";
import { CASES, casesFor } from "./cases/index.ts";
import { configDefault, type Association, type Config } from "./config.ts";
import { SocketMeter } from "./meter.ts";
import { reportHtml } from "./report/html.ts";
import { reportJson } from "./report/json.ts";
import { countsOf, summaryText } from "./report/text.ts";
import { conformanceRun, type Run } from "./runner.ts";

const WHOLE_RUN_MILLISECONDS = 240_000;

const namesOf = (group: string): string[] => CASES.filter((one) => one.group === group).map((one) => one.name);

describe("the list of cases", () => {
  it("has the public names, as many as the suites have", () => {
    expect(namesOf("HDLC")).toHaveLength(22);
    expect(namesOf("APPL")).toHaveLength(20);
    expect(namesOf("SYMSEC_0")).toHaveLength(15);
    expect(new Set(CASES.map((one) => one.name)).size).toBe(CASES.length);
  });
});

describe("verdicts", () => {
  it("come from the steps", () => {
    const of = (...verdicts: CaseResult["verdict"][]) => verdictOf(verdicts.map((verdict) => ({ text: "", verdict })));
    expect(of("PASSED", "FAILED", "INCONCLUSIVE")).toBe("FAILED");
    expect(of("PASSED", "INAPPLICABLE", "INCONCLUSIVE")).toBe("PASSED");
    expect(of("INAPPLICABLE")).toBe("INAPPLICABLE");
    expect(of("INAPPLICABLE", "INCONCLUSIVE")).toBe("INCONCLUSIVE");
    expect(of()).toBe("INCONCLUSIVE");
  });
});

const CORE = join(ROOT, "build/core.wasm");

describe.runIf(existsSync(CORE))("the meter of this project", () => {
  let run: Run;
  let meter: SocketMeter;
  const config: Config = { ...configDefault(), quick: true, silence: 150, reset: (c) => meter.start(c) };

  afterAll(() => meter.stop());
  beforeAll(async () => {
    meter = new SocketMeter();
    await meter.start(config);
    run = await conformanceRun(config, await casesFor(config, () => true));
  }, WHOLE_RUN_MILLISECONDS);

  it("fails no case", () => {
    const failed = run.results.filter((result) => result.verdict === "FAILED");
    expect(failed.map((result) => `${result.name}: ${result.note}`)).toEqual([]);
  });

  it("leaves open only what waits for time-outs", () => {
    const open = run.results.filter((result) => result.verdict === "INCONCLUSIVE").map((result) => result.name);
    expect(open).toEqual(["HDLC_FRAME_P2", "HDLC_FRAME_P3"]);
  });

  it("ends frames and links after their time-outs", async () => {
    const hasty = new SocketMeter(["0-0:22.0.0.255:8=2"]);
    const slow = { ...config, quick: false };
    await hasty.start(slow);
    const verdicts = await verdictsOf(slow, /^HDLC_FRAME_P[23]$/);
    await hasty.stop();
    expect(verdicts).toEqual({ HDLC_FRAME_P2: "PASSED", HDLC_FRAME_P3: "PASSED" });
  });

  it("does what the standard prefers wherever more is allowed", () => {
    const remarks = run.results.flatMap(({ name, steps }) =>
      steps.filter((step) => step.remark === true).map((step) => `${name}: ${step.text}: ${step.got}`),
    );
    expect(remarks).toEqual([]);
  });

  it("was asked about every attribute of every object in every association", () => {
    const objects = run.results.filter((result) => /^COSEM_\d+_\d+ /.test(result.name));
    expect(objects.length).toBeGreaterThan(15);
    const steps = objects.flatMap((result) => result.steps);
    expect(countsOf(steps).PASSED).toBeGreaterThan(1000);
    for (const { name } of config.associations)
      expect(objects.some((one) => one.name.endsWith(`(${name})`))).toBe(true);
  });

  it("is reported as text, JSON and one page", () => {
    const counts = countsOf(run.results);
    expect(summaryText(run)).toContain(`${counts.PASSED} PASSED, 0 FAILED`);
    expect(reportJson(run, config)).toMatchObject({ cases: counts, quick: true });
    const page = reportHtml(run, config);
    for (const result of run.results) expect(page).toContain(`<td>${result.name}</td>`);
    expect(page).not.toMatch(/<(link|script|img)\b/);
  });
});

describe.runIf(existsSync(CORE))("a meter with short names", () => {
  const password = fromHex("3030303030303030");
  const security = { authentication: "gmac", shortNames: true } as const;
  const shortNames: Association[] = [
    { name: "public", clientSap: 17, authentication: "none", security: "none", shortNames: true },
    { name: "LLS", clientSap: 18, authentication: "lls", security: "none", password, shortNames: true },
    { name: "GMAC", clientSap: 18, security: "none", ...security },
    { name: "GMAC, ciphered", clientSap: 18, security: "authenc", ...security },
  ];

  it("passes the cases of short names, without remarks", async () => {
    const config: Config = { ...configDefault(), quick: true, silence: 150, shortNames };
    const meter = new SocketMeter([], 0, "idis-p3-sn");
    await meter.start(config);
    const cases = CASES.filter((one) => /^APPL_(IDLE_N1|OPEN_1|DATA_SN_N.)$/.test(one.name));
    const run = await conformanceRun(config, cases);
    await meter.stop();
    expect(run.results.map((one) => `${one.name} ${one.verdict} ${one.note}`.trim())).toEqual(
      cases.map((one) => `${one.name} PASSED`),
    );
    const steps = run.results.flatMap((one) => one.steps);
    expect(steps.filter((step) => step.remark === true)).toEqual([]);
    expect(steps.filter((step) => step.text.startsWith("GMAC, ciphered")).length).toBeGreaterThan(15);
  });
});

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

/** A port that gives each connection its own answerer. */
function listen(make: () => (octets: Uint8Array) => Uint8Array[]): Promise<number> {
  const server = createServer((socket) => {
    const answer = make();
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (octets) => answer(octets).forEach((part) => socket.write(part)));
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Says UA to whatever comes, good or bad. */
function yesManOfHdlc(): (octets: Uint8Array) => Uint8Array[] {
  const { CONTROL, frameEncode, PARAMETERS_DEFAULT, parametersEncode } = hdlcFrame;
  const ua = frameEncode({
    segmented: false,
    destination: { upper: 16, size: 1 },
    source: { upper: 1, lower: 16, size: 2 },
    control: CONTROL.UA,
    information: parametersEncode({ ...PARAMETERS_DEFAULT, windowReceive: 7, informationReceiveMax: 2030 }),
  });
  return () => [ua];
}

/** Accepts every AARQ and answers every other APDU as a GET that succeeded. */
function yesManOfAssociations(): (octets: Uint8Array) => Uint8Array[] {
  const stream = new WpduReader();
  const aare = fromHex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040060FEDF04C80007");
  return (octets) =>
    stream.feed(octets).map(({ source, destination, apdu }) => {
      const get = concat(fromHex("C401"), apdu.subarray(2, 3), fromHex("001602"));
      return wpduEncode({ source: destination, destination: source, apdu: apdu[0] === 0x60 ? aare : get });
    });
}

async function verdictsOf(config: Config, wanted: RegExp): Promise<Record<string, string>> {
  const run = await conformanceRun(
    config,
    CASES.filter((one) => wanted.test(one.name)),
  );
  return Object.fromEntries(run.results.map((result) => [result.name, result.verdict]));
}

describe("a meter that does wrong", () => {
  const config: Config = { ...configDefault(), quick: true, silence: 30, timeOut: 100, interOctet: 20 };

  it("fails each negative case of HDLC when it says UA to everything", async () => {
    const hdlc = { host: "127.0.0.1", port: await listen(yesManOfHdlc) };
    const verdicts = await verdictsOf({ ...config, hdlc, addressLengths: [2] }, /^HDLC_/);
    expect(verdicts).toEqual({
      ...Object.fromEntries(namesOf("HDLC").map((name) => [name, "FAILED"])),
      HDLC_FRAME_P2: "INCONCLUSIVE",
      HDLC_FRAME_P3: "INCONCLUSIVE",
    });
  });

  it("fails when it says nothing", async () => {
    const port = await listen(() => () => []);
    const endpoint = { host: "127.0.0.1", port };
    const verdicts = await verdictsOf({ ...config, hdlc: endpoint, target: endpoint }, /^(HDLC_FRAME_P1|APPL_OPEN_1)$/);
    expect(verdicts).toEqual({ HDLC_FRAME_P1: "FAILED", APPL_OPEN_1: "FAILED" });
  });

  it("fails the cases of refusals when it accepts every association and serves everything", async () => {
    const target = { host: "127.0.0.1", port: await listen(yesManOfAssociations) };
    const associations = config.associations.slice(0, 2);
    const wanted = /^APPL_(IDLE_N1|OPEN_([4579]|12|13|14)|DATA_LN_N[134]|REL_P1)$/;
    const verdicts = await verdictsOf({ ...config, target, associations }, wanted);
    expect(Object.keys(verdicts)).toHaveLength(12);
    expect(Object.entries(verdicts).filter(([, verdict]) => verdict !== "FAILED")).toEqual([]);
  });

  it("is INAPPLICABLE where it declares no port", async () => {
    const verdicts = await verdictsOf({ ...config }, /^(HDLC_INFO_P1|APPL_OPEN_1)$/);
    expect(verdicts).toEqual({ HDLC_INFO_P1: "INAPPLICABLE", APPL_OPEN_1: "INAPPLICABLE" });
  });
});
