/**
 * Which values most meters have of their own: those a meter is provisioned with, those the meter keeps for itself, and those it writes unasked.
 * The core lays them close together (assembly/store/plan.ts), so that a host gives memory to few pages of a meter. A value that is not
 * told here is as good, and stands elsewhere.
 */
import { type AttributeRow, HIDDEN, OWN } from "./attributes.ts";
import { provisionedRows } from "./identity.ts";
import type { TemplateModel } from "./model.ts";

const CLASS_DATA = 1;
const CLASS_EXTENDED_REGISTER = 4;
/** Octets of the largest value that stands there: a key or accumulator, and what identities give. */
const HIDDEN_MAX = 32;
const PROVISIONED_MAX = 66;
/** Octets of a counter, or of bits of errors and alarms, with its tag. */
const NUMBER_MAX = 5;
/** Tags of unsigned numbers: double-long-unsigned, unsigned, long-unsigned. */
const UNSIGNED = new Set([6, 17, 18]);

/** Marks them in the rows of the model. */
export function ownMark(model: TemplateModel): void {
  const { rows, objects } = model.parts;
  const isOwn = (row: AttributeRow): boolean => {
    if ((row.flags & HIDDEN) !== 0) return row.capacity <= HIDDEN_MAX;
    const { classId, extra } = objects[row.object]!;
    // The maximum of a Demand register: value, status and capture_time.
    if (classId === CLASS_EXTENDED_REGISTER) return extra !== 0 && row.capacity > 0;
    return classId === CLASS_DATA && UNSIGNED.has(row.tag) && row.capacity <= NUMBER_MAX;
  };
  const provisioned = provisionedRows(model).filter((row) => row.capacity <= PROVISIONED_MAX);
  for (const row of [...rows.filter(isOwn), ...provisioned]) if (row.capacity > 0) row.flags |= OWN;
}
