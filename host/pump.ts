/**
 * The loop of one meter. Inputs only leave a mark (octets, a closed line, a flash operation that ended) and call run(),
 * which works in one written order until nothing is left: flash, transmit, outputs, due instants, line events, octets.
 * So nothing enters the core twice, whatever a line does while it is sent to.
 */
import type { Clock } from "./clock.ts";
import type { ConnectionHost } from "./connection.ts";
import {
  FlashOperation,
  Input,
  isTrap,
  NEWS_DEADLINE,
  NEWS_EVERYTHING,
  NEWS_FLASH,
  NEWS_OUTPUT,
  NEWS_TRANSMIT,
  OUTPUT_DELIVERY,
  OUTPUT_ENTROPY,
  OUTPUT_RATE,
  OUTPUT_SWITCHED,
  OUTPUT_TIME,
  type FaceItem,
} from "./core.ts";
import { flashOperate } from "./flash_operation.ts";
import { LineTime } from "./line_time.ts";
import { Lines } from "./lines.ts";
import type { PumpHost, PumpParts, PumpState } from "./pump_parts.ts";
import { Pushes } from "./push.ts";
import { Restarts } from "./restarts.ts";
import { damageText, refusalText } from "./state/boot_text.ts";
import { Surroundings } from "./surroundings.ts";
import type { Line, LineListener } from "./transport/line.ts";

/** How old the metering data may be when octets arrive, ms of meter time: real metrology refreshes once a second. */
const REFRESH_MS = 1000;
/** Octets of a seed: 256 bits and a nonce of half of it (SP 800-90A 8.6.7). */
const ENTROPY_SIZE = 48;
/** Ticks at one instant after which the core is taken to be stuck. */
const TICKS_MAX = 10000;

/** An operation on the flash did not succeed, or the core cannot use what is stored: it must be booted again. */
class FlashFailed extends Error {}

/** The core does not boot again after an outage. */
class BootRefused extends Error {}

export class Pump {
  readonly index: number;
  state: PumpState = "off";
  /** Line time of the clock at which run() is to be called next. */
  wakeAt = Infinity;
  /** The flash operation that is under way; nothing else enters the core until it is over. */
  settling: Promise<void> | undefined;
  /** The clock of its past, while the meter lives through that: lines wait, and what it pushes before now counts as received. */
  past: Clock | undefined;
  private readonly host: PumpHost;
  private readonly parts: PumpParts;
  private readonly pushes: Pushes;
  private readonly surroundings: Surroundings;
  private readonly lines: Lines;
  private running = false;
  /** How the last flash operation ended, for the core to hear. */
  private settled: number | undefined;
  private powerFails = false;
  /** The core has been told that the power fails, and writes what it holds back. */
  private gasping = false;
  private durable = 0;
  private readonly line = new LineTime();
  private lineTime = 0;
  /** What is to be asked of the core: bits of NEWS_EVERYTHING. 0 = it has nothing to give and waits for the deadlines below. */
  private news = NEWS_EVERYTHING;
  private lineDeadline = 0;
  private meterDeadline = 0;
  /** Meter time of what happens next around the meter, for which wakeAt was set. */
  private outsideAt = Infinity;
  /** Something may have happened to the lines, the pushes or the power that the core has not been told. */
  private eventful = true;
  /** The line deadline that a run ended with; 0 = none, or not known. */
  private awaited = 0;
  /** In this run everything has been done that was due when it began. */
  private ticked = false;
  /** Meter time the core has been brought to, and the one run() goes to. */
  private meterTime = 0;
  private target = 0;
  private stuck = 0;
  private readonly restarts = new Restarts();

  constructor(index: number, host: PumpHost, parts: PumpParts) {
    this.index = index;
    this.host = host;
    this.parts = parts;
    const report = (text: string): void => this.host.report(this, text);
    this.surroundings = new Surroundings(parts.metrology, parts.core, parts.seat, report, parts.keepMs);
    this.lines = new Lines(parts.core, parts.seat);
    this.pushes = new Pushes(parts.courier, {
      changed: () => this.hearing.changed(),
      isPast: () => this.past !== undefined && this.meterTime < host.clock.meterTime(),
      report,
    });
  }

  /** What comes over the lines finds that which the core waits for as it was. */
  private readonly hearing: ConnectionHost = {
    arrived: () => this.go(),
    changed: () => {
      this.eventful = true;
      this.go();
    },
  };

  /** Switches the meter on: replays the flash, then runs. */
  boot(): void {
    this.takeTime();
    this.meterTime = this.target;
    const refusal = this.begin();
    if (refusal === undefined) this.run();
    else this.fault(refusal);
  }

