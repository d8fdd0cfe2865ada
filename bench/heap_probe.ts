/**
 * Loaded into a server before its own program (`--import`): tells its parent, when asked over IPC, how many octets stand on the heap of V8,
 * and how often that has been collected. Between two answers with the same number of collections all growth is what was allocated.
 */
import { PerformanceObserver } from "node:perf_hooks";

export interface HeapAnswer {
  /** Octets. */
  readonly used: number;
  readonly collections: number;
}

let collections = 0;
new PerformanceObserver((list) => void (collections += list.getEntries().length)).observe({ entryTypes: ["gc"] });

process.on("message", () => {
  // A collection is told in a later turn of the event loop.
  setTimeout(() => process.send!({ used: process.memoryUsage().heapUsed, collections } satisfies HeapAnswer), 50);
});
// The question shall not keep the server running.
process.channel!.unref();
