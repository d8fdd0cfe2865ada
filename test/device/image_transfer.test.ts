/** Image transfer (class_id 18): blocks in any order, repeated, over a power cut; verification, activation, images for somebody else. */
import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ActionError,
  attribute,
  Client,
  data as d,
  firmwareImageEmit,
  firmwareImageParse,
  imageKeyOf,
  ImageTransfer,
  method,
  type FirmwareImage,
} from "../../host/client/index.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { RawMeter } from "./raw.ts";
import { core, lls, template } from "./rig.ts";

const NAME = "0-0:44.0.0.255";
const BLOCK = 256;
const PAGE = 4096;
const IDENTIFIER = Buffer.from("dlms-meter 0.2.0");
const STANDARD_LOG = "0-0:99.98.0.255";

let raw: RawMeter;
let client: Client;
let transfer: ImageTransfer;

async function connect(): Promise<void> {
  const slot = raw.slotOf("wrapper", 0);
  raw.open(slot);
  client = new Client(raw.transport(slot), lls(raw.identity));
  await client.connect();
  await client.associate();
  transfer = new ImageTransfer(client);
}

async function boot(compiled?: Compiled): Promise<void> {
  raw = RawMeter.boot(compiled === undefined ? {} : { template: compiled });
  await connect();
}

/** Cuts the power without warning, and connects to the meter that boots from its flash. */
async function cut(): Promise<void> {
  raw.reboot();
  await connect();
}

/** A payload that no two blocks of have alike. */
const payload = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

const image = (over: Partial<FirmwareImage> = {}): FirmwareImage => ({
  identifier: IDENTIFIER,
  firmware: 1,
  target: Buffer.from("MMM103"),
  payload: payload(1500),
  ...over,
});

const made = (over: Partial<FirmwareImage> = {}): Uint8Array => firmwareImageEmit(image(over));

const blocksOf = (octets: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(octets.length / BLOCK) }, (_, i) => octets.subarray(i * BLOCK, (i + 1) * BLOCK));

async function initiate(octets: Uint8Array): Promise<void> {
  await transfer.enable(true);
  await transfer.initiate(IDENTIFIER, octets.length);
}

async function send(octets: Uint8Array, order?: number[]): Promise<void> {
  const blocks = blocksOf(octets);
  for (const i of order ?? blocks.keys()) await transfer.block(i, blocks[i]!);
}

/** Action-result of what is run. */
async function resultOf(run: Promise<unknown>): Promise<number> {
  try {
    await run;
    return 0;
  } catch (error) {
    if (error instanceof ActionError) return error.code;
    throw error;
  }
}

/** Event codes of the standard log. */
async function events(): Promise<number[]> {
  const rows = await client.get(attribute(7, STANDARD_LOG, 2));
  if (rows.type !== "array") throw new Error(rows.type);
  return rows.value.map((row) => Number((row as { value: { value: number }[] }).value[1]!.value));
}

async function text(name: string): Promise<Buffer> {
  const value = await client.get(attribute(1, name, 2));
  if (value.type !== "octet-string") throw new Error(value.type);
  return Buffer.from(value.value);
}

beforeEach(() => boot());