  /** Lets the core begin anew at `meterTime`. @returns why it does not */
  private begin(): string | undefined {
    const { core, seat, provision, flash } = this.parts;
    this.surroundings.restart(this.meterTime, this.state === "off" || this.state === "outage");
    this.state = "booting";
    this.news = NEWS_EVERYTHING;
    this.powerFails = false;
    this.gasping = false;
    this.durable = 0;
    try {
      const result = core.boot(seat, provision, flash.size, this.lineTime, this.meterTime);
      return result < 0 ? `the core refuses to boot (${result})` : undefined;
    } catch (error) {
      return `the core cannot boot (${(error as Error).message})`;
    }
  }

  /** A new line for the connection named by `slot`, which is `freed` behind its end; undefined when the meter is out of service. */
  open(slot: number, line: Line, freed: () => void = () => undefined): LineListener | undefined {
    if (this.state !== "running" && this.state !== "booting") return undefined;
    const connection = this.lines.open(slot, line, this.hearing, freed);
    this.run();
    return connection;
  }

  /** Fails the power after the metering data of now: the core writes what it holds back exactly, then the meter is off. */
  async powerFail(): Promise<void> {
    while (this.settling !== undefined) await this.settling;
    this.powerFails = this.state !== "outage";
    if (this.powerFails) this.run();
    while (this.settling !== undefined) await this.settling;
    this.dropLines();
    this.state = "off";
    this.wakeAt = Infinity;
  }

  /** Cuts the power: everything that is not in the flash is gone. */
  powerCut(): void {
    this.dropLines();
    this.state = "off";
    this.wakeAt = Infinity;
  }

  /** Its past is over: who has reached it meanwhile is heard, once what it lived through is durable. */
  arrive(): void {
    this.past = undefined;
    if (this.isOut) return;
    const pending = this.parts.isNew === true ? this.parts.flash.sync() : undefined;
    if (pending === undefined) return this.run();
    const over = (failure?: unknown): void => {
      this.settling = undefined;
      if (failure === undefined) this.run();
      else this.restart(failure);
    };
    this.settling = pending.then(() => over(), over);
  }

  /** A list of the meter's face, as it is now; nothing while it is not running. */
  face(list: number): FaceItem[] {
    const items: FaceItem[] = [];
    if (this.state !== "running" || this.settling !== undefined) return items;
    for (;;) {
      const item = this.parts.core.show(this.parts.seat, list, items.length);
      if (item === undefined) return items;
      items.push(item);
    }
  }

  /** A time server is `offset` ms ahead of this host, whole. */
  timeFound(offset: number): void {
    this.surroundings.inform({ kind: Input.TIME_SOURCE, value: offset });
    this.run();
  }

  /** Does all that is to be done now. */
  run(): void {
    this.eventful = true;
    if (!this.running) this.news = NEWS_EVERYTHING;
    this.go();
  }

  private go(): void {
    if (this.running || this.settling !== undefined || this.isOut) return;
    this.running = true;
    let failure: unknown;
    try {
      this.takeTime();
      if (this.state !== "outage" || this.powerReturns()) this.work();
    } catch (error) {
      failure = error;
    } finally {
      this.running = false;
    }
    if (failure === undefined) this.host.wake(this);
    else this.restart(failure);
  }

  /** Nobody has switched it on, or it is out of service. */
  get isOut(): boolean {
    return this.state === "off" || this.state === "fault";
  }

  private get clock(): Clock {
    return this.past ?? this.host.clock;
  }

  private takeTime(): void {
    const { clock } = this;
    const now = clock.lineTime();
    this.lineTime = this.line.take(now, clock.runs ? this.awaited : 0);
    this.awaited = 0;
    this.target = Math.max(this.meterTime, clock.meterTime(now));
  }

  private work(): void {
    if (this.settled !== undefined) this.flashDone(this.settled);
    this.stuck = 0;
    this.ticked = false;
    for (;;) {
      if (this.news !== 0) {
        const more = this.drain();
        if (more === undefined) return;
        if (more) continue;
      }
      if (!this.tick() && !this.events() && !this.offer()) return;
    }
  }

  /** Takes what the core has to give. @returns whether there may be more now; undefined: it goes on later */
  private drain(): boolean | undefined {
    this.flash();
    if (this.transmit()) return true;
    if (this.settling !== undefined) return undefined;
    if (this.gasping) return this.outage() || undefined;
    return this.outputs() || this.sents();
  }

  // --- flash ---

  private flash(): void {
    const { core, seat } = this.parts;
    while (this.settling === undefined && (this.news & NEWS_FLASH) !== 0) {
      const operation = core.flashPoll(seat);
      if (operation === FlashOperation.NONE) this.news &= ~NEWS_FLASH;
      else if (operation < 0) throw new FlashFailed(`the core cannot go on (${operation})`);
      else this.operate(operation);
    }
  }

