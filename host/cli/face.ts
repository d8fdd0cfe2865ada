/** The face of the first meter at the lower end of the terminal: what its display shows, and what the simulation knows of its surroundings. */
import type { Lasting } from "../metrology/player.ts";
import type { Display } from "./face_reader.ts";
import type { Screen } from "./screen.ts";

/** How often the face is drawn, ms. */
const REFRESH_MS = 1000;
const PHASES = [0, 1, 2] as const;

/** What the host knows without asking the meter. */
export interface FaceFacts {
  readonly name: string;
  /** off, booting, running, outage, fault */
  readonly state: string;
  /** Meter time, ms since 1970 UTC, and how fast it runs; 0 = it stands still. */
  readonly time: number;
  readonly speed: number;
  /** mV, mA, mW of each phase, as in a sample (core.ts). */
  readonly values: Int32Array;
  readonly lasting: readonly Lasting[];
}

function measuredText(values: Int32Array): string {
  const of = (index: number, digits: number): string => (values[index]! / 1000).toFixed(digits);
  return PHASES.map((phase) => `L${phase + 1} ${of(phase, 1)} V ${of(3 + phase, 2)} A ${of(6 + phase, 0)} W`).join(
    "   ",
  );
}

/** The lines of the face. */
export function faceLines(facts: FaceFacts, display: Display | undefined): string[] {
  const { name, state, time, speed, lasting } = facts;
  const run = speed === 0 ? "standing still" : speed === 1 ? "" : `×${speed}`;
  const head = [name, state, new Date(time).toISOString().replace(/\.\d+Z$/, "Z"), run].filter((text) => text !== "");
  const lines = [`── ${head.join(" ── ")} ──`];
  if (state !== "running") return lines;
  const width = Math.max(0, ...(display?.lines ?? []).map((line) => line.name.length));
  for (const line of display?.lines ?? []) lines.push(`  ${line.name.padEnd(width)}  ${line.value}`);
  lines.push(`  ${measuredText(facts.values)}`);
  const { control, tariff, clock } = display ?? {};
  const shown = [control, tariff && `tariff ${tariff}`, clock && `clock ${clock}`].filter(Boolean);
  if (shown.length > 0) lines.push(`  ${shown.join("   ")}`);
  if (display?.message) lines.push(`  "${display.message}"`);
  if (lasting.length > 0) lines.push(`  ${lasting.map(({ do: step }) => step).join(", ")}`);
  return lines;
}

export class Face {
  private readonly screen: Screen;
  private readonly facts: () => FaceFacts;
  private readonly read: () => Display | undefined;
  private readonly timer: NodeJS.Timeout;
  private display: Display | undefined;

  /** @param read what the display shows; undefined: the meter cannot be asked now, and what it showed stays */
  constructor(screen: Screen, facts: () => FaceFacts, read: () => Display | undefined) {
    this.screen = screen;
    this.facts = facts;
    this.read = read;
    this.timer = setInterval(() => this.refresh(), REFRESH_MS);
    this.refresh();
  }

  close(): void {
    clearInterval(this.timer);
    this.screen.show([]);
  }

  private refresh(): void {
    this.display = this.read() ?? this.display;
    this.screen.show(faceLines(this.facts(), this.display));
  }
}
