/** What the threads of `serve` tell each other; structured clones of plain values. */
import type { ClockState } from "../clock.ts";
import type { OperatedMeters } from "../control/meters.ts";
import type { CoreModule } from "../core.ts";
import type { ShardUse } from "../state/shard_files.ts";
import type { DeliveryParts } from "./delivery.ts";
import type { MeterRange } from "./deal.ts";
import type { Begun } from "./fleet.ts";
import type { FirstPorts, Ports } from "./listeners.ts";
import type { ServeOptions } from "./serve_options.ts";

/** What a thread is given to begin with. The code is shared; the rest is small, but for a provision file. */
export interface ThreadSeed {
  readonly options: ServeOptions;
  readonly range: MeterRange;
  readonly start: number;
  readonly delivery: DeliveryParts;
  readonly module: CoreModule;
  readonly shards: ShardUse | undefined;
}

/** What a thread can be asked for. */
export type ThreadCalls = Omit<OperatedMeters, "count"> & {
  boot(): Promise<void>;
  start(): Promise<void>;
  open(first?: FirstPorts): Promise<Ports>;
  /** The last one. */
  close(): Promise<void>;
};

export type CallName = keyof ThreadCalls;

/** A call, with the clock as it runs now, once it runs. */
export interface Asked {
  readonly id: number;
  readonly call: CallName;
  readonly args: readonly unknown[];
  readonly clock?: ClockState;
}

/** What comes from a thread: it has begun, a call has ended, news. */
export type Told =
  | { readonly kind: "begun"; readonly begun: Begun }
  | { readonly kind: "done"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly text: string }
  | { readonly kind: "report"; readonly meter: number; readonly text: string }
  | { readonly kind: "warning"; readonly text: string }
  | { readonly kind: "lived"; readonly days: number };
