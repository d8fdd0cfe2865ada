/** APDUs of short name referencing as the vectors write them. */
import { isShortNameApdu, type ShortNameApdu, type VariableAccess } from "../../host/client/apdu_short.ts";
import type { Data } from "../../host/client/axdr.ts";
import { toHex } from "../../host/client/octets.ts";
import { dataAccessResultName } from "../../host/client/results.ts";

export { isShortNameApdu };

const nameForm = (name: number): string => name.toString(16).toUpperCase().padStart(4, "0");

function variableForm(x: VariableAccess, dataForm: (data: Data) => unknown): unknown {
  switch (x.access) {
    case "name":
      return { "variable-name": nameForm(x.name) };
    case "parameterized": {
      const { selector, parameters } = x.selection;
      return { parameterized: nameForm(x.name), selector, parameter: dataForm(parameters) };
    }
    case "block-number":
      return { "block-number": x.block };
    case "read-block":
      return { "read-data-block": { last: x.last, block: x.block, raw: toHex(x.raw) } };
    case "write-block":
      return { "write-data-block": { last: x.last, block: x.block } };
  }
}

const errorForm = (code: number): unknown => ({ error: `${code} ${dataAccessResultName(code)}` });

export function shortNameForm(a: ShortNameApdu, dataForm: (data: Data) => unknown): unknown {
  if (a.kind === "read-response") {
    const list = a.list.map((item) => {
      if ("acknowledged" in item) return { block: item.acknowledged };
      if ("raw" in item) return { "data-block": { last: item.last, block: item.block, raw: toHex(item.raw) } };
      return item.data === undefined ? errorForm(item.code) : { data: dataForm(item.data) };
    });
    return { apdu: a.kind, list };
  }
  if (a.kind === "write-response") {
    const list = a.list.map((item) => {
      if ("acknowledged" in item) return { block: item.acknowledged };
      return item.code === 0 ? "success" : errorForm(item.code);
    });
    return { apdu: a.kind, list };
  }
  const list = a.list.map((x) => variableForm(x, dataForm));
  return { apdu: a.kind, list, ...("data" in a ? { data: a.data.map(dataForm) } : {}) };
}
