/** Draws plots as SVG, the same octets for the same figures. */
import { compile } from "vega-lite";
import { parse, View } from "vega";
import type { Kept } from "../kept.ts";
import { SPEED_PLOTS } from "./speed.ts";
import type { Plot } from "./style.ts";
import { WEIGHT_PLOTS } from "./weight.ts";

const PLOTS: readonly Plot[] = [...SPEED_PLOTS, ...WEIGHT_PLOTS];

/** SVG by file name, of the plots whose figures are there. */
export async function plotsDraw(kept: Kept): Promise<Map<string, string>> {
  const drawn = new Map<string, string>();
  for (const plot of PLOTS) {
    const spec = plot.spec(kept);
    if (spec === undefined) continue;
    const view = new View(parse(compile(spec).spec), { renderer: "none" });
    drawn.set(`${plot.name}.svg`, `${await view.toSVG()}\n`);
    view.finalize();
  }
  return drawn;
}
