/** Time-outs that count the peer's silence, not the time for which this process was kept from looking at its line. */

/** A timer later than this, ms, means that the process was kept; octets may wait in the system. */
const LATE_MS = 20;
/** Longest time that they are given to arrive, ms, and how often. */
const ARRIVAL_MS = 500;
const TIMES_MAX = 10;

/** Calls `over` after `timeOut` ms, unless what it gives back is called before. */
export function silenceAwait(timeOut: number, over: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (milliseconds: number, times: number): void => {
    const begin = performance.now();
    timer = setTimeout(() => {
      const late = performance.now() - begin - milliseconds;
      if (late > LATE_MS && times < TIMES_MAX) wait(Math.min(late, ARRIVAL_MS), times + 1);
      else over();
    }, milliseconds);
  };
  wait(timeOut, 0);
  return () => clearTimeout(timer);
}
