/** The report as text: a line for each case, and what failed in full. */
import { VERDICTS, type CaseResult, type Verdict } from "../case.ts";
import type { Run } from "../runner.ts";

export type Counts = Record<Verdict, number>;

export function countsOf(results: readonly { verdict?: Verdict }[]): Counts {
  const counts: Counts = { PASSED: 0, FAILED: 0, INCONCLUSIVE: 0, INAPPLICABLE: 0 };
  for (const { verdict } of results) if (verdict !== undefined) counts[verdict] += 1;
  return counts;
}

/** Checks of all cases together. */
export function checksOf(run: Run): Counts {
  return countsOf(run.results.flatMap((result) => result.steps));
}

export function countsText(counts: Counts): string {
  return VERDICTS.map((verdict) => `${counts[verdict]} ${verdict}`).join(", ");
}

const NAME_WIDTH = 34;
const VERDICT_WIDTH = 12;

/** One line for one case. */
export function resultLine(result: CaseResult): string {
  const note = result.note === "" ? "" : `  ${result.note}`;
  return `${result.name.padEnd(NAME_WIDTH)} ${result.verdict.padEnd(VERDICT_WIDTH)}${note}`.trimEnd();
}

/** The steps and octets of a case that failed. */
export function failureText(result: CaseResult): string {
  const steps = result.steps
    .filter((step) => step.verdict === "FAILED")
    .map((step) => `  ${step.text}${step.got === undefined ? "" : `; got: ${step.got}`}`);
  return [
    `${result.name}: ${result.purpose} (${result.clause})`,
    ...steps,
    ...result.trace.map((line) => `    ${line}`),
  ]
    .map((line) => line.trimEnd())
    .join("\n");
}

/** What follows the lines of the cases. */
export function summaryText(run: Run): string {
  const failed = run.results.filter((result) => result.verdict === "FAILED");
  const own = run.results.filter((result) => result.source !== "sheet").length;
  return [
    "",
    ...failed.map((result) => `${failureText(result)}\n`),
    `cases:  ${countsText(countsOf(run.results))}`,
    `checks: ${countsText(checksOf(run))}`,
    `${own} of ${run.results.length} cases do what we read into the standard: public sources do not say what they do.`,
  ].join("\n");
}
