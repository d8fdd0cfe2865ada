/** What a pump is made of, and whom it tells. */
import type { Clock } from "./clock.ts";
import type { CoreCalls } from "./core.ts";
import type { Flash } from "./flash/flash.ts";
import type { Metrology } from "./metrology/metrology.ts";
import type { Pump } from "./pump.ts";
import type { Courier } from "./push.ts";

/** What all meters of a bank share. */
export interface PumpHost {
  clock: Clock;
  entropy(size: number): Uint8Array;
  /** `wakeAt` of the pump has changed. */
  wake(pump: Pump): void;
  report(pump: Pump, text: string): void;
  /** The meter wants its time server asked; the answer goes to timeFound(). */
  timeWanted?(pump: Pump): void;
}

/** What makes a meter out of a seat. */
export interface PumpParts {
  readonly core: CoreCalls;
  readonly seat: number;
  readonly provision: Uint8Array;
  readonly flash: Flash;
  readonly metrology: Metrology;
  /** Carries what the meter pushes; without one every push fails. */
  readonly courier?: Courier;
  /** How often the energies are kept between captured rows, ms of meter time; 0 or absent: not. */
  readonly keepMs?: number;
  /** Its flash holds nothing yet: what the meter lives through before somebody reaches it is made durable once, at the end. */
  readonly isNew?: boolean;
}

/** `outage`: the power is gone, and its return is the metrology's. */
export type PumpState = "off" | "booting" | "running" | "outage" | "fault";
