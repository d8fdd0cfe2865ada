/** Boots a meter from what a power cut has left, and compares it with what its clients know. */
import { attribute, Client, type ClientOptions, data as d, type Data } from "../../host/client/index.ts";
import { RawMeter } from "../device/raw.ts";
import { CHALLENGE, ENERGY, LOAD_PROFILE, TEXT } from "../device/rig.ts";
import type { Image } from "./cut_flash.ts";
import type { Moment } from "./history.ts";
import { imageRead } from "./image_steps.ts";
import { BILLING, EVENTS, type Life, lls, periodsRead, pushRead, rowsRead } from "./scenario.ts";

/** Bits of a load profile's status that a restart may set: power down, clock adjusted. */
const POWER_DOWN = 0x80;
/** Power down, power up, failed authentication: what a restart and this witness leave in the log. */
const ADDED_EVENTS = [1, 2, 46];
const MEMORY_ERROR = 14;
/** Beyond what a meter reserves of a client's counters. */
const COUNTER_STEP = 300;
/** Counters of the meter in an association with GMAC: AARE, f(StoC), and the answer that carries it. */
const COUNTERS_USED = 3;

/** What damage leaves of a state: values whose newest change is gone, rows that may be missing. */
export interface Lost {
  readonly values: ReadonlyMap<string, string>;
  /** How many rows of each profile. */
  readonly rows: ReadonlyMap<string, number>;
  /** Whether what is known of a firmware image is among it. */
  readonly image: boolean;
  /** Whether the meter must notice. */
  readonly noticed: boolean;
}

export interface Look extends Moment {
  /** Writes reached the disk in another order than they were made: records may be missing between others, all of them not acknowledged. */
  readonly unordered?: boolean;
  /** What octets that rotted have taken along. */
  readonly lost?: Lost;
  /** Looks at more than the essence. */
  readonly thorough?: boolean;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
const octetsOf = (value: Data): Uint8Array => (value as { value: Uint8Array }).value;
/** Maximum demand of the billing period under way. */
const MAXIMUM = "1-0:1.6.0.255";
/** A date-time in hexadecimal without its day of the week: such texts follow in the order of time. */
const instant = (stamp: string): string => stamp.slice(0, 8) + stamp.slice(10, 16);
const restarted = (row: string): boolean => (Number(row.split(" ")[1]) & POWER_DOWN) !== 0;
const eventOf = (row: string): number => Number(row.split(" ")[1]);

export class Witness {
  readonly meter: RawMeter;
  /** Whether the last meter looked at had logged a memory error. */
  memoryError = false;
  private readonly life: Life;

  constructor(life: Life) {
    this.life = life;
    this.meter = RawMeter.boot({ template: life.meter.compiled });
  }

  /** Switches a meter on with this flash; throws when it does not run. */
  boot(image: Image, cut: number): void {
    this.meter.flash = image;
    this.meter.meterTime = this.life.times[Math.max(0, cut - 1)]!;
    this.meter.reboot();
    if (this.meter.bank.deadlinePoll(0) < 0) throw new Error("the meter does not run");
  }

  /** Boots from `image` and looks at everything; throws with what is wrong. */
  async look(image: Image, look: Look): Promise<void> {
    const { history } = this.life;
    this.boot(image, look.cut);
    const client = await this.plain(look);
    await this.rows(client, look);
    const text = octetsOf(await client.get(attribute(1, TEXT, 2)));
    this.expect(this.allowed("text", look), hex(text), "text");
    this.expect(this.allowed("push", look), await pushRead(client), "destination");
    await this.image(client, look);
    await this.billing(client, look);
    const energy = d.numberOf(await client.get(attribute(3, ENERGY, 2)), "energy");
    if (energy > history.energyMax(look.cut)) throw new Error(`energy ${energy} was never counted`);
    await this.counters(look);
    if (look.thorough !== true) return client.disconnect();
    await this.goesOn(client, image, look);
  }

  private async image(client: Client, look: Look): Promise<void> {
    if (look.lost?.image === true) return;
    this.expect(this.allowed("image", look), await imageRead(client), "image");
  }

  /** Number and row of a billing period are there both or none, and its maxima are not those of the next one. */
  private async billing(client: Client, look: Look): Promise<void> {
    const rows = await rowsRead(client, BILLING);
    const [gone, took] = [this.rowsGone(BILLING, rows, look), look.lost?.rows.get(BILLING) ?? 0];
    this.atMost(gone, took, "rows of billing periods");
    if (took > 0) return;
    const periods = await periodsRead(client);
    this.expect(this.allowed("periods", look), String(periods), "billing periods");
    if (rows.length !== periods) throw new Error(`${periods} billing periods and ${rows.length} rows`);
    // The script has a record for each maximum: a disk that writes in another order may lose one between others (event 14).
    if (look.unordered === true) return;
    const stamp = octetsOf(await client.get(attribute(4, MAXIMUM, 5)));
    const maximum = d.numberOf(await client.get(attribute(4, MAXIMUM, 2)), "maximum");
    if (periods > 0 && maximum > 0 && instant(hex(stamp)) <= instant(rows.at(-1)!))
      throw new Error("the maximum of a billing period goes on behind its end");
  }

  private rowsGone(profile: string, rows: readonly string[], look: Look): number {
    return this.life.history.rowsGone(profile, rows, look.cut, () => false);
  }

