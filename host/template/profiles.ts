/** Profiles: the octets a row takes, and the area for the rows. */
import type { AttributeRow } from "./attributes.ts";
import { TemplateError, within } from "./error.ts";
import { objectText } from "./expand.ts";
import { LIMITS } from "./limits.ts";
import type { ObjectModel, ProfileModel } from "./model.ts";
import { typeCapacity, typeParse } from "./type.ts";
import { attributeReference } from "./value.ts";

/** Octets of the largest value of a column, with its tag: cells have a fixed width. */
function columnSize(
  column: string,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: (ln: string) => number,
): number {
  const { logicalName, attribute } = attributeReference(column);
  const object = objects[indexOf(logicalName)]!;
  const row = rows[object.attributes[attribute - 1]?.row ?? -1];
  if (!row) throw new TemplateError(`object ${logicalName} has no value in attribute ${attribute}`);
  const size = row.capacity || typeCapacity(typeParse(row.typeText)) || row.default.length;
  if (size === 0) throw new TemplateError(`${row.typeText} has no largest size`);
  return size;
}

/** The row area of a profile: `depth` rows of the default columns. */
export function profileResolve(
  object: ObjectModel,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: (logicalName: string) => number,
): ProfileModel {
  return within(objectText(object), () => {
    const { columns, depth } = object.profile!;
    const rowSize = columns.reduce(
      (sum, column) => sum + within(`profile.columns "${column}"`, () => columnSize(column, objects, rows, indexOf)),
      0,
    );
    if (rowSize > LIMITS.ROW_SIZE_MAX) {
      throw new TemplateError(`profile.columns: a row of ${rowSize} octets (limit ${LIMITS.ROW_SIZE_MAX})`);
    }
    return { object: object.index, areaSize: depth * rowSize, depth, rowSize };
  });
}
