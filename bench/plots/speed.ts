/** Plots of times: requests, curves, ciphers, blocks, the line. */
import type { Figure } from "../figure.ts";
import type { Kept } from "../kept.ts";
import { numberText } from "../report.ts";
import { bars, lines, type Bars, type Plot } from "./style.ts";

const CORE = "this core";

function figuresIn(kept: Kept, title: string): readonly Figure[] {
  return kept.groups.find((group) => group.title.startsWith(title))?.figures ?? [];
}

type Bar = Bars["data"][number];

/** A figure and its references, one bar each. */
function besides(figure: Figure, row = figure.what): Bar[] {
  const bar = (of: string, value: number): Bar => ({ row, of, value, text: `${numberText(value)} ${figure.unit}` });
  return [bar(CORE, figure.value), ...figure.references.map((one) => bar(one.what, one.value))];
}

const requests: Plot = {
  name: "requests",
  spec: (kept) =>
    bars({
      title: "Core time of a request",
      subtitle: "octets to octets, in process; shorter is better",
      axis: "µs, logarithmic",
      log: true,
      data: figuresIn(kept, "GET, in process")
        .filter((figure) => figure.unit === "µs")
        .flatMap((figure) => besides(figure)),
    }),
};

const curves: Plot = {
  name: "curves",
  spec: (kept) =>
    bars({
      title: "Elliptic curves",
      subtitle: "operations in a second; longer is better",
      axis: "1/s, logarithmic",
      log: true,
      data: figuresIn(kept, "Elliptic curves")
        .filter((figure) => figure.unit === "1/s")
        .flatMap((figure) => besides(figure)),
    }),
};

/** Speed against length, of the core's builds and of every reference. */
function cipherPoints(figures: readonly Figure[]): { x: number; y: number; of: string }[] {
  return figures.flatMap((figure) => {
    const match = /^gcm-seal-(\d+)(-simd)?$/.exec(figure.id);
    if (match === null) return [];
    const x = Number(match[1]);
    const own = match[2] === undefined ? CORE : `${CORE} with SIMD`;
    // That build stands beside the same references, which need not be drawn twice.
    const others = match[2] === undefined ? figure.references : [];
    const all = [{ what: own, value: figure.value }, ...others];
    return all.map((one) => ({ x, y: x / one.value, of: one.what }));
  });
}

const cipher: Plot = {
  name: "cipher",
  spec: (kept) =>
    lines({
      title: "AES-128-GCM, messages sealed",
      subtitle: "key ready, 17 octets of additional data; higher is better",
      x: "octets of a message, logarithmic",
      y: "MB/s, logarithmic",
      logX: true,
      logY: true,
      data: cipherPoints(figuresIn(kept, "Cipher")),
    }),
};

const blocks: Plot = {
  name: "blocks",
  spec: (kept) =>
    lines({
      title: "What a block costs, by how deep it lies",
      subtitle: "a profile of 100,000 rows read in APDUs of 512 octets; flat is good",
      x: "rows before the block",
      y: "µs of core time, logarithmic",
      logY: true,
      data: figuresIn(kept, "Profile of 100,000 rows").flatMap((figure) =>
        (figure.points ?? []).map(([x, y]) => ({ x, y, of: figure.what.replace(/:.*/, "") })),
      ),
    }),
};

const day: Plot = {
  name: "day",
  spec: (kept) =>
    bars({
      title: "A day of a load profile over 9,600 Bd",
      subtitle: "96 rows over HDLC, both ways, without turn-around; shorter is better",
      axis: "s",
      data: figuresIn(kept, "Profile of 100,000 rows")
        .filter((figure) => figure.id.startsWith("day-") && figure.unit === "s")
        .map((figure) => ({
          row: figure.id.slice("day-".length),
          of: CORE,
          value: figure.value,
          text: `${numberText(figure.value)} s`,
        })),
    }),
};

export const SPEED_PLOTS: readonly Plot[] = [requests, cipher, curves, blocks, day];
