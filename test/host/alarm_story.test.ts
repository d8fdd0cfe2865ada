/**
 * Supervision, as a story: somebody opens the cover of a running meter, and a head-end on loopback hears of it. Each step of the way is
 * read back by a client: log, event code, counter, alarm register, filter, descriptor; the push itself comes over a real socket.
 */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Bank } from "../../host/bank.ts";
import { attribute, Client, data, NotificationReader, wpduDecode, type Data } from "../../host/client/index.ts";
import { RunningClock } from "../../host/clock.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { constantLoad } from "../../host/metrology/constant.ts";
import type { Signal, Signals } from "../../host/metrology/metrology.ts";
import { SteppedMetrology } from "../../host/metrology/steps.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { meterIdentity, provisionRecords } from "../../host/template/identity.ts";
import { NetworkCourier } from "../../host/transport/courier.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { core, lls, START, template, transportOf } from "../device/rig.ts";

const ALARM = "0-4:25.9.0.255";
const METER_COVER = 4;
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** The cover, which a test opens. */
class Cover implements Signals {
  nextAt = Infinity;

  take(): Signal[] {
    this.nextAt = Infinity;
    return [{ kind: METER_COVER, value: 1 }];
  }

  restart(): Signal[] {
    return [];
  }
}

class Covered extends SteppedMetrology {
  readonly signals = new Cover();
}

/** A head-end that listens for pushes: the bodies of the notifications that come. */
async function headEnd(): Promise<{ place: string; next(): Promise<Data[]> }> {
  const come: Data[][] = [];
  const server = createServer((socket) => {
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part as Buffer));
    socket.on("end", () => {
      const { apdu } = new NotificationReader().take(wpduDecode(Uint8Array.from(Buffer.concat(parts))).apdu)!;
      if (apdu.kind === "data-notification" && apdu.body.type === "structure") come.push(apdu.body.value);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const next = async (): Promise<Data[]> => {
    await expect.poll(() => come.length, { timeout: 20_000 }).toBeGreaterThan(0);
    return come.shift()!;
  };
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, next };
}

/** A meter in real time, and a client of its management. */
async function meter(): Promise<{ client: Client; cover: Cover }> {
  const compiled = template();
  const identity = meterIdentity(compiled.model.parts.identity, 1, 0);
  const metrology = new Covered(constantLoad);
  const clock = new RunningClock(START, 1);
  const bank = new Bank(core(), compiled.image, 1, {
    clock,
    setup: (_, plan) => ({
      provision: provisionRecords(identity, compiled.model),
      flash: new MemoryFlash(plan.flashSize),
      metrology,
      courier: new NetworkCourier(),
    }),
    report: () => undefined,
  });
  bank.meters[0]!.boot();
  bank.start(clock);
  closers.push(() => void bank.powerFail());
  const port = new MeterPort(bank.meters[0]!, portFor(portsOf(compiled.image), "wrapper")!);
  const client = new Client(transportOf(MemoryPeer.connect(port.accept)!), lls(identity));
  await client.connect();
  await client.associate();
  return { client, cover: metrology.signals };
}

it("a cover is opened: log, code, counter, register, filter, descriptor, push; then the client clears the alarm", async () => {
  const { place, next } = await headEnd();
  const { client, cover } = await meter();
  const number = async (name: string): Promise<number> =>
    ((await client.get(attribute(1, name, 2))) as { value: number }).value;
  const set = (name: string, value: number): Promise<void> =>
    client.set(attribute(1, name, 2), data.doubleLongUnsigned(value));

  // The head-end says where alarms go, and which it wants: fraud attempts alone.
  const destination = data.octetString(Buffer.from(place, "latin1"));
  await client.set(attribute(40, ALARM, 3), data.structure(data.enumerated(0), destination, data.enumerated(0)));
  await set("0-0:97.98.10.255", 0x2000);
  await set("0-0:97.98.11.255", 0);
  await set("0-0:97.98.21.255", 0);

  cover.nextAt = START;
  await client.get(attribute(8, "0-0:1.0.0.255", 2));
  const [logicalDeviceName, push, alarms1, alarms2] = await next();
  expect(logicalDeviceName).toEqual(await client.get(attribute(1, "0-0:42.0.0.255", 2)));
  expect(push).toEqual(data.octetString(Uint8Array.of(0, 4, 25, 9, 0, 255)));
  expect([alarms1, alarms2]).toEqual([data.doubleLongUnsigned(0x2000), data.doubleLongUnsigned(0)]);

  const log = (await client.get(attribute(7, "0-0:99.98.1.255", 2))) as { value: { value: Data[] }[] };
  expect(log.value.map((row) => row.value[1])).toEqual([data.unsigned(44)]);
  expect(await number("0-0:96.11.1.255")).toBe(44);
  expect(await number("0-0:96.15.1.255")).toBe(1);
  expect(await number("0-0:97.98.0.255")).toBe(0x2000);
  expect(await number("0-0:97.98.20.255")).toBe(0x2000);

  await set("0-0:97.98.20.255", 0);
  await set("0-0:97.98.0.255", 0);
  expect([await number("0-0:97.98.0.255"), await number("0-0:97.98.20.255")]).toEqual([0, 0]);
  expect(await number("0-0:96.11.0.255")).toBe(11);
}, 30_000);
