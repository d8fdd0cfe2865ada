/** The report as one HTML page that needs nothing else. */
import type { CaseResult, Step } from "../case.ts";
import type { Config } from "../config.ts";
import type { Run } from "../runner.ts";
import { checksOf, countsOf, countsText } from "./text.ts";

const STYLE = `
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1b1b; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd; }
details > ul { margin: 0.3rem 0; padding-left: 1.2rem; }
pre { background: #f5f5f5; padding: 0.5rem; overflow-x: auto; font-size: 12px; }
.PASSED { color: #14662b; } .FAILED { color: #a40e26; font-weight: 600; }
.INCONCLUSIVE { color: #8a5a00; } .INAPPLICABLE { color: #666; }
.own { color: #666; font-size: 12px; }
`;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

function stepHtml(step: Step): string {
  const verdict = step.verdict === undefined ? "" : ` <span class="${step.verdict}">${step.verdict}</span>`;
  const remark = step.remark === true ? " (remark)" : "";
  const got = step.got === undefined ? "" : ` <em>${escaped(step.got)}</em>`;
  return `<li>${escaped(step.text)}${verdict}${remark}${got}</li>`;
}

function caseHtml(result: CaseResult): string {
  const steps = result.steps.map(stepHtml).join("");
  const trace = result.trace.length === 0 ? "" : `<pre>${escaped(result.trace.join("\n"))}</pre>`;
  const open = result.verdict === "FAILED" ? " open" : "";
  const details =
    steps === ""
      ? ""
      : `<details${open}><summary>${result.steps.length} steps</summary><ul>${steps}</ul>${trace}</details>`;
  const source = result.source === "sheet" ? "" : `<div class="own">${escaped(result.source)}</div>`;
  return `<tr><td>${escaped(result.name)}</td><td class="${result.verdict}">${result.verdict}</td><td>${escaped(result.purpose)}
${result.note === "" ? "" : `<div>${escaped(result.note)}</div>`}${details}</td><td>${escaped(result.clause)}${source}</td></tr>`;
}

function meterText(config: Config): string {
  const { target, hdlc, serial } = config;
  const ports = [
    target === undefined ? "" : `wrapper ${target.host}:${target.port}`,
    hdlc === undefined ? "" : `HDLC ${hdlc.host}:${hdlc.port}`,
    serial === undefined ? "" : `${serial.modeE ? "mode E" : "HDLC"} on ${serial.path}`,
  ];
  return ports.filter((text) => text !== "").join(", ");
}

export function reportHtml(run: Run, config: Config): string {
  const groups = [...new Set(run.results.map((result) => result.group))];
  const tables = groups.map((group) => {
    const rows = run.results.filter((result) => result.group === group);
    const head = "<tr><th>Case</th><th>Verdict</th><th>What</th><th>Clause</th></tr>";
    const counts = countsText(countsOf(rows));
    return `<h2>${group}</h2><p>${counts}</p><table>${head}${rows.map(caseHtml).join("\n")}</table>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>DLMS/COSEM conformance</title><style>${STYLE}</style></head><body>
<h1>DLMS/COSEM conformance</h1>
<p>${escaped(meterText(config))}; ${run.started.toISOString()}; ${(run.milliseconds / 1000).toFixed(1)} s${config.quick ? "; --quick" : ""}</p>
<p>Cases: ${countsText(countsOf(run.results))}. Checks: ${countsText(checksOf(run))}.</p>
<p class="own">Cases marked "silent: our reading" do what we read into the standard, since public sources do not say what they do.
This report is no certificate.</p>
${tables.join("\n")}
</body></html>
`;
}
