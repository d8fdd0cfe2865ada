/** Push setup (class_id 40) and the DataNotification it sends, on one seat in virtual time. */
import { describe, expect, it } from "vitest";
import {
  attribute,
  Client,
  concat,
  data,
  decodeApdu,
  encodeApdu,
  fromHex,
  method,
  toHex,
  unprotect,
  wpduDecode,
  wpduEncode,
  type Data,
} from "../../host/client/index.ts";
import { DeliverEvent, type Delivery } from "../../host/core.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { AttributeDocument, ObjectDocument } from "../../host/template/document.ts";
import { templateRead } from "../../host/template/load.ts";
import { RawMeter } from "./raw.ts";
import { CLOCK, lls, LOAD_PROFILE, START, template } from "./rig.ts";

const ALARM = "0-4:25.9.0.255";
const INTERVAL = "0-1:25.9.0.255";
const SECURITY_SETUP = "0-0:43.0.0.255";
const TO = { structure: [{ enum: 0 }, { text: "192.0.2.1:4061" }, { enum: 0 }] };

/** The default template with attributes of a push object changed. */
function pushTemplate(
  attributes: Record<string, AttributeDocument>,
  more: Partial<ObjectDocument> = {},
  others: ObjectDocument[] = [],
): Compiled {
  const object: ObjectDocument = { logicalName: ALARM, ...more, attributes: { 3: { value: TO }, ...attributes } };
  // The alarm of the first power-up passes no filter: these tests push by method.
  const filter: ObjectDocument = {
    logicalName: "0-0:97.98.11.255",
    attributes: { 2: { value: { "double-long-unsigned": 0 } } },
  };
  return template({ objects: [object, filter, ...others] });
}

/** A running meter, its association of management, and push(). */
async function booted(
  compiled: Compiled,
): Promise<{ raw: RawMeter; client: Client; push(name?: string): Promise<void> }> {
  const raw = RawMeter.boot({ template: compiled });
  const slot = raw.slotOf("wrapper", 0);
  raw.open(slot);
  const client = new Client(raw.transport(slot), lls(raw.identity));
  await client.connect();
  await client.associate();
  const push = async (name = ALARM): Promise<void> => {
    await client.action(method(40, name, 1), data.integer(0));
    raw.advance(0);
  };
  return { raw, client, push };
}

/** The deliveries since the last look, without the ends of connections. */
function taken(raw: RawMeter): Delivery[] {
  return raw.pushed.splice(0).filter((item): item is Delivery => item !== "close");
}

/** The notification that a delivery carries in the wrapper. */
function notificationOf(delivery: Delivery): { invoke: number; dateTime: string; body: Data[] } {
  const wpdu = wpduDecode(delivery.octets);
  expect([wpdu.source, wpdu.destination]).toEqual([1, 102]);
  return bodyOf(wpdu.apdu);
}

function bodyOf(apdu: Uint8Array): { invoke: number; dateTime: string; body: Data[] } {
  const notification = decodeApdu(apdu);
  if (notification.kind !== "data-notification") throw new Error(notification.kind);
  if (notification.body.type !== "structure") throw new Error(notification.body.type);
  return { invoke: notification.invoke.id, dateTime: toHex(notification.dateTime), body: notification.body.value };
}

