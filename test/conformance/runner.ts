/** Runs cases one after the other, restores the meter between those that change it, and keeps what came of each. */
import type { Case, CaseResult, Verdict } from "./case.ts";
import { CaseEnd, verdictOf } from "./case.ts";
import type { Config } from "./config.ts";
import { Ctx, memoryNew, type Memory } from "./context.ts";

export interface Run {
  started: Date;
  results: CaseResult[];
  milliseconds: number;
}

export interface RunOptions {
  /** Told of each result as soon as it is there */
  onResult?: (result: CaseResult) => void;
}

/** Runs the cases. Never throws for what a meter does. */
export async function conformanceRun(config: Config, cases: readonly Case[], options: RunOptions = {}): Promise<Run> {
  const started = new Date();
  const memory = memoryNew();
  const results: CaseResult[] = [];
  for (const one of cases) {
    const result = await caseRun(config, memory, one);
    results.push(result);
    options.onResult?.(result);
  }
  await memory.serial?.end();
  return { started, results, milliseconds: Date.now() - started.getTime() };
}

interface End {
  verdict: Verdict;
  note: string;
}

async function caseRun(config: Config, memory: Memory, one: Case): Promise<CaseResult> {
  const begin = Date.now();
  const ctx = new Ctx(config, memory);
  const skipped = config.quick && one.timeouts === true;
  const end = skipped ? { verdict: "INCONCLUSIVE" as const, note: "left out by --quick" } : await ended(ctx, one);
  await ctx.end();
  const restored = one.changes === true && !skipped ? await restore(config, memory) : "";
  const { name, group, purpose, clause, source } = one;
  return {
    ...{ name, group, purpose, clause, source },
    verdict: end.verdict,
    note: [end.note, restored].filter((text) => text !== "").join("; "),
    steps: ctx.steps,
    trace: end.verdict === "FAILED" ? ctx.trace : [],
    milliseconds: Date.now() - begin,
  };
}

async function ended(ctx: Ctx, one: Case): Promise<End> {
  try {
    await one.run(ctx);
    return { verdict: verdictOf(ctx.steps), note: noteOf(ctx) };
  } catch (error) {
    if (error instanceof CaseEnd) return endOf(ctx, error);
    const text = (error as Error).message;
    ctx.steps.push({ text: "the case ends before its time", verdict: "FAILED", got: text });
    return { verdict: "FAILED", note: text };
  }
}

/** A case that ends early has the verdict it ends with, unless something had failed before. */
function endOf(ctx: Ctx, end: CaseEnd): End {
  if (end.verdict !== "FAILED" && verdictOf(ctx.steps) === "FAILED") return { verdict: "FAILED", note: noteOf(ctx) };
  return { verdict: end.verdict, note: end.message };
}

/** The first thing that failed, or else how many things deserve a look. */
function noteOf(ctx: Ctx): string {
  const failures = ctx.steps.filter((step) => step.verdict === "FAILED");
  const first = failures[0];
  if (first !== undefined) {
    const got = first.got === undefined ? "" : ` (${first.got})`;
    return `${first.text}${got}${failures.length > 1 ? `, and ${failures.length - 1} more` : ""}`;
  }
  const open = ctx.steps.find((step) => step.verdict === "INCONCLUSIVE" || step.verdict === "INAPPLICABLE");
  if (open !== undefined && !ctx.steps.some((step) => step.verdict === "PASSED")) return open.text;
  const remarks = ctx.steps.filter((step) => step.remark === true).length;
  return remarks === 0 ? "" : `${remarks} ${remarks === 1 ? "remark" : "remarks"}`;
}

/** Restores the meter after a case that may have changed it; says so when that could not be done. */
async function restore(config: Config, memory: Memory): Promise<string> {
  if (config.reset === undefined) return "";
  try {
    await config.reset(config);
    memory.counters.clear();
    memory.findings.clear();
    return "";
  } catch (error) {
    return `the meter could not be restored: ${(error as Error).message}`;
  }
}
