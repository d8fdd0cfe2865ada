/** The terminal that `serve` runs on: its keys, and the face of the first meter below what is logged. */
import type { Bank } from "../bank.ts";
import type { RunningClock } from "../clock.ts";
import type { Operator } from "../control/operator.ts";
import type { Simulations } from "../metrology/simulations.ts";
import { Face, type FaceFacts } from "./face.ts";
import { displayOf } from "./face_reader.ts";
import { Keyboard } from "./keyboard.ts";
import type { Reporter } from "./report.ts";
import { Screen } from "./screen.ts";

/** The same reporter, above what stands at the end of the terminal. */
export function reporterAbove(screen: Screen, reporter: Reporter): Reporter {
  return {
    event: (...event) => screen.above(() => reporter.event(...event)),
    warn: (text) => screen.above(() => reporter.warn(text)),
  };
}

/** What is shown, and on whose behalf. */
export interface ConsoleParts {
  readonly bank: Bank;
  readonly clock: RunningClock;
  readonly operator: Operator;
  readonly surroundings: Simulations;
  /** Of the first meter. */
  readonly name: string;
  readonly reporter: Reporter;
  /** undefined: no face. */
  readonly screen: Screen | undefined;
  /** What Ctrl-C and q do. */
  readonly end: () => void;
}

export class Console {
  private readonly keyboard: Keyboard;
  private readonly face: Face | undefined;

  constructor(parts: ConsoleParts) {
    const { operator, reporter, screen } = parts;
    const say = (text: string): void => reporter.event("keys", {}, text);
    this.keyboard = new Keyboard(process.stdin, operator, say, parts.end);
    say("The key h shows what the keys do.");
    this.face =
      screen &&
      new Face(
        screen,
        () => factsOf(parts),
        () => displayOf(parts.bank.reach(0)),
      );
  }

  async close(): Promise<void> {
    this.keyboard.close();
    this.face?.close();
  }
}

function factsOf({ bank, clock, surroundings, name }: ConsoleParts): FaceFacts {
  const { state } = bank.reach(0);
  const { values, signals } = surroundings.of(0)!;
  const time = clock.meterTime();
  return {
    name,
    state,
    time,
    speed: clock.speed,
    values,
    lasting: signals.lastingAt(time),
  };
}
