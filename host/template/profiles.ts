/** Profiles: the octets a row takes, the area for the rows, and the form they go out in. */
import type { AttributeRow } from "./attributes.ts";
import type { ProfileDocument } from "./document.ts";
import { TemplateError, within } from "./error.ts";
import { objectText } from "./expand.ts";
import { LIMITS } from "./limits.ts";
import { attributeModel, CLASS_CLOCK, type ObjectModel, type ProfileModel } from "./model.ts";
import { typeFixedSize, typeParse } from "./type.ts";
import { attributeReference } from "./value.ts";

/** Octets of a clock in a cell, and the largest octets of a string with tag and length that a cell takes. */
const STAMP_SIZE = 12;
const TEXT_SIZE_MAX = 129;
const TAGS_TEXT = [9, 10, 12];

/** Width of the cell of a column, as assembly/store/rings.ts lays it out: what follows the tag of the largest value. */
function columnSize(
  column: string,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: (logicalName: string) => number,
): number {
  const { logicalName, attribute } = attributeReference(column);
  const object = objects[indexOf(logicalName)]!;
  const row = rows[attributeModel(object, attribute)?.row ?? -1];
  if (!row) throw new TemplateError(`object ${logicalName} has no value in attribute ${attribute}`);
  if (object.classId === CLASS_CLOCK && attribute === 2) return STAMP_SIZE;
  const fixed = typeFixedSize(typeParse(row.typeText));
  if (fixed !== undefined) return fixed;
  if (!TAGS_TEXT.includes(row.tag) || row.capacity === 0 || row.capacity > TEXT_SIZE_MAX) {
    throw new TemplateError(
      `${row.typeText} cannot stand in a row: strings need a stored value (limit ${TEXT_SIZE_MAX})`,
    );
  }
  return row.capacity - 1;
}

/** Bits of ProfileNull (assembly/store/template.ts). */
const NULLS = { time: 1, status: 2, values: 4 };
const MIDNIGHT_WHOLE = 8;

/** Which cells of a profile may go as null-data, as bits of ProfileNull. */
function nullsOf(profile: ProfileDocument): number {
  const { form = "plain", nullData, midnightWhole } = profile;
  if (form === "null-data") {
    const kinds = nullData ?? ["time", "status", "values"];
    return kinds.reduce((bits, kind) => bits | NULLS[kind], midnightWhole === true ? MIDNIGHT_WHOLE : 0);
  }
  const stray = nullData !== undefined ? "nullData" : midnightWhole !== undefined ? "midnightWhole" : undefined;
  if (stray !== undefined) {
    throw new TemplateError(`profile.${stray}: only with form "null-data", not "${form}"`);
  }
  return 0;
}

/** The row area of a profile: `depth` rows of the default columns. */
export function profileResolve(
  object: ObjectModel,
  objects: ObjectModel[],
  rows: AttributeRow[],
  indexOf: (logicalName: string) => number,
): ProfileModel {
  return within(objectText(object), () => {
    const { columns, depth, form = "plain" } = object.profile!;
    const rowSize = columns.reduce(
      (sum, column) => sum + within(`profile.columns "${column}"`, () => columnSize(column, objects, rows, indexOf)),
      0,
    );
    if (rowSize > LIMITS.ROW_SIZE_MAX) {
      throw new TemplateError(`profile.columns: a row of ${rowSize} octets (limit ${LIMITS.ROW_SIZE_MAX})`);
    }
    return { object: object.index, areaSize: depth * rowSize, depth, rowSize, form, nulls: nullsOf(object.profile!) };
  });
}
