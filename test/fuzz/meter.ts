/** A meter under fire: each input meets the same meter, and an honest client must find it unharmed behind it. */
import { decodeApdu, type Apdu } from "../../host/client/index.ts";
import { associateGmac, get, hex } from "../device/apdus.ts";
import { RawMeter, type RawSnapshot } from "../device/raw.ts";
import { core, ENERGY, energyAfter, fullTemplate, START } from "../device/rig.ts";
import type { Compiled } from "../../host/template/compile.ts";

/** An hour of 1 kW is in the registers and in the profiles when the inputs come. */
const HOUR_MS = 3_600_000;
const READ = get(3, ENERGY, 2);
/** Counters of the honest client lie above all that an input may use up. */
const HONEST_COUNTER = 0x40000000;
/** The wrapper's connection of the honest client; inputs have the others. */
const HONEST_INDEX = 3;

export class FuzzMeter {
  readonly raw: RawMeter;
  private readonly neighbour: RawMeter;
  private readonly neighbourBlock: Uint8Array;
  private start: RawSnapshot;

  constructor(compiled: Compiled = fullTemplate()) {
    const bank = core().bank(compiled.image, 2);
    this.neighbour = RawMeter.boot({ template: compiled, bank, seat: 1, index: 1, seed: 2 });
    this.raw = RawMeter.boot({ template: compiled, bank, seat: 0 });
    this.raw.advance(HOUR_MS);
    this.raw.open(this.raw.slotOf("wrapper", HONEST_INDEX));
    this.neighbourBlock = this.neighbour.bank.snapshot(1);
    this.start = this.raw.snapshot();
  }

  /** What is the case now is what each input meets. */
  mark(): void {
    this.start = this.raw.snapshot();
  }

  rewind(): void {
    this.raw.restore(this.start);
  }

  /** Whether anything was written since the mark. */
  get wrote(): boolean {
    return this.raw.writes !== this.start.driver.writes;
  }

  /** An honest client associates with HLS-GMAC and reads the energy; the meter beside has not moved by an octet. */
  visit(): void {
    const channel = this.raw.wrapper({ index: HONEST_INDEX });
    const client = associateGmac(channel, this.raw.identity, HONEST_COUNTER);
    this.raw.sample();
    const energy = energyAfter(this.raw.meterTime - START);
    const answer = hex(client.exchange(READ));
    if (answer !== `C401C10006${energy.toString(16).toUpperCase().padStart(8, "0")}`) {
      throw new Error(`an honest GET gets ${answer}, not ${energy} Wh`);
    }
    if (Buffer.compare(this.neighbour.bank.block(1), this.neighbourBlock) !== 0) {
      throw new Error("the meter in the next seat has changed");
    }
  }
}

/** Answers are told apart by these fields besides their kind. */
const TELLING = ["result", "source", "diagnostic", "stateError", "serviceError", "service", "choice", "value", "last"];
const BLOCK = ["lastBlock", "streaming", "window"];

/** An answer in a few words: its kind, results and size class. Throws when it is no APDU a server may send. */
export function answerWord(octets: Uint8Array | undefined): string {
  if (octets === undefined) return "silence";
  const apdu = decodeApdu(octets);
  if (!ANSWERS.has(apdu.kind) && !isShortNameAnswer(apdu)) throw new Error(`answers ${hex(octets)}, ${apdu.kind}`);
  const fields = apdu as unknown as Record<string, unknown>;
  const told = [...TELLING, ...(apdu.kind === "general-block-transfer" ? BLOCK : [])]
    .filter((name) => fields[name] !== undefined)
    .map((name) => `${name} ${resultWord(fields[name])}`);
  const items = fields["list"] ?? fields["results"];
  if (Array.isArray(items)) told.push(...new Set((items as unknown[]).map(resultWord)));
  return [apdu.kind, ...told, `2^${32 - Math.clz32(octets.length)}`].join(" ");
}

/** A result: its code, or the type of its data. */
function resultWord(result: unknown): string {
  if (typeof result !== "object" || result === null) return typeof result === "number" ? String(result) : `${result}`;
  const { data, error, result: code, choice } = result as Record<string, unknown>;
  const type = (data as { type?: string } | undefined)?.type;
  return [type, error, code, choice].filter((part) => part !== undefined && typeof part !== "object").join("/");
}

const isShortNameAnswer = (apdu: Apdu): boolean =>
  apdu.kind === "unknown" && (apdu.octets[0] === 0x0c || apdu.octets[0] === 0x0d);

const ANSWERS: ReadonlySet<Apdu["kind"]> = new Set([
  ...(["aare", "rlre", "exception-response", "confirmed-service-error", "access-response"] as const),
  ...(["general-block-transfer", "general-glo-ciphering", "general-ded-ciphering"] as const),
  ...(["general-ciphering", "general-signing", "service-ciphered"] as const),
  ...(["get-response-normal", "get-response-with-datablock", "get-response-with-list"] as const),
  ...(["set-response-normal", "set-response-datablock", "set-response-last-datablock"] as const),
  ...(["set-response-last-datablock-with-list", "set-response-with-list"] as const),
  ...(["action-response-normal", "action-response-with-pblock", "action-response-with-list"] as const),
  ...(["action-response-next-pblock"] as const),
]);
