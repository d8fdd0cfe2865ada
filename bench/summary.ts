/** What the figures mean for somebody who wants to run meters, worked out from them: parts of docs/BENCHMARKS.md. */
import { goalMet, type Figure } from "./figure.ts";
import { figureOf, type Kept, type KeptGroup } from "./kept.ts";
import { markdownTable, numberText } from "./report.ts";

const KIB_PER_GIB = 2 ** 20;
const SECONDS_PER_DAY = 86_400;
/** Instructions a second of the microcontroller that times are given for. */
const INSTRUCTION_RATE = 100e6;

/** Two significant digits, for numbers that are worked out of measurements. */
function about(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en-US");
}

function machineText({ at, machine }: KeptGroup): string {
  const { processor, processors, memoryGiB, platform, node } = machine;
  return `${at.slice(0, 10)}, ${processor}, ${processors} processors, ${memoryGiB} GiB, ${platform}, Node ${node}`;
}

/** How many samples found no quiet processor. */
function disturbance({ groups }: Kept): string {
  const sum = (pick: (group: KeptGroup) => number | undefined): number =>
    groups.reduce((total, group) => total + (pick(group) ?? 0), 0);
  const [samples, disturbed] = [sum((group) => group.samples), sum((group) => group.disturbed)];
  if (samples === 0) return "";
  const [all, some] = [samples, disturbed].map((count) => count.toLocaleString("en-US"));
  return `\n\nOf ${all} samples that waited for a quiet processor ${some} found none and were kept nevertheless.`;
}

/** When and where; groups that were measured apart from the others are named. */
function measured(kept: Kept): string {
  const places = new Map<string, string[]>();
  for (const group of kept.groups) {
    const place = machineText(group);
    places.set(place, [...(places.get(place) ?? []), group.title]);
  }
  if (places.size === 1) return `Measured ${[...places.keys()][0]}.${disturbance(kept)}`;
  return [...places].map(([place, titles]) => `- ${titles.join("; ")}: ${place}`).join("\n") + disturbance(kept);
}

function goals(kept: Kept): string {
  const figures = kept.groups.flatMap((group) => group.figures).filter((figure) => figure.goal !== undefined);
  const met = figures.filter((figure) => goalMet(figure) === true);
  const text = (figure: Figure): string => {
    const { limit, kind } = figure.goal!;
    return `- ${figure.what}: ${numberText(figure.value)} ${figure.unit}, not ${kind} ${numberText(limit)}`;
  };
  const missed = figures.filter((figure) => goalMet(figure) === false).map(text);
  const head = `${met.length} of ${figures.length} goals are met.`;
  return missed.length === 0 ? head : `${head} Missed:\n\n${missed.join("\n")}`;
}

/** How many meters a GiB holds and a core keeps up with. */
function meters(kept: Kept): string {
  const rows: string[][] = [];
  const resident = kept.groups.flatMap((group) => group.figures).filter((figure) => figure.id.startsWith("rss-bank"));
  for (const figure of resident) {
    const what = figure.what.replace("resident memory of one of ", "").replace("resident memory of ", "");
    rows.push([
      `a GiB of memory, ${what}`,
      `${numberText(figure.value)} ${figure.unit} each`,
      about(KIB_PER_GIB / figure.value),
    ]);
  }
  const day = figureOf(kept, "day");
  if (day !== undefined) {
    const count = (SECONDS_PER_DAY * 1000) / day.value;
    rows.push([
      "a processor's time, meters with a household's load",
      `${numberText(day.value)} ms a day each`,
      about(count),
    ]);
  }
  const gets = figureOf(kept, "get-register-ciphered-rate");
  if (gets !== undefined) {
    const each = `${numberText(gets.value)} a second, without a network`;
    rows.push([
      "a processor's time, ciphered GETs of a register, one a second from each meter",
      each,
      about(gets.value),
    ]);
  }
  return markdownTable(["What bounds them", "Measured", "Meters"], "llr", rows);
}

/** A day's rows over a serial line. */
function day(kept: Kept): string {
  const rows = (["plain", "null-data", "compact-array"] as const).flatMap((form) => {
    const figure = figureOf(kept, `day-${form}`);
    if (figure === undefined) return [];
    const octets = figureOf(kept, `day-${form}-octets`)?.value ?? NaN;
    const [ratio] = figure.references;
    return [
      [form, numberText(octets), `${numberText(figure.value)} s`, ratio === undefined ? "" : numberText(ratio.ratio)],
    ];
  });
  return markdownTable(["Form of the buffer", "Octets on the line", "At 9,600 Bd", "Of plain"], "lrrr", rows);
}

function virtualTime(kept: Kept): string {
  const rows = [
    ["a capture period", "tick-capture"],
    ["a day of a household", "day"],
    ["a year of a household", "year"],
  ].flatMap(([what, id]) => {
    const figure = figureOf(kept, id!);
    return figure === undefined ? [] : [[what!, `${numberText(figure.value)} ${figure.unit}`]];
  });
  return markdownTable(["Virtual time of one meter", "Takes"], "lr", rows);
}

/** Times on a microcontroller from its instructions. */
function microcontroller(kept: Kept): string {
  const figures = kept.groups.flatMap((group) => group.figures);
  const rows = figures
    .filter((figure) => figure.id.startsWith("target-cortex-m3-checked-") && figure.unit === "instructions")
    .map((figure) => [figure.cell!.row, `${numberText((figure.value / INSTRUCTION_RATE) * 1e6)} µs`]);
  return markdownTable(["Cortex-M3, 100 million instructions a second", "Takes"], "lr", rows);
}

/** Parts of the document by the name in their mark. */
export const PARTS: Readonly<Record<string, (kept: Kept) => string>> = {
  ...{ measured, goals, meters, day, microcontroller },
  "virtual time": virtualTime,
};
