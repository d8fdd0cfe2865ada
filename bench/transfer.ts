/**
 * A profile read in blocks of either kind: the client reads it once, with every check it has, and what it sent is then sent again and
 * again through the calls of the core alone.
 */
import { decodeApdu, encodeApdu } from "../host/client/apdu.ts";
import type { Selection } from "../host/client/apdu_parts.ts";
import { encodeData } from "../host/client/axdr.ts";
import { elementsOf } from "../host/client/data.ts";
import { Client, type ClientOptions } from "../host/client/session.ts";
import { wpduDecode, wpduEncode } from "../host/client/wrapper.ts";
import { PROFILE } from "./requests.ts";
import type { Seat } from "./seat.ts";
import { isQuiet, patiently, sampleCount } from "./quiet.ts";
import { median, repeat, sample, type Work } from "./timing.ts";

const WARM_UP_TRANSFERS = 6;
/** Steps between two probes: some tenths of a millisecond. */
const STRETCH = 64;
/** Undisturbed times that each step should have, and how long a transfer is played for that at most, ms. */
const QUIET_MIN = 7;
const WAIT_MS = 15_000;

/** A request, and the APDUs of which the client sealed it; none where it sealed nothing, as in a confirmation of general blocks. */
interface Step {
  readonly request: Uint8Array;
  readonly plain?: Uint8Array;
  /** What the core sent for it, wrapper headers included. */
  readonly answers: readonly Uint8Array[];
}

export class Transfer {
  readonly seat: Seat;
  readonly steps: readonly Step[];
  /** The buffer as A-XDR. */
  readonly data: Uint8Array;
  private readonly client: Client;
  private readonly slot: number;

  private constructor(seat: Seat, slot: number, client: Client, steps: readonly Step[], data: Uint8Array) {
    this.seat = seat;
    this.slot = slot;
    this.client = client;
    this.steps = steps;
    this.data = data;
  }

  /** Opens an association and reads the load profile. @throws when there are not `rows` */
  static async record(seat: Seat, options: ClientOptions, rows: number, selection?: Selection): Promise<Transfer> {
    const slot = seat.slotOf("wrapper");
    const steps: Step[] = [];
    let plain: Uint8Array | undefined;
    const under = seat.open(slot);
    let listener: (octets: Uint8Array) => void = () => undefined;
    const client = new Client(
      {
        ...under,
        onData: (taken) => void (listener = taken),
        write: (request) => {
          const answers = seat.exchange(slot, request);
          steps.push({ request, answers, ...(plain === undefined ? {} : { plain }) });
          plain = undefined;
          answers.forEach((answer) => listener(answer));
        },
      },
      { ...options, gbt: "never" },
    );
    client.hooks.plain = (apdu) => (plain = apdu);
    await client.connect();
    await client.associate();
    // Only what is read comes in general blocks, not the authentication before it.
    client.options.gbt = options.gbt ?? "never";
    steps.length = 0;
    const buffer = await client.get(PROFILE, selection);
    const count = elementsOf(buffer, "buffer").length;
    if (count !== rows) throw new Error(`the profile gives ${count} rows, ${rows} were captured`);
    return new Transfer(seat, slot, client, steps, encodeData(buffer));
  }

  /** Blocks in which the answer comes. */
  get blocks(): readonly Uint8Array[] {
    return this.steps.flatMap((step) => step.answers);
  }

  /** What the client sends for it once more: sealed anew, since a counter serves once. */
  requests(): readonly Uint8Array[] {
    return this.steps.map((step) =>
      this.client.protecting && step.plain !== undefined ? this.sealedAnew(step) : step.request,
    );
  }

  private sealedAnew(step: Step): Uint8Array {
    const { apdu, ...addresses } = wpduDecode(step.request);
    const sealed = this.client.security!.seal(step.plain!);
    const block = decodeApdu(apdu);
    const general = block.kind === "general-block-transfer";
    return wpduEncode({ ...addresses, apdu: general ? encodeApdu({ ...block, data: sealed }) : sealed });
  }

  close(): Promise<void> {
    return this.client.disconnect();
  }