  private operate(operation: number): void {
    let pending: Promise<void> | undefined;
    try {
      const { core, flash, isNew = false } = this.parts;
      pending = flashOperate(core, flash, operation, isNew && this.past !== undefined);
    } catch (error) {
      this.failFlash(error);
    }
    if (pending === undefined) return this.flashDone(0);
    this.settling = pending.then(
      () => this.settle(0),
      (error: unknown) => this.settle(1, error),
    );
  }

  private settle(status: number, error?: unknown): void {
    if (error !== undefined) this.host.report(this, `flash: ${(error as Error).message}`);
    this.settling = undefined;
    this.settled = status;
    this.run();
  }

  private flashDone(status: number): void {
    const { core, seat } = this.parts;
    this.settled = undefined;
    this.news = NEWS_EVERYTHING;
    const result = core.flashDone(seat, status, this.meterTime);
    this.durable = core.durableSequence;
    if (status !== 0) throw new FlashFailed("a flash operation failed");
    if (result < 0) throw new FlashFailed(refusalText(result));
    if (result > 0) this.host.report(this, damageText(result));
    this.lines.release(this.durable);
    this.pushes.release(this.durable);
  }

  private failFlash(error: unknown): never {
    this.parts.core.flashDone(this.parts.seat, 1, this.meterTime);
    throw new FlashFailed((error as Error).message);
  }

  // --- what the core gives ---

  /** Takes what is there for the lines. @returns whether that has left something: a new item may have made a record for the flash */
  private transmit(): boolean {
    if ((this.news & NEWS_TRANSMIT) === 0) return false;
    const news = this.lines.transmit(this.lineTime, this.durable);
    this.news = (this.news & ~NEWS_TRANSMIT) | news;
    return news !== 0;
  }

  private outputs(): boolean {
    if ((this.news & NEWS_OUTPUT) === 0) return false;
    this.news &= ~NEWS_OUTPUT;
    const { core, seat } = this.parts;
    const outputs = core.outputPoll(seat);
    if (outputs <= 0) return false;
    if (outputs === OUTPUT_ENTROPY && !this.seed()) return false;
    if (outputs === OUTPUT_ENTROPY) return this.stirred();
    if ((outputs & OUTPUT_RATE) !== 0) this.lines.rateSet(core.rateSlot, core.rate);
    if ((outputs & OUTPUT_TIME) !== 0) this.host.timeWanted?.(this);
    if ((outputs & OUTPUT_SWITCHED) !== 0) this.surroundings.switched(core.switched, this.meterTime);
    if ((outputs & OUTPUT_ENTROPY) !== 0) this.seed();
    if ((outputs & OUTPUT_DELIVERY) !== 0 && this.pushes.poll(core, seat, this.lineTime)) {
      this.pushes.release(this.durable);
    }
    return this.stirred();
  }

  /** Gives the core entropy. @returns whether it took any: a host that has none is asked again at the next input only */
  private seed(): boolean {
    const { core, seat } = this.parts;
    return core.entropy(seat, this.host.entropy(ENTROPY_SIZE)) > 0;
  }

  // --- what the core is given ---

  /** Handles one due instant of the core, of the contacts or of the metrology, after the metering data up to exactly that instant. */
  private tick(): boolean {
    const { core, seat } = this.parts;
    const isAsked = (this.news & NEWS_DEADLINE) !== 0;
    // Time stands still in a run.
    if (this.ticked && !isAsked) return false;
    if (isAsked) this.deadlines();
    const { lineDeadline, meterDeadline } = this;
    const outside = this.surroundings.nextAt;
    if (outside < meterDeadline && outside <= this.target) return this.outside(outside);
    const meterDue = meterDeadline <= this.target;
    if (!meterDue && !(lineDeadline > 0 && lineDeadline <= this.lineTime)) {
      this.awaited = lineDeadline;
      if (isAsked || outside !== this.outsideAt) this.wakeSet(meterDeadline, outside);
      this.meterTime = this.target;
      this.ticked = true;
      return false;
    }
    this.moveTo(meterDue ? meterDeadline : this.meterTime);
    if (meterDue) this.surroundings.sample(this.meterTime);
    core.tick(seat, this.lineTime, this.meterTime);
    return this.stirred();
  }

  /** Asks the core what it waits for. A line deadline holds until it is asked again: meanwhile it can only have become later. */
  private deadlines(): void {
    this.news &= ~NEWS_DEADLINE;
    const { core, seat } = this.parts;
    const result = core.deadlinePoll(seat);
    if (result < 0) throw new FlashFailed(`the core does not run (${result})`);
    this.state = "running";
    this.lineDeadline = core.lineDeadline;
    this.meterDeadline = core.meterDeadline > 0 ? core.meterDeadline : Infinity;
  }