describe("transfer", () => {
  it("is not to be had while it is not enabled", async () => {
    expect(await resultOf(transfer.initiate(IDENTIFIER, 1000))).toBe(250);
    expect(await resultOf(transfer.block(0, new Uint8Array(BLOCK)))).toBe(250);
    expect(await resultOf(transfer.verify())).toBe(250);
    expect(await resultOf(transfer.activate())).toBe(250);
    expect(await transfer.status()).toBe(0);
  });

  it("from the first block to the active firmware", async () => {
    const octets = made();
    const before = await text("1-1:0.2.0.255");
    await initiate(octets);
    expect(await transfer.status()).toBe(1);
    expect(await transfer.transferred()).toEqual(blocksOf(octets).map(() => false));
    await send(octets);
    expect(await transfer.firstMissing()).toBe(blocksOf(octets).length);
    expect(await resultOf(transfer.verify())).toBe(2);
    expect(await transfer.status()).toBe(3);
    const { trailer } = firmwareImageParse(octets);
    expect(await transfer.info()).toEqual(
      d.array(
        d.structure(
          d.doubleLongUnsigned(octets.length),
          d.octetString(Uint8Array.from(IDENTIFIER)),
          d.octetString(Uint8Array.from(trailer)),
        ),
      ),
    );
    expect(await resultOf(transfer.verify())).toBe(0);
    expect(await resultOf(transfer.activate())).toBe(0);
    expect(await transfer.status()).toBe(6);
    expect(await transfer.info()).toEqual(d.array());
    expect(await text("1-0:0.2.0.255")).toEqual(IDENTIFIER);
    expect(await text("1-0:0.2.8.255")).toEqual(Buffer.from(trailer));
    expect(await text("1-1:0.2.0.255")).toEqual(before);
    expect((await events()).slice(-2)).toEqual([17, 18]);
    expect(await resultOf(transfer.activate())).toBe(250);
  });

  it("in any order, and blocks may be repeated", async () => {
    const octets = made();
    const order = [...blocksOf(octets).keys()].reverse();
    await initiate(octets);
    await send(octets, order.slice(0, 3));
    expect(await transfer.firstMissing()).toBe(0);
    expect(await transfer.transferred()).toEqual(order.map((_, i) => i >= order.length - 3).slice());
    await send(octets, order.slice(0, 3));
    await send(octets, order);
    expect(await resultOf(transfer.verify())).toBe(2);
    expect(await transfer.status()).toBe(3);
  });

  it("of blocks that do not belong to the image is refused", async () => {
    const octets = made();
    const last = blocksOf(octets).length - 1;
    await initiate(octets);
    expect(await resultOf(transfer.block(last + 1, new Uint8Array(BLOCK)))).toBe(250);
    expect(await resultOf(transfer.block(0xffffffff, new Uint8Array(BLOCK)))).toBe(250);
    expect(await resultOf(transfer.block(0, new Uint8Array(BLOCK - 1)))).toBe(250);
    expect(await resultOf(transfer.block(0, new Uint8Array(BLOCK + 1)))).toBe(250);
    expect(await resultOf(transfer.block(last, new Uint8Array(BLOCK)))).toBe(250);
    expect(await transfer.firstMissing()).toBe(0);
    expect(await resultOf(transfer.verify())).toBe(250);
    expect(await resultOf(transfer.activate())).toBe(250);
    expect(await transfer.status()).toBe(1);
  });

  it.each([
    ["of nothing", IDENTIFIER, 0],
    ["of more than the area holds", IDENTIFIER, 524289],
    ["of four gigaoctets", IDENTIFIER, 0xffffffff],
    ["without identifier", new Uint8Array(0), 1000],
    ["with too long an identifier", new Uint8Array(49).fill(65), 1000],
  ])("%s is refused", async (_, identifier, size) => {
    await transfer.enable(true);
    expect(await resultOf(transfer.initiate(identifier, size))).toBe(250);
    expect(await transfer.status()).toBe(0);
  });

  it.each([
    [1, d.integer(0)],
    [1, d.structure(d.octetString(IDENTIFIER))],
    [1, d.structure(d.octetString(IDENTIFIER), d.longUnsigned(5))],
    [2, d.structure(d.unsigned(0), d.octetString(IDENTIFIER))],
    [3, d.unsigned(0)],
    [4, d.integer(1)],
  ])("method %i takes no parameter of another type", async (id, parameter) => {
    await transfer.enable(true);
    expect(await resultOf(client.action(method(18, NAME, id), parameter))).toBe(12);
  });

  it("initiated again begins anew", async () => {
    const octets = made();
    await initiate(octets);
    await send(octets);
    const other = made({ payload: payload(700).fill(1) });
    await transfer.initiate(IDENTIFIER, other.length);
    expect(await transfer.transferred()).toEqual(blocksOf(other).map(() => false));
    await send(other);
    expect(await resultOf(transfer.verify())).toBe(2);
    expect(await transfer.status()).toBe(3);
  });

  it("of the largest image of many pages", async () => {
    const octets = made({ payload: payload(3 * PAGE + 20) });
    await initiate(octets);
    await send(octets);
    expect(await resultOf(transfer.activate())).toBe(2);
    expect(await transfer.status()).toBe(6);
    expect((await events()).slice(-2)).toEqual([17, 18]);
  });
});

