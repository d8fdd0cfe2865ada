/** EventNotification on the connection of its association, and pushes over HDLC. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Client, data, decodeApdu, method, NotificationReader, toHex, wpduDecode } from "../../host/client/index.ts";
import { Core } from "../../host/core.ts";
import { compileTemplate, type Compiled } from "../../host/template/compile.ts";
import { templateRead } from "../../host/template/load.ts";
import { ROOT, testingModule, type TestingExports } from "../testing.ts";
import { aarqLls } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, gmac, lls, template } from "./rig.ts";

const ROOMS = ["base", "crypto", "wire", "store", "link", "session", "meter", "cosem", "server", "device"];
testingModule("testing_notify", ROOMS);
const core = new Core(readFileSync(`${ROOT}/build/testing_notify.wasm`));

const NO_SPACE = -3;
const STATE = -8;
const RR = 0x11;
const ALARM = "0-4:25.9.0.255";

const { management } = templateRead().associations;
const offering: Compiled = template({
  associations: { management: { ...management!, conformance: [...management!.conformance, "event-notification"] } },
});

const boot = (compiled = offering): RawMeter => RawMeter.boot({ template: compiled, core });
const call = (raw: RawMeter, name: string, ...values: number[]): number =>
  (raw.bank as unknown as { exports: TestingExports }).exports[name]!(raw.seat, ...values);

/** Asks for an event of an object's attribute to the client of a slot. */
function notify(raw: RawMeter, slot: number, name: string, id: number): number {
  const result = call(raw, "eventNotifyAt", slot, raw.compiled.model.find(name)!.index, id);
  raw.advance(0);
  return result;
}

/** The date-time of the meter's clock and the event of 0-0:42.0.0.255, as octets. */
const EVENT_HEAD = "C2010C07EA0105010D000000FFC40000010000";

describe("an event over the wrapper", () => {
  it("goes to the client of the association, with wPorts of an answer", async () => {
    const raw = boot();
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    expect(notify(raw, slot, CLOCK, 2)).toBe(STATE);
    const client = new Client(raw.transport(slot), lls(raw.identity));
    await client.connect();
    await client.associate();
    expect(notify(raw, slot, "0-0:42.0.0.255", 2)).toBe(0);
    const [item] = raw.take(slot);
    const wpdu = wpduDecode(item!);
    expect([wpdu.source, wpdu.destination]).toEqual([1, 1]);
    const name = Buffer.from(raw.identity.logicalDeviceName).toString("hex").toUpperCase();
    expect(toHex(wpdu.apdu)).toBe(`${EVENT_HEAD}2A0000FF020910${name}`);
    expect(raw.take(slot)).toEqual([]);
    await client.get({ classId: 1, logicalName: "0-0:42.0.0.255", attribute: 2 });
  });

  it("is an InformationReport with the short name where the association has those", async () => {
    const under = templateRead("idis-p3-sn");
    const short = under.associations["short-names"]!;
    short.conformance.push("information-report");
    const raw = boot(compileTemplate(under));
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), lls(raw.identity, { clientSap: 18, shortNames: true }));
    await client.connect();
    await client.associate();
    expect(notify(raw, slot, "0-0:42.0.0.255", 2)).toBe(0);
    const { apdu } = wpduDecode(raw.take(slot)[0]!);
    const name = Buffer.from(raw.identity.logicalDeviceName).toString("hex").toUpperCase();
    expect(toHex(apdu)).toBe(`18010C07EA0105010D000000FFC4000102FD08010910${name}`);
    expect(decodeApdu(apdu)).toMatchObject({ list: [{ access: "name", name: 0xfd08 }] });
  });

  it("is not sent where it was not negotiated, or of what nobody may read", async () => {
    const raw = boot(template());
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), lls(raw.identity));
    await client.connect();
    await client.associate();
    expect(notify(raw, slot, CLOCK, 2)).toBe(STATE);
    const able = boot();
    able.open(slot);
    const other = new Client(able.transport(slot), lls(able.identity));
    await other.connect();
    await other.associate();
    expect(notify(able, slot, "0-0:40.0.1.255", 7)).toBe(0);
    expect(able.take(slot)).toEqual([]);
  });

  it("is ciphered as the policy says, with the counter of the association's answers", async () => {
    const { guek, gak } = boot().identity.keys;
    const strict = template({
      associations: { management: { ...management!, conformance: [...management!.conformance, "event-notification"] } },
      objects: [{ logicalName: "0-0:43.0.0.255", attributes: { 2: { value: { enum: 0x60 } } } }],
    });
    const raw = boot(strict);
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), gmac(raw.identity));
    await client.connect();
    await client.associate();
    notify(raw, slot, CLOCK, 2);
    const { apdu } = wpduDecode(raw.take(slot)[0]!);
    expect(apdu[0]).toBe(0xca);
    const reader = new NotificationReader({ guek, gak, systemTitle: raw.identity.systemTitle });
    const first = reader.take(apdu)!;
    expect(first.apdu).toMatchObject({ kind: "event-notification-request", descriptor: { classId: 8, attribute: 2 } });
    notify(raw, slot, CLOCK, 2);
    const second = reader.take(wpduDecode(raw.take(slot)[0]!).apdu)!;
    expect(second.protection!.invocationCounter).toBe(first.protection!.invocationCounter + 1);
  });
});

