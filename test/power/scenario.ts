/**
 * A meter's life as clients see it, on a flash that remembers every operation: associations, writes, key changes, captures, resets, logs
 * that wrap, checkpoints. STEPS is the list to add to: a step uses the clients of the life, and tells its history what was acknowledged.
 */
import { createCipheriv } from "node:crypto";
import { attribute, Client, type ClientOptions, data as d, type Data, method } from "../../host/client/index.ts";
import { entrySelection } from "../../host/client/profile.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { RawMeter } from "../device/raw.ts";
import { CHALLENGE, ENERGY, fullDocument, LOAD_PROFILE, SECURITY_SETUP, START, template, TEXT } from "../device/rig.ts";
import { Dice } from "../testing.ts";
import { RecordedFlash } from "./cut_flash.ts";
import { History } from "./history.ts";
import { ImageSteps } from "./image_steps.ts";

export const BILLING = "0-0:98.1.0.255";
const BILLING_SCRIPTS = "0-0:10.0.1.255";
const PERIODS = attribute(1, "1-0:0.1.0.255", 2);
export const EVENTS = "0-0:99.98.0.255";
/** Profiles that are looked at. */
export const PROFILES = [LOAD_PROFILE, EVENTS, BILLING];
const SECRET = attribute(15, "0-0:40.0.1.255", 7);
const PUSH = attribute(40, "0-4:25.9.0.255", 3);
const MINUTE_MS = 60_000;
const PERIOD_MS = 900_000;
/** Rows that the clients look at: more than a step captures, fewer than a profile holds. */
export const ROWS = 40;
const MASTER = Buffer.from("00112233445566778899AABBCCDDEEFF", "hex");

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/** The default template with short profiles, so that logs wrap and areas fill within days. */
export function shortTemplate(): Compiled {
  const objects = [
    { logicalName: LOAD_PROFILE, profile: { depth: 120 } },
    { logicalName: "1-0:99.14.0.255", profile: { depth: 60 } },
  ];
  return template({ ...fullDocument(), objects } as Parameters<typeof template>[0]);
}

