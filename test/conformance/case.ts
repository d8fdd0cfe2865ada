/**
 * What a test case is, and what comes of it. The verdicts are those of ISO/IEC 9646, as the abstract test suites of
 * the DLMS User Association use them, with INAPPLICABLE for what the meter does not claim to have.
 */
import type { Ctx } from "./context.ts";

export type Verdict = "PASSED" | "FAILED" | "INCONCLUSIVE" | "INAPPLICABLE";
export const VERDICTS: readonly Verdict[] = ["PASSED", "FAILED", "INCONCLUSIVE", "INAPPLICABLE"];

export type Group = "HDLC" | "APPL" | "COSEM" | "SYMSEC_0" | "ASYMSEC";

/** Where the behaviour that a case demands comes from; README.md says more. */
export type Source = "sheet" | "silent: our reading";

export interface Case {
  /** As the abstract test suites name it; names of our own say so in `purpose`. */
  name: string;
  group: Group;
  /** One line: what is shown to hold. */
  purpose: string;
  /** Clause of the standard with its edition. */
  clause: string;
  source: Source;
  /** Has to wait for a time-out of the meter: left INCONCLUSIVE with --quick. */
  timeouts?: boolean;
  /** May leave the meter changed: the meter is restored afterwards, and without a way to do so such a case says it. */
  changes?: boolean;
  run(ctx: Ctx): Promise<void>;
}

/** One thing a case looked at. */
export interface Step {
  text: string;
  /** Absent: information only. */
  verdict?: Verdict;
  /** What the meter did, where that is worth knowing. */
  got?: string;
  /** Allowed, but not what the standard or its usual reading prefers. */
  remark?: boolean;
}

export interface CaseResult {
  name: string;
  group: Group;
  purpose: string;
  clause: string;
  source: Source;
  verdict: Verdict;
  /** Why, if there is more to say than PASSED. */
  note: string;
  steps: Step[];
  /** Octets sent and received, the latest ones; kept for cases that failed. */
  trace: string[];
  milliseconds: number;
}

/** Ends a case at once with a verdict. */
export class CaseEnd extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict, message: string) {
    super(message);
    this.verdict = verdict;
  }
}

/**
 * The verdict of a case from its steps: one failure decides; something passed outweighs what could not be tried;
 * a case that tried nothing is as its steps are.
 */
export function verdictOf(steps: readonly Step[]): Verdict {
  const has = (verdict: Verdict): boolean => steps.some((step) => step.verdict === verdict);
  if (has("FAILED")) return "FAILED";
  if (has("PASSED")) return "PASSED";
  return has("INAPPLICABLE") && !has("INCONCLUSIVE") ? "INAPPLICABLE" : "INCONCLUSIVE";
}