describe("an event over HDLC", () => {
  it("leaves in a UI frame when the client gives the token, and RR behind it", () => {
    const raw = boot();
    const channel = raw.hdlc();
    channel.connect();
    expect(channel.exchange(aarqLls(raw.identity.keys.lls))![0]).toBe(0x61);
    expect(notify(raw, channel.slot, "0-0:42.0.0.255", 2)).toBe(0);
    expect(raw.take(channel.slot)).toEqual([]);
    const frames = channel.send(RR | (channel.vr << 5));
    expect(frames.map((frame) => frame.control.type)).toEqual(["UI", "RR"]);
    expect(toHex(frames[0]!.information)).toMatch(new RegExp(`^E6E700${EVENT_HEAD}`));
    expect(channel.send(RR | (channel.vr << 5)).map((frame) => frame.control.type)).toEqual(["RR"]);
  });

  it("waits behind at most seven others", () => {
    const raw = boot();
    const channel = raw.hdlc();
    channel.connect();
    channel.exchange(aarqLls(raw.identity.keys.lls));
    const results = Array.from({ length: 9 }, () => notify(raw, channel.slot, CLOCK, 2));
    expect(results).toEqual([0, 0, 0, 0, 0, 0, 0, 0, NO_SPACE]);
    // They leave at the first opportunity: all while the station holds the token.
    const types = channel.send(RR | (channel.vr << 5)).map((frame) => frame.control.type);
    expect(types).toEqual([...Array.from({ length: 8 }, () => "UI"), "RR"]);
    expect(channel.send(RR | (channel.vr << 5)).map((frame) => frame.control.type)).toEqual(["RR"]);
  });
});

describe("a push over HDLC", () => {
  const compiled = template({
    objects: [
      {
        logicalName: ALARM,
        attributes: { 3: { value: { structure: [{ enum: 5 }, { "octet-string": "" }, { enum: 0 }] } } },
      },
    ],
  });

  it("waits for the link of its client, and leaves in UI frames", async () => {
    const raw = boot(compiled);
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const client = new Client(raw.transport(slot), lls(raw.identity));
    await client.connect();
    await client.associate();
    const other = raw.hdlc({ index: 0 });
    other.connect();
    const channel = raw.hdlc({ clientSap: 102, index: 1 });
    channel.connect();
    await client.action(method(40, ALARM, 1), data.integer(0));
    raw.advance(0);
    expect(raw.pushed).toEqual([]);
    expect(other.send(RR).map((frame) => frame.control.type)).toEqual(["RR"]);
    const frames = channel.send(RR);
    expect(frames.map((frame) => frame.control.type)).toEqual(["UI", "RR"]);
    const apdu = frames[0]!.information.subarray(3);
    expect(new NotificationReader().take(apdu)!.apdu).toMatchObject({ kind: "data-notification", invoke: { id: 1 } });
    expect(channel.send(RR).map((frame) => frame.control.type)).toEqual(["RR"]);
    // A script or an alarm asks in the same way.
    const alarm = raw.compiled.model.find(ALARM)!.index;
    expect(call(raw, "pushStartAt", alarm)).toBe(0);
    raw.advance(0);
    expect(channel.send(RR).map((frame) => frame.control.type)).toEqual(["UI", "RR"]);
  });
});