  /** Something has entered the core: it may have news of every kind. */
  private stirred(): true {
    this.news = NEWS_EVERYTHING;
    return true;
  }

  private moveTo(time: number): void {
    this.stuck = time > this.meterTime ? 0 : this.stuck + 1;
    this.meterTime = Math.max(time, this.meterTime);
    if (this.stuck > TICKS_MAX) throw new Error("the core does not leave an instant");
  }

  /** Sets wakeAt to the earliest of the line deadline and two meter times. */
  private wakeSet(meterDeadline: number, outside: number): void {
    const { lineDeadline } = this;
    this.outsideAt = outside;
    this.wakeAt = lineDeadline > 0 ? this.line.clockOf(lineDeadline) : Infinity;
    this.wakeBy(Math.min(meterDeadline, outside));
  }

  /** Moves wakeAt to the line time of `meterTime`, if that is earlier. */
  private wakeBy(meterTime: number): void {
    if (meterTime < Infinity) this.wakeAt = Math.min(this.wakeAt, this.clock.lineTimeOf(meterTime));
  }

  /** Brings the core to what happens around it at `time`. */
  private outside(time: number): true {
    this.moveTo(time);
    if (this.surroundings.tell(this.meterTime)) this.gasping = true;
    return this.stirred();
  }

  /** The meter goes off; its return may be due at once, where time jumps. @returns whether it is there again */
  private outage(): boolean {
    this.dropLines();
    this.state = "outage";
    return this.powerReturns();
  }

  /** Boots the meter when its power is back, at exactly that instant. */
  private powerReturns(): boolean {
    const time = this.surroundings.powerReturns(this.target);
    this.meterTime = Math.max(this.meterTime, time ?? this.target);
    this.wakeAt = Infinity;
    this.wakeBy(this.surroundings.signalAt);
    if (time === undefined) return false;
    const refusal = this.begin();
    if (refusal !== undefined) throw new BootRefused(refusal);
    return true;
  }

  /** Tells the core of one change of a line, or of the power. */
  private events(): boolean {
    if (!this.eventful) return false;
    const { core, seat } = this.parts;
    if (this.powerFails) {
      this.powerFails = false;
      this.surroundings.sample(this.meterTime);
      core.input(seat, Input.POWER_FAILS, 0, this.meterTime);
      return this.stirred();
    }
    if (this.pushes.tell(core, seat, this.lineTime, this.meterTime)) return this.stirred();
    return (this.eventful = this.tell(this.lines.happened(this.past === undefined)));
  }

  /** Tells the core what has left in this run. What left since the one before is an event behind all that was due until now. */
  private sents(): boolean {
    if (this.ticked) return this.tell(this.lines.sent());
    this.eventful = true;
    return false;
  }

  private tell(event: ReturnType<Lines["sent"]>): boolean {
    if (event === undefined) return false;
    const { core, seat } = this.parts;
    core.lineEvent(seat, event.slot, event.kind, this.lineTime, this.meterTime);
    return this.stirred();
  }

  /** Offers the octets of one line; false when the core takes nothing more now. */
  private offer(): boolean {
    if (!this.lines.ready) return false;
    const stale = this.meterTime - this.surroundings.sampledTo >= REFRESH_MS;
    if (stale) {
      this.surroundings.sample(this.meterTime);
      this.stirred();
    }
    const news = this.lines.offer(this.lineTime, this.meterTime, this.refused);
    this.news |= news;
    return stale || news !== 0;
  }

  private readonly refused = (result: number): void =>
    this.host.report(this, `the core refuses octets of a line (${result}); it is closed`);

  // --- when it goes wrong ---

  /** A trap is a watchdog reset; a failed flash operation or a mistake of ours ends the same way, and it is said. */
  private restart(failure: unknown): void {
    const text = failure instanceof Error ? failure.message : String(failure);
    const cause = isTrap(failure) ? `watchdog reset (${text})` : text;
    this.dropLines();
    if (failure instanceof BootRefused) return this.fault(text);
    if (this.state === "booting" || this.restarts.tooMuch(this.lineTime)) return this.fault(cause);
    this.host.report(this, `${cause}; the meter boots again from its flash`);
    this.boot();
  }

  private fault(cause: string): void {
    this.dropLines();
    this.state = "fault";
    this.wakeAt = Infinity;
    this.host.report(this, `${cause}; the meter is out of service`);
    this.host.wake(this);
  }

  private dropLines(): void {
    this.pushes.drop();
    this.lines.drop();
  }
}
