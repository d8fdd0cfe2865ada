/** History before the service starts: the meters live through it in virtual time, so every row is captured by the core. */
import { SingleBar } from "cli-progress";
import { STRIDE_MS, type Bank } from "../bank.ts";
import type { Pump } from "../pump.ts";

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
  const steps = Math.ceil((to - from) / STRIDE_MS) * meters.length;
  const progress =
    bar && process.stderr.isTTY && steps >= BAR_STEPS_MIN
      ? new SingleBar({ format: "history {bar} {percentage} %", stream: process.stderr, clearOnComplete: true })
      : undefined;
  progress?.start(steps, 0);
  for (const meter of meters) {
    await bank.live(
      meter,
      from,
      () => to,
      () => progress?.increment(),
    );
    // A signal ends a long history.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const meter of meters) while (meter.settling !== undefined) await meter.settling;
  progress?.stop();
}
