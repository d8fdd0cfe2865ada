/** History before the service starts: the meters live through it in virtual time, so every row is captured by the core. */
import { SingleBar } from "cli-progress";
import type { Bank } from "../bank.ts";
import { ManualClock } from "../clock.ts";
import type { Pump } from "../pump.ts";

/** Virtual time between two looks at the event loop, ms: a signal ends a long backfill. */
const STRIDE_MS = 86_400_000;
/** Steps below which nobody wants to see a bar. */
const BAR_STEPS_MIN = 200;

/** Boots `meters` at `from` and brings each to `to`, both ms since 1970 UTC. */
export async function backfill(
  bank: Bank,
  meters: readonly Pump[],
  from: number,
  to: number,
  bar: boolean,
): Promise<void> {
  const strides = Math.ceil((to - from) / STRIDE_MS);
  const steps = strides * meters.length;
  const progress =
    bar && process.stderr.isTTY && steps >= BAR_STEPS_MIN
      ? new SingleBar({ format: "history {bar} {percentage} %", stream: process.stderr, clearOnComplete: true })
      : undefined;
  progress?.start(steps, 0);
  for (const meter of meters) {
    bank.clock = new ManualClock(from, performance.now());
    meter.boot();
    while (meter.settling !== undefined) await meter.settling;
    for (let stride = 1; stride <= strides; stride++) {
      await bank.advance(meter, Math.min(to, from + stride * STRIDE_MS));
      progress?.increment();
      if (stride % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  progress?.stop();
}