  /** Plays it once. @throws when what comes is not as long as what came when it was recorded, or, in the clear, not the same */
  check(): void {
    const requests = this.requests();
    this.steps.forEach(({ answers }, i) => {
      const came = this.seat.exchange(this.slot, requests[i]!);
      const same = came.length === answers.length && came.every((octets, k) => this.likeRecorded(octets, answers[k]!));
      if (!same)
        throw new Error(`request ${i + 1} of the transfer is answered in another way than when it was recorded`);
    });
  }

  private likeRecorded(octets: Uint8Array, recorded: Uint8Array): boolean {
    return this.client.protecting ? octets.length === recorded.length : Buffer.compare(octets, recorded) === 0;
  }

  /** The core's part of the steps from `first` to before `end`. @returns the time of each, ns */
  run(requests: readonly Uint8Array[], first: number, end: number): number[] {
    const { seat, slot } = this;
    const { bank, lineTime, meterTime } = seat;
    return this.steps.slice(first, end).map(({ answers }, i) => {
      const begin = performance.now();
      bank.receive(0, slot, requests[first + i]!, lineTime, meterTime);
      for (let k = 0; k < answers.length; k++) bank.transmitted(bank.transmitPoll(0, slot, lineTime));
      seat.settle();
      return (performance.now() - begin) * 1e6;
    });
  }

  /** The same octets copied in and out through as many calls that do nothing; counts as `rows` operations. */
  copyWork(rows: number): Work {
    const { bank } = this.seat;
    const copies = repeat(1, () => {
      for (const { request, answers } of this.steps) {
        bank.flashData(request.length).set(request);
        bank.outputPoll(0);
        for (const answer of answers) {
          bank.outputPoll(0);
          bank.transmitted(answer.length);
        }
        bank.outputPoll(0);
      }
    });
    return { run: () => copies.run() * rows };
  }
}

/** Medians, ns: of every step over many transfers, and of an operation of each reference. */
export interface StepTimes {
  readonly steps: readonly number[];
  readonly references: readonly number[];
}

/** Steps that follow each other between two probes, and their times in one transfer. */
interface Stretch {
  readonly quiet: number[][];
  readonly disturbed: number[][];
}

/** Plays it once. A transfer is longer than a processor is left alone, so each stretch is judged by itself. */
function play(transfer: Transfer, stretches: readonly Stretch[]): void {
  const requests = transfer.requests();
  let before = isQuiet();
  stretches.forEach(({ quiet, disturbed }, i) => {
    const times = transfer.run(requests, i * STRETCH, (i + 1) * STRETCH);
    const behind = isQuiet();
    (before && behind ? quiet : disturbed).push(times);
    before = behind;
  });
}

/**
 * Plays a transfer `count` times, in turns with the references, and more often until each stretch of it was undisturbed some times. Medians are of
 * what was undisturbed, or of all if a stretch never was.
 */
export function stepTimes(count: number, transfer: Transfer, others: readonly Work[] = []): StepTimes {
  const references = others.map((): number[] => []);
  const stretchesMake = (): Stretch[] =>
    Array.from({ length: Math.ceil(transfer.steps.length / STRETCH) }, () => ({ quiet: [], disturbed: [] }));
  for (let i = 0; i < WARM_UP_TRANSFERS; i++) play(transfer, stretchesMake());
  const stretches = stretchesMake();
  for (let round = 0; round < count; round++) {
    play(transfer, stretches);
    others.forEach((other, i) => references[i]!.push(sample(other).result));
  }
  const enough = (): boolean => stretches.every(({ quiet }) => quiet.length >= QUIET_MIN);
  patiently(WAIT_MS, () => enough() || (play(transfer, stretches), false));
  // Times of a quiet and of a shared processor are not compared with each other.
  const allQuiet = stretches.every(({ quiet }) => quiet.length > 0);
  const steps = stretches.flatMap(({ quiet, disturbed }) => {
    sampleCount(allQuiet);
    const rounds = allQuiet ? quiet : [...quiet, ...disturbed];
    return rounds[0]!.map((_, step) => median(rounds.map((times) => times[step]!)));
  });
  return { steps, references: references.map(median) };
}
