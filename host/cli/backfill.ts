/** History before the service starts: the meters live through it in virtual time, so every row is captured by the core. */
import { SingleBar } from "cli-progress";
import { STRIDE_MS, type Bank } from "../bank.ts";
import type { Pump } from "../pump.ts";

/** Days of all meters below which nobody wants to see a bar. */
const BAR_DAYS_MIN = 200;

/** A bar of `days`, which one calls with how many more are over; for people in front of a terminal. */
export function historyBar(days: number, wanted: boolean): { lived: (days: number) => void; stop: () => void } {
  if (!wanted || !process.stderr.isTTY || days < BAR_DAYS_MIN) return { lived: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format: "history {bar} {percentage} %", stream: process.stderr, clearOnComplete: true });
  bar.start(days, 0);
  return { lived: (more) => bar.increment(more), stop: () => bar.stop() };
}

/** Days, begun ones too, from `from` to `to`, both ms since 1970 UTC. */
export function historyDays(from: number, to: number): number {
  return Math.ceil((to - from) / STRIDE_MS);
}

/** Boots `meters` at `from` and brings each to `to`, both ms since 1970 UTC; `lived` hears of each day of each. */
export async function backfill(
  bank: Bank,
  meters: readonly Pump[],
  from: number,
  to: number,
  lived?: () => void,
): Promise<void> {
  for (const meter of meters) {
    await bank.live(meter, from, () => to, lived);
    // A signal ends a long history.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const meter of meters) while (meter.settling !== undefined) await meter.settling;
}
