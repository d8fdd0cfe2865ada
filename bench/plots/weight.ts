/** Plots of sizes: memory of a meter, the module, and what a microcontroller executes. */
import type { Figure } from "../figure.ts";
import type { Kept } from "../kept.ts";
import { numberText } from "../report.ts";
import { bars, type Bars, type Plot } from "./style.ts";

function figuresOf(kept: Kept, idBegin: string): readonly Figure[] {
  return kept.groups.flatMap((group) => group.figures).filter((figure) => figure.id.startsWith(idBegin));
}

const memory: Plot = {
  name: "memory",
  spec: (kept) =>
    bars({
      title: "Resident memory of a meter",
      subtitle: "growth of a process of its own, divided by its meters; shorter is better",
      axis: "KiB",
      data: figuresOf(kept, "rss-").map((figure) => ({
        row: figure.what.replace("resident memory of ", ""),
        of: "resident",
        value: figure.value,
        text: `${numberText(figure.value)} ${figure.unit}`,
      })),
    }),
};

type Bar = Bars["data"][number];

function cellBar(figure: Figure): Bar {
  const { row, column } = figure.cell!;
  return { row, of: column, value: figure.value, text: numberText(figure.value) };
}

const targets: Plot = {
  name: "targets",
  spec: (kept) =>
    bars({
      title: "Instructions on a Cortex-M3",
      subtitle: "the core through wasm2c and gcc, exact; shorter is better",
      axis: "instructions, logarithmic",
      log: true,
      data: figuresOf(kept, "target-cortex-m3")
        .filter((figure) => figure.unit === "instructions")
        .map(cellBar),
    }),
};

const rooms: Plot = {
  name: "rooms",
  spec: (kept) =>
    bars({
      title: "The core by room",
      subtitle: "functions and constants in WebAssembly; shorter is better",
      axis: "octets",
      data: figuresOf(kept, "wasm-room-").map(cellBar),
    }),
};

export const WEIGHT_PLOTS: readonly Plot[] = [memory, rooms, targets];