  private allowed(key: string, look: Look): string[] {
    const left = look.lost?.values.get(key);
    return left === undefined ? this.life.history.allowed(key, look.cut, look.begun ?? look.cut) : [left];
  }

  /** An association with a password that may be the right one. */
  private async plain(look: Look): Promise<Client> {
    const allowed = this.allowed("secret", look);
    for (const password of allowed) {
      const client = this.client(0, lls(password));
      await client.connect();
      const good = await client.associate().then(
        () => true,
        () => false,
      );
      if (good) return client;
      await client.disconnect();
    }
    throw new Error(`none of ${allowed.length} passwords opens an association`);
  }

  private client(index: number, options: ClientOptions): Client {
    const slot = this.meter.slotOf("wrapper", index);
    this.meter.open(slot);
    return new Client(this.meter.transport(slot), { timeOut: 2000, challenge: CHALLENGE, ...options });
  }

  private async rows(client: Client, look: Look): Promise<void> {
    const { history } = this.life;
    const count = look.thorough === true ? 60 : 32;
    const load = await rowsRead(client, LOAD_PROFILE, count);
    const log = await rowsRead(client, EVENTS, count);
    this.memoryError = log.some((row) => eventOf(row) === MEMORY_ERROR);
    if (look.lost !== undefined) return this.rowsLeft(load, log, look.lost, look);
    const captured = history.rowsWrong(LOAD_PROFILE, load, look, restarted);
    if (captured !== undefined) throw new Error(`load profile: ${captured}`);
    const added = look.unordered === true ? [...ADDED_EVENTS, MEMORY_ERROR] : ADDED_EVENTS;
    const logged = history.rowsWrong(EVENTS, log, look, (row) => added.includes(eventOf(row)));
    if (logged !== undefined) throw new Error(`event log: ${logged}`);
  }

  /** Rows that damage has left: in their order, no more gone than stood there, and the log says so. */
  private rowsLeft(load: readonly string[], log: readonly string[], lost: Lost, look: Look): void {
    const { history } = this.life;
    const added = [...ADDED_EVENTS, MEMORY_ERROR];
    const gone = history.rowsGone(LOAD_PROFILE, load, look.cut, restarted);
    this.atMost(gone, lost.rows.get(LOAD_PROFILE) ?? 0, "rows of the load profile");
    const unlogged = history.rowsGone(EVENTS, log, look.cut, (row) => added.includes(eventOf(row)));
    this.atMost(unlogged, lost.rows.get(EVENTS) ?? 0, "rows of the event log");
    if (this.memoryError !== lost.noticed) throw new Error(`event 14 is ${lost.noticed ? "missing" : "logged"}`);
    if (this.meter.damage > 0 !== lost.noticed) throw new Error(`the core tells of ${this.meter.damage} places`);
  }

  private atMost(found: number, most: number, what: string): void {
    if (found > most) throw new Error(`${found} ${what} are gone, damage took ${most}`);
  }

  /** The key opens an association, no counter of the meter comes twice, and an old one of the client is refused. */
  private async counters(look: Look): Promise<void> {
    const { history, meter } = { history: this.life.history, meter: this.meter };
    const { gak } = meter.identity.keys;
    for (const key of this.allowed("guek", look)) {
      const known = history.countersAt(key, look.cut);
      const guek = Buffer.from(key, "hex");
      // Behind damage no counter falls, not even with a new key.
      const used = look.lost === undefined ? known.client : history.clientMax(look.cut);
      const counter = used + COUNTER_STEP;
      const options: ClientOptions = { clientSap: 1, authentication: "gmac", security: "authenc", guek, gak };
      if (look.thorough === true && known.client > 1 && (await this.opens({ ...options, counter: known.client - 1 })))
        throw new Error("a counter of the client was taken twice");
      if (await this.opens({ ...options, counter }, known.server)) return;
    }
    throw new Error("no key opens an association");
  }

  private async opens(options: ClientOptions, server = 0): Promise<boolean> {
    const client = this.client(1, options);
    await client.connect();
    const good = await client.associate().then(
      () => true,
      () => false,
    );
    const first = good ? client.security!.lowestAcceptable.global - COUNTERS_USED : server;
    if (first < server) throw new Error(`counter ${first} of the meter comes again, ${server} would be the next`);
    if (good) await client.get(attribute(3, ENERGY, 2));
    await client.disconnect();
    return good;
  }

  /** What is acknowledged now is there after another cut. */
  private async goesOn(client: Client, image: Image, look: Look): Promise<void> {
    const text = Buffer.from(`after ${look.cut}`);
    await client.set(attribute(1, TEXT, 2), d.octetString(text));
    this.meter.advance(900_000);
    const rows = await rowsRead(client, LOAD_PROFILE, 3);
    this.meter.flash = image.copy();
    this.meter.reboot();
    const again = await this.plain(look);
    const kept = octetsOf(await again.get(attribute(1, TEXT, 2)));
    this.expect([hex(text)], hex(kept), "text after the restart");
    const after = await rowsRead(again, LOAD_PROFILE, 6);
    if (rows.some((row) => !after.includes(row))) throw new Error("a row of after the restart is gone");
  }

  private expect(allowed: readonly string[], found: string, what: string): void {
    if (!allowed.includes(found))
      throw new Error(`${what} is "${found}", not ${allowed.map((one) => `"${one}"`).join(" or ")}`);
  }
}