describe("activation", () => {
  it("by its script, which only activates what is verified", async () => {
    const octets = made();
    await initiate(octets);
    await send(octets);
    await resultOf(transfer.verify());
    expect(await resultOf(client.action(method(9, "0-0:10.0.107.255", 1), d.longUnsigned(1)))).toBe(0);
    expect(await transfer.status()).toBe(6);
    expect(await text("1-0:0.2.0.255")).toEqual(IDENTIFIER);
  });

  it("leaves everything else as it is: registers, profiles, keys, values", async () => {
    const octets = made({ firmware: 2 });
    raw.advance(3 * 900_000);
    await client.set(attribute(1, "0-0:96.1.1.255", 2), d.octetString(Buffer.from("customer")));
    const look = async (): Promise<unknown[]> => [
      await client.get(attribute(3, "1-0:1.8.0.255", 2)),
      await client.get(attribute(7, "1-0:99.1.0.255", 2)),
      await text("0-0:96.1.1.255"),
      await text("1-0:0.2.0.255"),
    ];
    const before = await look();
    await initiate(octets);
    await send(octets);
    await resultOf(transfer.activate());
    await cut();
    expect(await text("1-1:0.2.0.255")).toEqual(IDENTIFIER);
    expect(await look()).toEqual(before);
  });

  it("is brought about by the client, which goes on where it was interrupted", async () => {
    const octets = made();
    await initiate(octets);
    await send(octets, [0, 3]);
    const slot = raw.slotOf("wrapper", 0);
    let requests = 0;
    const feed = raw.feed.bind(raw);
    raw.feed = (to, sent) => (to === slot && requests++, feed(to, sent));
    await transfer.run(octets, { resume: true, wait: () => Promise.resolve() });
    const whole = requests;
    expect(await transfer.status()).toBe(6);
    requests = 0;
    await transfer.run(octets, { wait: () => Promise.resolve() });
    // Two blocks fewer, and no initiation; but a look at the status.
    expect(requests).toBe(whole + 2);
  });
});

describe("images that are not for this meter", () => {
  async function verified(octets: Uint8Array): Promise<number> {
    await initiate(octets);
    await send(octets);
    expect(await resultOf(transfer.verify())).toBe(2);
    return transfer.status();
  }

  const damaged = (at: number): Uint8Array => {
    const octets = made().slice();
    octets[at < 0 ? octets.length + at : at]! ^= 1;
    return octets;
  };

  it.each([
    ["one with a changed octet", damaged(700)],
    ["one with a changed digest", damaged(-1)],
    ["one that is no image", damaged(0)],
    ["one of another format", damaged(4)],
    ["one with a check nobody knows", damaged(5)],
    ["one for another device", made({ target: Buffer.from("XYZ103") })],
    ["one of a firmware the meter does not have", made({ firmware: 1 }).slice().fill(9, 6, 7)],
    ["one that is called otherwise", made({ identifier: Buffer.from("dlms-meter 0.2.1") })],
    ["one whose head promises more", made().subarray(0, 1400)],
  ])("%s fails the verification", async (_, octets) => {
    expect(await verified(octets)).toBe(4);
    expect((await events()).at(-1)).toBe(51);
    expect(await transfer.info()).toEqual(d.array());
    // Activation verifies an image that is not verified, and finds the same.
    expect(await resultOf(transfer.activate())).toBe(2);
    expect(await transfer.status()).toBe(4);
    expect(await text("1-0:0.2.0.255")).toEqual(Buffer.from("dlms-meter 0.1.0"));
  });

  it("a signed one, where no key of its maker is known", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(await verified(firmwareImageEmit(image(), privateKey))).toBe(4);
  });

  it("where images are signed, one without the signature of their maker", async () => {
    const maker = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const signedBy = Buffer.from(imageKeyOf(maker)).toString("hex");
    await boot(template({ objects: [{ logicalName: NAME, image: { sizeMax: 16384, signedBy } }] }));
    expect(await verified(firmwareImageEmit(image(), other))).toBe(4);
    expect(await verified(made())).toBe(4);
    expect(await verified(firmwareImageEmit(image(), maker))).toBe(3);
  });
});