describe("push", () => {
  it("sends the list in its order, in the wrapper from SAP 1 to push_client_SAP", async () => {
    const { raw, push } = await booted(pushTemplate({}));
    await push();
    const [delivery] = taken(raw);
    expect(delivery).toMatchObject({ transport: 0, message: 0 });
    expect(Buffer.from(delivery!.destination).toString()).toBe("192.0.2.1:4061");
    expect(notificationOf(delivery!)).toEqual({
      invoke: 1,
      dateTime: "07EA0105010D000000FFC400",
      body: [
        { type: "octet-string", value: Uint8Array.from(Buffer.from(raw.identity.logicalDeviceName)) },
        { type: "octet-string", value: Uint8Array.of(0, 4, 25, 9, 0, 255) },
        { type: "double-long-unsigned", value: 0 },
        { type: "double-long-unsigned", value: 0 },
      ],
    });
  });

  it("is refused where the meter has no way to the destination, and with a wrong parameter", async () => {
    const nowhere = { structure: [{ enum: 0 }, { text: "" }, { enum: 0 }] };
    const sms = { structure: [{ enum: 4 }, { text: "+4912345" }, { enum: 0 }] };
    for (const value of [nowhere, sms]) {
      const { raw, push } = await booted(pushTemplate({ 3: { value } }));
      await expect(push()).rejects.toThrow();
      expect(raw.pushed).toEqual([]);
    }
    const { client } = await booted(pushTemplate({}));
    await expect(client.action(method(40, ALARM, 1), data.unsigned(0))).rejects.toThrow();
  });

  it("gives null-data for what is absent or secret, and an element of a structure by data_index", async () => {
    const list = {
      array: [
        { "push-object-1": "1-0:99.98.0.255:2" },
        { "push-object-1": "0-0:40.0.1.255:7" },
        { structure: element(3, "1-0:1.8.0.255", 3, 2) },
        { structure: element(3, "1-0:1.8.0.255", 3, 3) },
        { "push-object-1": "1-0:1.8.0.255:0" },
      ],
    };
    list.array[0] = { structure: element(1, "9-9:9.9.9.255", 2, 0) };
    const { raw, push } = await booted(pushTemplate({ 2: { value: list } }));
    await push();
    const { body } = notificationOf(taken(raw)[0]!);
    const nothing = { type: "null-data" };
    expect(body.slice(0, 4)).toEqual([nothing, nothing, { type: "enum", value: 30 }, nothing]);
    expect(body[4]).toMatchObject({ type: "structure", value: [{ value: Uint8Array.of(1, 0, 1, 8, 0, 255) }, {}, {}] });
  });

  it("sends a long buffer in blocks that nobody acknowledges, which say the same as GET", async () => {
    const compiled = pushTemplate({}, { logicalName: INTERVAL });
    const { raw, client, push } = await booted(compiled);
    raw.advance(100 * 900_000);
    const wanted = await client.get(attribute(7, LOAD_PROFILE, 2));
    await push(INTERVAL);
    const blocks = taken(raw).map((delivery) => {
      const apdu = decodeApdu(wpduDecode(delivery.octets).apdu);
      if (apdu.kind !== "general-block-transfer") throw new Error(apdu.kind);
      return apdu;
    });
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.every((block) => !block.streaming && block.window === 0 && block.blockNumberAck === 0)).toBe(true);
    expect(blocks.map((block) => block.blockNumber)).toEqual(blocks.map((_, i) => i + 1));
    expect(blocks.map((block) => block.lastBlock)).toEqual(blocks.map((_, i) => i === blocks.length - 1));
    const { body } = bodyOf(concat(...blocks.map((block) => block.data)));
    expect(body[2]).toEqual(wanted);
    expect((wanted as { value: Data[] }).value).toHaveLength(100);
  });

  it("restricts rows by entry and by date", async () => {
    const date = (text: string): Record<string, unknown> => ({ clock: text });
    const rows = (restriction: unknown): unknown => ({ structure: element(7, LOAD_PROFILE, 2, 0, restriction) });
    const list = {
      array: [
        rows({
          structure: [{ enum: 2 }, { structure: [{ "double-long-unsigned": 3 }, { "double-long-unsigned": 4 }] }],
        }),
        rows({
          structure: [
            { enum: 1 },
            { structure: [date("2026-01-05 * 13:15:00.00 * FF"), date("2026-01-05 * 13:45:00.00 * FF")] },
          ],
        }),
      ],
    };
    const { raw, client, push } = await booted(pushTemplate({ 2: { value: list as never } }));
    raw.advance(6 * 900_000);
    const all = ((await client.get(attribute(7, LOAD_PROFILE, 2))) as { value: Data[] }).value;
    await push();
    const { body } = notificationOf(taken(raw)[0]!);
    expect(body[0]).toEqual({ type: "array", value: all.slice(2, 4) });
    expect(body[1]).toEqual({ type: "array", value: all.slice(0, 3) });
  });
});

/** The fields of an element of version 1. */
function element(classId: number, name: string, id: number, index: number, restriction?: unknown): never[] {
  const none = { structure: [{ enum: 0 }, null] };
  const own = [{ "long-unsigned": classId }, { ln: name }, { integer: id }, { "long-unsigned": index }];
  return [...own, restriction ?? none] as never[];
}

