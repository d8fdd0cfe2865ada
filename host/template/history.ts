/** Historical values: which cell of a past row an attribute shows. */
import type { AttributeRow } from "./attributes.ts";
import { TemplateError, within } from "./error.ts";
import { objectText } from "./expand.ts";
import { attributeModel, type ObjectModel } from "./model.ts";
import { attributeReference } from "./value.ts";

/** As the image has it: column {object u16, attribute i8, rows back u8}, number of the profile. */
export interface HistoryCell {
  column: number;
  profile: number;
}

function cellOf(row: AttributeRow, objects: ObjectModel[], rows: AttributeRow[], indexOf: (name: string) => number) {
  const { profile, column, back } = row.history!;
  const buffer = objects[within("profile", () => indexOf(profile))]!;
  if (buffer.profile === undefined) throw new TemplateError(`profile: object ${profile} is no Profile generic`);
  const { logicalName, attribute } = attributeReference(column);
  const source = objects[within("column", () => indexOf(logicalName))]!;
  const value = rows[attributeModel(source, attribute)?.row ?? -1];
  if (value === undefined)
    throw new TemplateError(`column: object ${logicalName} has no value in attribute ${attribute}`);
  if (value.tag !== row.tag) throw new TemplateError(`column: ${column} is ${value.typeText}, not ${row.typeText}`);
  return { column: source.index + (attribute & 0xff) * 0x10000 + back * 0x1000000, profile: buffer.instance! };
}

/** Finds the cell of each historical value, when all rows and profiles are there. */
export function historiesResolve(
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: (name: string) => number,
): void {
  for (const row of rows) {
    if (row.history === undefined) continue;
    const where = `${objectText(objects[row.object]!)}: attributes.${row.id}: history`;
    row.cell = within(where, () => cellOf(row, objects, rows, indexOf));
  }
}