describe("power cuts", () => {
  it("lose no block that was acknowledged", async () => {
    const octets = made();
    await initiate(octets);
    await send(octets, [4, 1]);
    await cut();
    expect(await transfer.status()).toBe(1);
    expect((await transfer.transferred()).map(Number).join("")).toBe("0100100");
    await send(octets, [0, 2, 3]);
    await cut();
    await send(octets, [5, 6]);
    expect(await resultOf(transfer.verify())).toBe(2);
    await cut();
    expect(await transfer.status()).toBe(3);
    expect(await resultOf(transfer.activate())).toBe(0);
    await cut();
    expect(await transfer.status()).toBe(6);
    expect(await text("1-0:0.2.0.255")).toEqual(IDENTIFIER);
  });

  it("an answer waits for the flash", async () => {
    const octets = made();
    await initiate(octets);
    const slot = raw.slotOf("wrapper", 0);
    raw.flashHeld = true;
    const waits = transfer.block(0, octets.subarray(0, BLOCK));
    await Promise.resolve();
    expect(raw.heldCount(slot)).toBe(1);
    raw.flashHeld = false;
    raw.drain();
    raw.take(slot);
    await cut();
    expect((await transfer.transferred())[0]).toBe(true);
    waits.catch(() => undefined);
  });

  it("after any flash operation leave an image that is whole or can be completed", async () => {
    const octets = made({ payload: payload(600) });
    for (let stop = 1; stop < 40; stop++) {
      raw = RawMeter.boot({ flash: new CutFlash(core().plan(template().image).flashSize) });
      await connect();
      const flash = raw.flash as CutFlash;
      flash.left = stop;
      await initiate(octets).catch(() => undefined);
      await send(octets).catch(() => undefined);
      await transfer.verify().catch(() => undefined);
      const whole = flash.left > 0;
      flash.left = Infinity;
      await cut();
      if (whole) break;
      await initiate(octets);
      await send(octets);
      expect(await resultOf(transfer.activate()), `cut after ${stop} operations`).toBe(2);
      expect(await transfer.status()).toBe(6);
    }
  });
});

/** Stops to work after some programs and erases: what comes later is lost, as in a power cut. */
class CutFlash extends MemoryFlash {
  left = Infinity;

  override program(address: number, octets: Uint8Array): void {
    if (this.left-- > 0) super.program(address, octets);
  }

  override erase(address: number, size: number): void {
    if (this.left-- > 0) super.erase(address, size);
  }
}

it("does not disturb the journal: values and profile rows written between blocks are there after a cut", async () => {
  const octets = made();
  await initiate(octets);
  for (const [i, block] of blocksOf(octets).entries()) {
    await transfer.block(i, block);
    await client.set(attribute(1, "0-0:96.1.1.255", 2), d.octetString(Buffer.from(`text ${i}`)));
    raw.advance(900_000);
  }
  const rows = await client.get(attribute(7, "1-0:99.1.0.255", 2));
  await cut();
  expect(await text("0-0:96.1.1.255")).toEqual(Buffer.from("text 6"));
  const kept = await client.get(attribute(7, "1-0:99.1.0.255", 2));
  expect((kept as { value: unknown[] }).value.slice(0, 7)).toEqual((rows as { value: unknown[] }).value);
  expect(await resultOf(transfer.activate())).toBe(2);
  expect(await transfer.status()).toBe(6);
});