/** RFC 3394 by node:crypto. */
function wrapped(key: Uint8Array): Uint8Array {
  const cipher = createCipheriv("id-aes128-wrap", MASTER, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

/** A row as text: numbers, and octets in hexadecimal. */
function rowText(row: Data): string {
  const cells = (row as { value: Data[] }).value.map((cell) => (cell as { value: unknown }).value);
  return cells.map((cell) => (cell instanceof Uint8Array ? hex(cell) : String(cell))).join(" ");
}

/** The newest rows of a profile, as text. */
export async function rowsRead(client: Client, profile: string, count = ROWS): Promise<string[]> {
  const used = d.numberOf(await client.get(attribute(7, profile, 7)), "entries_in_use");
  if (used === 0) return [];
  const selection = entrySelection(Math.max(1, used - count + 1), 0);
  return d.elementsOf(await client.get(attribute(7, profile, 2), selection), "buffer").map(rowText);
}

export function lls(password: string): ClientOptions {
  return { clientSap: 1, authentication: "lls", password: Buffer.from(password, "hex"), challenge: CHALLENGE };
}

export class Life {
  readonly flash: RecordedFlash;
  readonly meter: RawMeter;
  readonly history = new History();
  readonly dice: Dice;
  /** Meter time of each operation. */
  readonly times: number[] = [];
  plain!: Client;
  ciphered!: Client;
  readonly image = new ImageSteps();
  private counter = 1;

  constructor(seed: number, compiled: Compiled) {
    this.dice = new Dice(seed);
    const size = RawMeter.boot({ template: compiled }).bank.plan.flashSize;
    this.flash = new RecordedFlash(size);
    let meter: RawMeter | undefined;
    this.flash.onOperation = () => this.times.push(meter?.meterTime ?? START);
    this.meter = meter = RawMeter.boot({ template: compiled, flash: this.flash });
    const { keys } = this.meter.identity;
    this.history.begin("text", "");
    this.history.begin("push", "");
    this.history.begin("image", "0 ");
    this.history.begin("periods", "0");
    this.history.begin("secret", hex(keys.lls));
    this.history.begin("guek", hex(keys.guek));
  }

  /** Flash operations so far. */
  get now(): number {
    return this.flash.operations.length;
  }

  /** Lives through `steps` steps. */
  async run(steps: number): Promise<void> {
    await this.connect();
    this.history.begin("push", await pushRead(this.plain));
    await this.look();
    for (let i = 0; i < steps; i++) {
      await STEPS[this.dice.roll(STEPS.length)]!(this);
      if (i % 20 === 19) await this.connect();
    }
    await this.look();
  }

  async connect(): Promise<void> {
    await this.plain?.disconnect();
    await this.ciphered?.disconnect();
    this.plain = await this.associated(0, lls(this.history.latest("secret")));
    await this.connectCiphered();
  }

  async connectCiphered(): Promise<void> {
    const { gak } = this.meter.identity.keys;
    const guek = Buffer.from(this.history.latest("guek"), "hex");
    const options: ClientOptions = { clientSap: 1, authentication: "gmac", security: "authenc", guek, gak };
    this.counter += 3;
    this.ciphered = await this.associated(1, { ...options, counter: this.counter, challenge: CHALLENGE });
    this.count();
  }

  /** Keeps what the ciphered association has used. */
  count(): void {
    const { counter, lowestAcceptable } = this.ciphered.security!;
    this.counter = counter;
    const key = this.history.latest("guek");
    this.history.counted({ end: this.now, key, server: lowestAcceptable.global, client: counter - 1 });
  }

  /** Writes something: `value` is how the history knows it. */
  async write(key: string, value: string, work: () => Promise<unknown>): Promise<void> {
    const begin = this.now;
    await work();
    this.history.wrote(key, value, begin, this.now);
  }

  /** Reads rows and energy: what was shown must stay. */
  async look(): Promise<void> {
    for (const profile of PROFILES) {
      const rows = await rowsRead(this.plain, profile);
      this.history.showed(profile, rows, this.now);
    }
    const energy = d.numberOf(await this.plain.get(attribute(3, ENERGY, 2)), "energy");
    this.history.measured(energy, this.now);
  }

  /** After a key change counters begin anew. */
  counterReset(): void {
    this.counter = 1;
  }

  private async associated(index: number, options: ClientOptions): Promise<Client> {
    const slot = this.meter.slotOf("wrapper", index);
    this.meter.open(slot);
    const client = new Client(this.meter.transport(slot), { timeOut: 2000, ...options });
    await client.connect();
    await client.associate();
    return client;
  }
}

/** Text of the destination of a push. */
export async function pushRead(client: Client): Promise<string> {
  const [, destination] = d.elementsOf(await client.get(PUSH), "send_destination_and_method") as [Data, Data];
  return hex((destination as { value: Uint8Array }).value);
}

/** How many billing periods have ended. */
export async function periodsRead(client: Client): Promise<number> {
  return d.numberOf(await client.get(PERIODS), "periods");
}

type Step = (life: Life) => Promise<void>;

async function setText(life: Life, client: Client): Promise<void> {
  const value = life.dice.octets(life.dice.roll(47));
  await life.write("text", hex(value), () => client.set(attribute(1, TEXT, 2), d.octetString(value)));
}

/** Ends a billing period: a row, its number and time in one record, then the maxima begin anew. */
async function bill(life: Life): Promise<void> {
  if (life.dice.roll(2) !== 0) return;
  const periods = Number(life.history.latest("periods")) + 1;
  const script = method(9, BILLING_SCRIPTS, 1);
  await life.write("periods", String(periods), () => life.plain.action(script, { type: "long-unsigned", value: 1 }));
  await life.look();
}

/** What a life is made of. Whatever else changes the state adds its step here. */
export const STEPS: Step[] = [
  (life) => setText(life, life.plain),
  async (life) => {
    await setText(life, life.ciphered);
    life.count();
  },
  async (life) => {
    const host = Buffer.from(`10.0.0.${life.dice.roll(250)}:${4000 + life.dice.roll(999)}`);
    const value = d.structure({ type: "enum", value: 0 }, d.octetString(host), { type: "enum", value: 0 });
    await life.write("push", hex(host), () => life.plain.set(PUSH, value));
  },
  async (life) => {
    const secret = Buffer.from(String(10_000_000 + life.dice.roll(89_999_999)));
    await life.write("secret", hex(secret), () => life.plain.set(SECRET, d.octetString(secret)));
  },
  async (life) => {
    if (life.dice.roll(3) !== 0) return;
    const key = life.dice.octets(16);
    const parameter = d.array(d.structure({ type: "enum", value: 0 }, d.octetString(wrapped(key))));
    life.count();
    await life.write("guek", hex(key), () => life.ciphered.action(method(64, SECURITY_SETUP, 2), parameter));
    life.counterReset();
    await life.connectCiphered();
  },
  ...Array.from({ length: 6 }, (): Step => async (life) => {
    life.meter.advance(life.dice.roll(24) * PERIOD_MS + life.dice.roll(15) * MINUTE_MS);
    await life.look();
  }),
  async (life) => {
    if (life.dice.roll(8) !== 0) return;
    await life.look();
    const begin = life.now;
    await life.plain.action(method(7, LOAD_PROFILE, 1), { type: "integer", value: 0 });
    life.history.emptied(LOAD_PROFILE, begin, life.now);
  },
  async (life) => {
    for (let i = 0; i < 40; i++) await life.ciphered.get(attribute(3, ENERGY, 2));
    life.count();
  },
  bill,
  ...Array.from({ length: 2 }, (): Step => (life) => life.image.step(life)),
];
