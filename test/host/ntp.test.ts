/** The time server of a meter: SNTP on loopback, what the meter makes of the answer, answers that are no good. */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { data as d } from "../../host/client/index.ts";
import { decodeData, encodeData as encode } from "../../host/client/axdr.ts";
import { OUTPUT_TIME } from "../../host/core.ts";
import { sntpOffset, TimeKeeper, timeServerOf } from "../../host/ntp.ts";
import { ControlRig } from "../device/control_rig.ts";
import { Rig } from "../device/rig.ts";

const NTP = "0-0:25.10.0.255";
const CLOCK = "0-0:1.0.0.255";
const STANDARD_LOG = "0-0:99.98.0.255";
const EPOCH_S = 2_208_988_800;

let server: Socket | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

/** A time server on loopback that is `ahead` ms ahead of this host; `change` spoils its answers. */
function timeServer(
  ahead: number,
  change: (answer: Buffer) => Buffer | undefined = (answer) => answer,
): Promise<number> {
  const socket = (server = createSocket("udp4"));
  const put = (packet: Buffer, at: number): void => {
    const ms = Date.now() + ahead;
    packet.writeUInt32BE((Math.floor(ms / 1000) + EPOCH_S) % 0x1_0000_0000, at);
    packet.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 0x1_0000_0000), at + 4);
  };
  socket.on("message", (question, from) => {
    expect(question.length).toBe(48);
    expect(question[0]).toBe(0x23);
    const answer = Buffer.alloc(48);
    answer[0] = 0x24;
    answer[1] = 2;
    question.copy(answer, 24, 40, 48);
    put(answer, 32);
    put(answer, 40);
    const sent = change(answer);
    if (sent !== undefined) socket.send(sent, from.port, from.address);
  });
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(socket.address().port)));
}

describe("a question", () => {
  it.each([0, 5000, -86_400_000, 15 * 365 * 86_400_000])("finds a server that is %i ms ahead", async (ahead) => {
    const port = await timeServer(ahead);
    expect(Math.abs((await sntpOffset("127.0.0.1", port)) - ahead)).toBeLessThan(200);
  });

  const spoiled: [string, (answer: Buffer) => Buffer | undefined, RegExp][] = [
    ["nobody", () => undefined, /does not answer/],
    ["somebody else", (a) => (a.writeUInt8(a[24]! ^ 1, 24), a), /another question/],
    ["a server that refuses", (a) => (a.writeUInt8(0, 1), a.write("RATE", 12), a), /refuses \(RATE\)/],
    ["a server without time", (a) => (a.writeUInt8(0xe4, 0), a), /not synchronized/],
    ["a client", (a) => (a.writeUInt8(0x23, 0), a), /mode 3/],
    ["half a packet", (a) => a.subarray(0, 47), /47 octets/],
  ];
  it.each(spoiled)("answered by %s is not answered", async (_, change, expected) => {
    const port = await timeServer(0, change);
    await expect(sntpOffset("127.0.0.1", port, 300)).rejects.toThrow(expected);
  });
});

describe("a meter", () => {
  const activate = async (rig: ControlRig, port: number): Promise<void> => {
    await rig.set(100, NTP, 3, d.octetString(Buffer.from("127.0.0.1")));
    await rig.set(100, NTP, 4, d.longUnsigned(port));
    await rig.set(100, NTP, 2, d.boolean(true));
  };

  it("asks when a client lets it synchronize, and only when it is activated", async () => {
    const rig = await ControlRig.boot();
    const { bank } = rig.raw;
    expect(await rig.call(100, NTP, 1)).toBe(250);
    await activate(rig, 123);
    rig.raw.timeAsked = 0;
    expect(await rig.call(100, NTP, 1)).toBe(0);
    expect(rig.raw.timeAsked).toBe(1);
    expect(bank.outputPoll(0) & OUTPUT_TIME).toBe(0);
    expect(await rig.call(100, NTP, 1, d.unsigned(0))).toBe(12);
  });

  it("follows: a small correction is silent, another is logged with the old and the new time", async () => {
    const rig = await ControlRig.boot();
    const { bank } = rig.raw;
    bank.input(0, 15, 5000, rig.raw.meterTime);
    expect((await rig.get(8, CLOCK, 2)) as unknown).toMatchObject({ type: "octet-string" });
    const before = Buffer.from(((await rig.get(8, CLOCK, 2)) as { value: Uint8Array }).value).toString("hex");
    await activate(rig, 123);
    bank.input(0, 15, 5000, rig.raw.meterTime);
    const after = Buffer.from(((await rig.get(8, CLOCK, 2)) as { value: Uint8Array }).value).toString("hex");
    expect(Number.parseInt(after.slice(14, 16), 16) - Number.parseInt(before.slice(14, 16), 16)).toBe(5);
    expect((await rig.events(STANDARD_LOG)).filter((code) => code === 4 || code === 5)).toEqual([]);
    bank.input(0, 15, 3_600_000, rig.raw.meterTime);
    rig.raw.drain();
    expect((await rig.events(STANDARD_LOG)).filter((code) => code === 4 || code === 5)).toEqual([4, 5]);
  });

  it("behind the pump: the keeper finds its server and brings the answer", async () => {
    const rig = Rig.boot();
    const meter = rig.meter(0);
    expect(timeServerOf(meter)).toBeUndefined();
    const face = {
      face: () =>
        [d.boolean(true), d.octetString(Buffer.from([127, 0, 0, 1])), d.longUnsigned(4123)].map((value, i) => ({
          classId: 100,
          logicalName: new Uint8Array(6),
          attribute: 2 + i,
          scaler: 0,
          unit: 0,
          value: encode(value),
        })),
    };
    expect(timeServerOf(face)).toEqual({ server: "127.0.0.1", port: 4123 });
    const asked: string[] = [];
    const reports: string[] = [];
    const keeper = new TimeKeeper({
      meters: () => rig.bank.meters,
      report: (_, text) => void reports.push(text),
      offset: async (name, port) => (asked.push(`${name}:${port}`), 1000),
    });
    await keeper.ask(meter);
    expect(asked).toEqual([]);
    expect(reports).toEqual([]);
    expect(meter.face(0).map((item) => decodeData(item.value).type)).toContain("double-long-unsigned");
  });
});
