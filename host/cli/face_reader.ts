/**
 * What the face of a meter shows: its display list, the consumer message, the tariff. The meter gives it to its own display, so no
 * association stands behind it and no client's rights limit it.
 */
import { decodeData } from "../client/axdr.ts";
import { toText } from "../client/data.ts";
import { logicalNameText } from "../client/logical_name.ts";
import { valueText } from "../client/objects.ts";
import type { FaceItem } from "../core.ts";
import type { Pump } from "../pump.ts";

/** Lists of a face (host/core.ts). */
const DISPLAY_LIST = 0;
const SURROUND = 2;
const CLASS_DATA = 1;
const CLOCK = "0-0:1.0.0.255";
const TARIFF = "0-0:96.14.0.255";
const MESSAGE = "0-0:96.13.0.255";
const DISCONNECTOR = "0-0:96.3.10.255";
/** control_state (Blue Book, class_id 70). */
const CONTROL_STATES: Readonly<Record<string, string>> = {
  0: "DISCONNECTED",
  1: "connected",
  2: "ready for reconnection",
};

/** What stands on the display; what cannot be had is left out. */
export interface Display {
  /** The display list: names and values as text. */
  readonly lines: readonly { name: string; value: string }[];
  readonly clock?: string;
  readonly tariff?: string;
  readonly message?: string;
  /** State of the main disconnector. */
  readonly control?: string;
}

interface Line {
  readonly name: string;
  readonly value: string;
}

/** An item as text, undefined when the meter has no value for it. */
function lineOf(item: FaceItem): Line | undefined {
  const data = decodeData(item.value);
  const name = logicalNameText(item.logicalName);
  if (data.type === "null-data") return undefined;
  // Text stands there as it is, without the quotes that a client shows.
  if (item.classId === CLASS_DATA) return { name, value: toText(data).replace(/^"(.*)"$/s, "$1") };
  const { scaler, unit } = item;
  return { name, value: valueText(data, unit === 0 ? undefined : { scaler, unit }) };
}

function linesOf(meter: Pick<Pump, "face">, list: number): Line[] {
  return meter
    .face(list)
    .map(lineOf)
    .filter((line) => line !== undefined);
}

/** Everything that is shown, undefined while the meter is off or its flash busy. */
export function displayOf(meter: Pick<Pump, "face">): Display | undefined {
  const surround = new Map(linesOf(meter, SURROUND).map(({ name, value }) => [name, value]));
  if (surround.size === 0) return undefined;
  const [clock, tariff, message, state] = [CLOCK, TARIFF, MESSAGE, DISCONNECTOR].map((name) => surround.get(name));
  const control = CONTROL_STATES[state ?? ""];
  const rest = { ...(clock && { clock }), ...(tariff && { tariff }), ...(message && { message }) };
  return { lines: linesOf(meter, DISPLAY_LIST), ...rest, ...(control && { control }) };
}
