/** A core that only keeps the ABI's manners: it answers each line of text with the same line, and tells what it was called. */
import {
  DELIVER_CLOSE,
  FlashOperation,
  Input,
  LineEvent,
  NEWS_EVERYTHING,
  NEWS_SENT,
  OUTPUT_DELIVERY,
  OUTPUT_ENTROPY,
  OUTPUT_RATE,
  OUTPUT_SWITCHED,
  TRANSMIT_CLOSE,
  type CoreCalls,
  type Delivery,
  type Sample,
} from "../../host/core.ts";

export interface FakeItem {
  readonly text: string;
  readonly sequence: number;
}

export class FakeCore implements CoreCalls {
  /** Every call that changes something, in order. */
  readonly calls: string[] = [];
  readonly outgoing: FakeItem[] = [];
  readonly flashWanted: number[] = [];
  entropyWanted = false;
  /** A rate that a line is to have, Bd, and the connection. */
  rateWanted: number | undefined;
  rateSlot = 0;
  /** A state of the outputs that is to be told. */
  switchedTo: number | undefined;
  switched = 0;
  rate = 0;
  /** What deliverPoll() gives, one after the other. */
  readonly deliveries: (Delivery | "close")[] = [];
  private given: Delivery | "close" = "close";
  /** Next meter-time deadline, and how far it moves when it is handled; 0 = none. */
  meterDeadline = 0;
  period = 0;
  lineDeadline = 0;
  transmittedSequence = 0;
  durableSequence = 0;
  news = NEWS_EVERYTHING | NEWS_SENT;
  flashAddress = 0;
  flashSize = 16;
  /** Sequence of the newest record; an item depends on it. */
  sequence = 0;
  /** Makes the next receive() trap, as a failed assert does. */
  trap = false;
  bootResult = 0;
  bootTrap = false;
  /** Highest kind of input it knows. */
  inputMax = Infinity;
  /** Each received line makes a record that must be durable before the answer leaves. */
  recording = false;
  private readonly page = new Uint8Array(4096);
  private text = "";

  boot(_seat: number, provision: Uint8Array, flashSize: number, _lineTime: number, meterTime: number): number {
    this.calls.push(`boot ${provision.length} ${flashSize} ${meterTime}`);
    this.outgoing.length = 0;
    this.flashWanted.length = 0;
    if (this.bootTrap) throw new WebAssembly.RuntimeError("unreachable");
    return this.bootResult;
  }

  receive(_seat: number, slot: number, octets: Uint8Array, _lineTime: number, meterTime: number): number {
    if (this.trap) {
      this.trap = false;
      throw new WebAssembly.RuntimeError("unreachable");
    }
    const end = octets.indexOf(10);
    const count = end < 0 ? octets.length : end + 1;
    const text = Buffer.from(octets.subarray(0, count)).toString("latin1");
    this.calls.push(`receive ${slot} ${JSON.stringify(text)} ${meterTime}`);
    if (end < 0) return count;
    if (this.recording) {
      this.sequence++;
      this.flashWanted.push(FlashOperation.PROGRAM, FlashOperation.SYNC);
    }
    this.outgoing.push({ text, sequence: this.sequence });
    return count;
  }

  lineEvent(_seat: number, slot: number, kind: LineEvent): number {
    this.calls.push(`line ${slot} ${["", "opened", "closed", "sent", "refused"][kind]}`);
    return 0;
  }

  transmitPoll(_seat: number, slot: number): number {
    const item = this.outgoing.shift();
    if (item === undefined) return 0;
    this.calls.push(`transmit ${slot} ${JSON.stringify(item.text)}`);
    this.transmittedSequence = item.sequence;
    this.text = item.text;
    return item.text === "close\n" ? TRANSMIT_CLOSE : item.text.length;
  }

  transmitted(): Uint8Array {
    return Buffer.from(this.text, "latin1");
  }

  flashPoll(): number {
    return this.flashWanted[0] ?? FlashOperation.NONE;
  }

  flashData(size: number): Uint8Array {
    return this.page.subarray(0, size);
  }

  flashDone(_seat: number, status: number): number {
    const operation = this.flashWanted.shift()!;
    this.calls.push(`flash ${["none", "read", "program", "erase", "sync"][operation]} ${status}`);
    if (operation === FlashOperation.SYNC && status === 0) this.durableSequence = this.sequence;
    return 0;
  }

  sample(_seat: number, sample: Sample, meterTime: number): number {
    this.calls.push(`sample ${sample.energies[0]} ${meterTime}`);
    return 0;
  }

  input(_seat: number, kind: number, value: number, meterTime: number): number {
    this.calls.push(kind <= Input.POWER_RETURNS ? `input ${kind}` : `input ${kind} ${value} ${meterTime}`);
    return kind > this.inputMax ? -1 : 0;
  }

  tick(_seat: number, _lineTime: number, meterTime: number): number {
    this.calls.push(`tick ${meterTime}`);
    if (this.meterDeadline > 0 && this.meterDeadline <= meterTime) this.meterDeadline += this.period;
    else this.lineDeadline = 0;
    return 0;
  }

  deadlinePoll(): number {
    return 0;
  }

  entropy(_seat: number, octets: Uint8Array): number {
    this.calls.push(`entropy ${octets.length}`);
    this.entropyWanted = false;
    return octets.length;
  }

  deliverPoll(): number {
    const item = this.deliveries.shift();
    if (item === undefined) return 0;
    this.given = item;
    return item === "close" ? DELIVER_CLOSE : item.octets.length;
  }

  delivery(): Delivery {
    return this.given as Delivery;
  }

  deliverEvent(_seat: number, kind: number, octets: Uint8Array): number {
    this.calls.push(`delivery ${["", "sent", "failed", "received"][kind]} ${octets.length}`);
    return 0;
  }

  show(): undefined {
    return undefined;
  }

  outputPoll(): number {
    const rated = this.rateWanted !== undefined;
    this.rate = this.rateWanted ?? 0;
    this.rateWanted = undefined;
    const delivery =
      (this.deliveries.length > 0 ? OUTPUT_DELIVERY : 0) | (this.switchedTo === undefined ? 0 : OUTPUT_SWITCHED);
    this.switched = this.switchedTo ?? this.switched;
    this.switchedTo = undefined;
    return (this.entropyWanted ? OUTPUT_ENTROPY : 0) | (rated ? OUTPUT_RATE : 0) | delivery;
  }
}
