/** The terminal that `serve` runs on: its keys, and the face of the first meter below what is logged. */
import type { RunningClock } from "../clock.ts";
import type { Operator } from "../control/operator.ts";
import { Face, type FaceFacts } from "./face.ts";
import { displayOf } from "./face_reader.ts";
import type { LocalFleet } from "./fleet.ts";
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

/** What the face is of. */
interface FaceParts {
  readonly screen: Screen;
  readonly fleet: LocalFleet;
  readonly clock: RunningClock;
  /** Of the first meter. */
  readonly name: string;
}

/** What is shown, and on whose behalf. */
export interface ConsoleParts {
  readonly operator: Operator;
  readonly reporter: Reporter;
  /** undefined: none. */
  readonly face: FaceParts | undefined;
  /** What Ctrl-C and q do. */
  readonly end: () => void;
}

export class Console {
  private readonly keyboard: Keyboard;
  private readonly face: Face | undefined;

  constructor(parts: ConsoleParts) {
    const { operator, reporter, face } = parts;
    const say = (text: string): void => reporter.event("keys", {}, text);
    this.keyboard = new Keyboard(process.stdin, operator, say, parts.end);
    say("The key h shows what the keys do.");
    this.face =
      face &&
      new Face(
        face.screen,
        () => factsOf(face),
        () => displayOf(face.fleet.bank.reach(0)),
      );
  }

  async close(): Promise<void> {
    this.keyboard.close();
    this.face?.close();
  }
}

function factsOf({ fleet, clock, name }: FaceParts): FaceFacts {
  const { bank, surroundings } = fleet;
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