describe("time", () => {
  it("tries again after repetition_delay, as often as number_of_retries says, under one invoke id", async () => {
    const { raw, push } = await booted(pushTemplate({ 6: { value: { unsigned: 2 } } }));
    raw.courier = () => DeliverEvent.FAILED;
    await push();
    expect(taken(raw)).toHaveLength(1);
    raw.advance(59_999);
    expect(taken(raw)).toHaveLength(0);
    raw.advance(1);
    const [second] = taken(raw);
    expect(notificationOf(second!).invoke).toBe(1);
    raw.advance(3_600_000);
    expect(taken(raw)).toHaveLength(1);
    raw.courier = () => DeliverEvent.SENT;
    await push();
    expect(taken(raw).map((delivery) => notificationOf(delivery).invoke)).toEqual([2]);
  });

  it("succeeds when the destination is back", async () => {
    const { raw, push } = await booted(pushTemplate({}));
    raw.courier = () => DeliverEvent.FAILED;
    await push();
    raw.courier = () => DeliverEvent.SENT;
    raw.advance(3_600_000);
    expect(taken(raw)).toHaveLength(2);
  });

  it("waits for the window, by the meter's clock", async () => {
    const window = { structure: [{ clock: "*-*-* 14:00:00" }, { clock: "*-*-* 15:00:00" }] };
    const { raw, push } = await booted(pushTemplate({ 4: { value: { array: [window] } } }));
    await push();
    expect(taken(raw)).toHaveLength(0);
    raw.advance(3_599_000);
    expect(taken(raw)).toHaveLength(0);
    raw.advance(1_000);
    expect(notificationOf(taken(raw)[0]!).dateTime).toBe("07EA0105010E000000FFC400");
    raw.advance(3_599_000);
    await push();
    expect(taken(raw)).toHaveLength(1);
    raw.advance(1_000);
    await push();
    expect(taken(raw)).toHaveLength(0);
    raw.advance(23 * 3_600_000);
    expect(taken(raw)).toHaveLength(1);
  });

  it("drops a push whose windows are over", async () => {
    const window = { structure: [{ clock: "2025-01-01 * 14:00:00" }, { clock: "2025-01-02 * 15:00:00" }] };
    const { raw, push } = await booted(pushTemplate({ 4: { value: { array: [window] } } }));
    await push();
    raw.advance(400 * 86_400_000);
    expect(taken(raw)).toHaveLength(0);
  });

  it("spreads over the randomisation interval, the same with the same seed", async () => {
    const compiled = pushTemplate({ 5: { value: { "long-unsigned": 600 } } });
    const delayOf = async (seed: number): Promise<number> => {
      const raw = RawMeter.boot({ template: compiled, seed });
      const slot = raw.slotOf("wrapper", 0);
      raw.open(slot);
      const client = new Client(raw.transport(slot), lls(raw.identity));
      await client.connect();
      await client.associate();
      await client.action(method(40, ALARM, 1), data.integer(0));
      raw.advance(600_000);
      const stamp = notificationOf(taken(raw)[0]!).dateTime;
      return parseInt(stamp.slice(12, 14), 16) * 60 + parseInt(stamp.slice(14, 16), 16);
    };
    const delays = [await delayOf(1), await delayOf(2), await delayOf(3), await delayOf(4)];
    expect(await delayOf(1)).toBe(delays[0]);
    expect(new Set(delays).size).toBeGreaterThan(2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(600);
  });

  it("sends once more, however often it is asked for while it runs", async () => {
    const { raw, push } = await booted(pushTemplate({}));
    raw.courier = () => undefined;
    await push();
    await push();
    await push();
    expect(taken(raw)).toHaveLength(1);
    raw.courier = () => DeliverEvent.SENT;
    raw.delivered(DeliverEvent.SENT);
    raw.advance(0);
    expect(taken(raw)).toHaveLength(1);
    raw.advance(3_600_000);
    expect(taken(raw)).toHaveLength(0);
  });

  it("counts a delivery that nobody reports as failed", async () => {
    const { raw, push } = await booted(pushTemplate({}));
    raw.courier = () => undefined;
    await push();
    expect(taken(raw)).toHaveLength(1);
    raw.courier = () => DeliverEvent.SENT;
    raw.advance(0, 120_000);
    raw.advance(60_000);
    expect(taken(raw)).toHaveLength(1);
  });
});

describe("protection", () => {
  /** Authenticated and encrypted responses. */
  const strict: ObjectDocument = { logicalName: SECURITY_SETUP, attributes: { 2: { value: { enum: 0x60 } } } };

  it("follows the policy: general-glo-ciphering under the keys and the one counter of the associations", async () => {
    const compiled = pushTemplate({}, {}, [strict]);
    const raw = RawMeter.boot({ template: compiled });
    const { guek, gak } = raw.identity.keys;
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const options = { clientSap: 1, authentication: "gmac", security: "authenc", guek, gak, counter: 1 } as const;
    const client = new Client(raw.transport(slot), options);
    await client.connect();
    await client.associate();
    const counters: number[] = [];
    for (let i = 0; i < 2; i++) {
      await client.action(method(40, ALARM, 1), data.integer(0));
      raw.advance(0);
      const apdu = decodeApdu(wpduDecode(taken(raw)[0]!.octets).apdu);
      if (apdu.kind !== "general-glo-ciphering") throw new Error(apdu.kind);
      expect(apdu.systemTitle).toEqual(raw.identity.systemTitle);
      const opening = { systemTitle: apdu.systemTitle, encryptionKey: guek, authenticationKey: gak };
      const opened = unprotect(opening, apdu.body);
      expect(opened.securityControl).toBe(0x30);
      expect(bodyOf(opened.text).body).toHaveLength(4);
      counters.push(opened.invocationCounter);
    }
    // One response lies between the two.
    expect(counters[1]! - counters[0]!).toBe(2);
  });

  it("protects a long one first and cuts it after that", async () => {
    const raw = RawMeter.boot({ template: pushTemplate({}, { logicalName: INTERVAL }, [strict]) });
    const { guek, gak } = raw.identity.keys;
    raw.advance(100 * 900_000);
    const slot = raw.slotOf("wrapper", 0);
    raw.open(slot);
    const options = { clientSap: 1, authentication: "gmac", security: "authenc", guek, gak, counter: 1 } as const;
    const client = new Client(raw.transport(slot), options);
    await client.connect();
    await client.associate();
    await client.action(method(40, INTERVAL, 1), data.integer(0));
    raw.advance(0);
    const blocks = taken(raw).map((delivery) => {
      const apdu = decodeApdu(wpduDecode(delivery.octets).apdu);
      return apdu.kind === "general-block-transfer" ? apdu.data : new Uint8Array(0);
    });
    const whole = decodeApdu(concat(...blocks));
    if (whole.kind !== "general-glo-ciphering") throw new Error(whole.kind);
    const opening = { systemTitle: whole.systemTitle, encryptionKey: guek, authenticationKey: gak };
    const { body } = bodyOf(unprotect(opening, whole.body).text);
    expect((body[2] as { value: Data[] }).value).toHaveLength(100);
  });
});

describe("version 2: confirmed", () => {
  const { kinds } = templateRead();
  const wild = "FFFFFFFFFFFFFFFFFF8000FF";
  const confirmed = pushTemplate(
    {
      2: { value: { array: [{ "push-object-2": `${CLOCK}:2` }] } },
      7: {
        value: { structure: [{ "long-unsigned": 10 }, { "long-unsigned": 200 }, { "long-unsigned": 35 }] },
      },
      11: { value: { enum: 2 } },
      12: { value: { structure: [{ "date-time": wild }, { "double-long-unsigned": 0 }] } },
      13: { value: { "date-time": wild }, stored: true },
    },
    { version: 2, access: { management: { get: "all", act: "all" } } },
  );

  it("has a kind to change", () => expect(kinds!["push-setup"]!.class).toBe(40));

  it("waits for the confirmation with the same invoke id, and keeps when it came", async () => {
    const { raw, client, push } = await booted(confirmed);
    await push();
    const [delivery] = taken(raw);
    const notification = decodeApdu(wpduDecode(delivery!.octets).apdu);
    expect(notification).toMatchObject({ kind: "data-notification", invoke: { id: 1, confirmed: true } });
    if (notification.kind !== "data-notification") return;
    const confirm = (id: number): Uint8Array => {
      const apdu = encodeApdu({
        kind: "data-notification-confirm",
        invoke: { ...notification.invoke, id },
        dateTime: new Uint8Array(0),
      });
      return wpduEncode({ source: 102, destination: 1, apdu });
    };
    raw.delivered(DeliverEvent.RECEIVED, confirm(9));
    expect(await client.get(attribute(40, ALARM, 13))).toEqual({ type: "date-time", value: fromHex(wild) });
    raw.delivered(DeliverEvent.RECEIVED, confirm(1));
    const at = (await client.get(attribute(40, ALARM, 13))) as { value: Uint8Array };
    expect(toHex(at.value)).toBe("07EA0105010D000000FFC400");
    raw.advance(3_600_000, 3_600_000);
    expect(taken(raw)).toHaveLength(0);
  });

  it("tries again without a confirmation, after delays that grow to their limit; reset ends it", async () => {
    const { raw, client, push } = await booted(confirmed);
    await push();
    raw.advance(0, 30_000);
    const times: number[] = [];
    for (let i = 0; i < 60 && times.length < 3; i++) {
      taken(raw);
      raw.advance(5_000);
      if (taken(raw).length > 0) {
        times.push((raw.meterTime - START) / 1000);
        raw.advance(0, 30_000);
      }
    }
    expect(times).toEqual([10, 30, 65]);
    await push();
    await client.action(method(40, ALARM, 2), data.integer(0));
    taken(raw);
    raw.advance(3_600_000, 3_600_000);
    expect(taken(raw)).toHaveLength(0);
  });
});
