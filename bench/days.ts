/** A thread for the benchmarks: a bank of idle meters, made of the code that the first thread has compiled, that lives a day at each message. */
import { parentPort, workerData } from "node:worker_threads";
import { Bank } from "../host/bank.ts";
import { ManualClock } from "../host/clock.ts";
import { Core, type CoreModule } from "../host/core.ts";
import { MemoryFlash } from "../host/flash/memory.ts";
import { metrologyMaker } from "../host/metrology/source.ts";
import { TemplateModel, type TemplateParts } from "../host/template/model.ts";
import { provisionOf, START } from "./seat.ts";

const DAY_MS = 86_400_000;

export interface Days {
  readonly module: CoreModule;
  readonly image: Uint8Array;
  readonly template: TemplateParts;
  readonly first: number;
  readonly count: number;
}

const { module, image, template, first, count } = workerData as Days;
const model = new TemplateModel(template);
const clock = new ManualClock(START);
const make = metrologyMaker("constant", 1, START);
const bank = new Bank(new Core(module), image, count, {
  clock,
  first,
  setup: (index, plan) => ({
    provision: provisionOf({ image, model }, index),
    flash: new MemoryFlash(plan.flashSize),
    metrology: make(index),
  }),
});
for (const meter of bank.meters) meter.boot();
const port = parentPort!;
port.on("message", () => {
  clock.meter += DAY_MS;
  for (const meter of bank.meters) meter.run();
  port.postMessage("lived");
});
port.postMessage("ready");
