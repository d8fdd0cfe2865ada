/** What all plots share: a card that is opaque, so that it reads on light and dark pages alike, and colours that most eyes tell apart. */
import type { TopLevelSpec } from "vega-lite";
import type { Kept } from "../kept.ts";

/** A plot of docs/bench/: `spec` gives undefined while the figures it shows have not been measured. */
export interface Plot {
  /** Of the file, without its ending. */
  readonly name: string;
  spec(kept: Kept): TopLevelSpec | undefined;
}

/** A point, bar or label: what vega-lite calls a datum. */
export type Datum = Record<string, string | number>;

/** Okabe and Ito's colours, the dark ones first, and two of Tol's. */
const COLOURS = [
  ...["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"],
  ...["#56b4e9", "#6b6b6b", "#000000", "#882255", "#999933"],
];
const INK = "#24292f";
const GRID = "#d8dee4";

const CONFIG: TopLevelSpec["config"] = {
  background: "#ffffff",
  font: "Helvetica, Arial, sans-serif",
  padding: 16,
  view: { stroke: null },
  title: { anchor: "start", color: INK, fontSize: 15, subtitleColor: INK, subtitleFontSize: 12, offset: 12 },
  axis: {
    labelColor: INK,
    titleColor: INK,
    gridColor: GRID,
    domainColor: INK,
    tickColor: INK,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 0,
  },
  legend: { labelColor: INK, titleColor: INK, labelFontSize: 11, labelLimit: 0, title: null, orient: "bottom" },
  range: { category: COLOURS },
  bar: { color: COLOURS[0]! },
  text: { color: INK, fontSize: 11 },
  line: { strokeWidth: 2 },
  point: { size: 36, filled: true },
};

const WIDTH = 560;
/** Thousands by commas, and no more digits than it takes. */
const NUMBER = ",.3~r";
/** Height of a bar with the room around it. */
const BAR_STEP = 19;

/** Adds what every plot has to what one shows. */
export function card(title: string, subtitle: string, spec: object): TopLevelSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: ${subtitle}`,
    title: { text: title, subtitle },
    config: CONFIG,
    ...spec,
  } as TopLevelSpec;
}

export interface Bars {
  readonly title: string;
  readonly subtitle: string;
  /** Of the horizontal axis, with its unit. */
  readonly axis: string;
  readonly log?: boolean;
  /** Bars of one `row` stand together; `of` tells what a bar is of, `text` what stands behind it. */
  readonly data: readonly {
    readonly row: string;
    readonly of: string;
    readonly value: number;
    readonly text: string;
  }[];
}

/** Horizontal bars in groups, each with its value behind it. */
export function bars(plot: Bars): TopLevelSpec | undefined {
  if (plot.data.length === 0) return undefined;
  const rows = [...new Set(plot.data.map((datum) => datum.row))];
  const kinds = [...new Set(plot.data.map((datum) => datum.of))];
  const several = kinds.length > 1;
  const least = Math.min(...plot.data.map((datum) => datum.value));
  const scale = plot.log === true ? { type: "log", domainMin: 10 ** Math.floor(Math.log10(least)) } : { zero: true };
  return card(plot.title, plot.subtitle, {
    width: WIDTH - 120,
    height: { step: several ? BAR_STEP - 3 : BAR_STEP },
    data: { values: [...plot.data] },
    encoding: {
      y: { field: "row", type: "nominal", sort: rows, title: null, axis: { ticks: false, domain: false } },
      ...(several ? { yOffset: { field: "of", sort: kinds } } : {}),
      x: { field: "value", type: "quantitative", title: plot.axis, scale, axis: { tickCount: 6, format: NUMBER } },
    },
    layer: [
      {
        // A logarithmic axis has no zero to start from.
        mark: { type: "bar", height: { band: 0.8 } },
        encoding: {
          ...(plot.log === true ? { x2: { datum: scale.domainMin } } : {}),
          ...(several ? { color: { field: "of", type: "nominal", sort: kinds, legend: { columns: 1 } } } : {}),
        },
      },
      // A text stands at the beginning of its place among several bars, not in the middle.
      { mark: { type: "text", align: "left", dx: 4, dy: several ? 6 : 0 }, encoding: { text: { field: "text" } } },
    ],
  });
}

export interface Lines {
  readonly title: string;
  readonly subtitle: string;
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly data: readonly { readonly x: number; readonly y: number; readonly of: string }[];
}

/** A line for each thing, with its points. */
export function lines(plot: Lines): TopLevelSpec | undefined {
  if (plot.data.length === 0) return undefined;
  const kinds = [...new Set(plot.data.map((datum) => datum.of))];
  const places = [...new Set(plot.data.map((datum) => datum.x))].sort((a, b) => a - b);
  const axis = plot.logX === true ? { values: places, format: ",d" } : { format: ",d" };
  return card(plot.title, plot.subtitle, {
    width: WIDTH,
    height: 280,
    data: { values: [...plot.data] },
    mark: { type: "line", point: true },
    encoding: {
      x: {
        ...{ field: "x", type: "quantitative", title: plot.x, axis },
        scale: plot.logX === true ? { type: "log", base: 2, nice: false } : {},
      },
      y: {
        ...{ field: "y", type: "quantitative", title: plot.y },
        ...(plot.logY === true ? { scale: { type: "log" }, axis: { format: NUMBER, tickCount: 6 } } : {}),
      },
      color: { field: "of", type: "nominal", sort: kinds, legend: { columns: kinds.length > 6 ? 2 : 1 } },
    },
  });
}
