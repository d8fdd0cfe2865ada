/** Moves a state to another template, object by object and attribute by attribute, or says what does not fit. */
import { ImageView } from "./image.ts";
import { areaEmit, type Entry, entryKey, isRows, rowsEmit, rowsOf, type Stored, valuesOf } from "./journal.ts";

export interface Migration {
  /** What the first area of the flash holds then. */
  readonly octets: Uint8Array;
  readonly values: number;
  readonly rows: number;
  /** What finds no place, a sentence each. */
  readonly unfit: readonly string[];
}

/** "1-0:99.1.0.255" */
export function nameText(name: string): string {
  const [a, b, c, d, e, f] = Buffer.from(name, "hex");
  return `${a}-${b}:${c}.${d}.${e}.${f}`;
}

function placeText(entry: Entry): string {
  const what =
    entry.attribute === 0 || entry.part > 0
      ? `hidden value ${entry.attribute}.${entry.part}`
      : `attribute ${entry.attribute}`;
  return `${nameText(entry.name)} (class ${entry.classId}) ${what}`;
}

/** Whether it names a firmware image under way: size u32, number of the firmware, identifier. */
function isImage({ classId, attribute, part, octets }: Entry): boolean {
  return classId === 18 && attribute === 0 && part === 0 && octets.some((octet) => octet !== 0);
}

/** Why a value finds no place in the template, undefined = it does. */
function valueUnfit(entry: Entry, from: ImageView | undefined, to: ImageView): string | undefined {
  if (!to.has(entry)) return "no such object";
  const row = to.attribute(entry);
  if (row === undefined || row.capacity === 0) return "keeps no value";
  if (isImage(entry) && from?.imageSize !== to.imageSize)
    return `a firmware image is under way, in an area of ${from?.imageSize ?? "unknown"} octets, ${to.imageSize} now`;
  if (entry.octets.length > row.capacity) return `${entry.octets.length} octets, ${row.capacity} fit`;
  const tag = from?.attribute(entry)?.tag;
  if (!row.hidden && tag !== undefined && tag !== row.tag) return `type ${tag} became ${row.tag}`;
  return undefined;
}

/** Carries the state over; `from` is the template it was written for, where it is still known. */
export function stateMigrate(state: Stored, from: ImageView | undefined, to: ImageView): Migration {
  const unfit: string[] = [];
  const entries: Entry[] = [];
  const stored = new Map<string, Entry>();
  for (const entry of valuesOf(state)) {
    const reason = valueUnfit(entry, from, to);
    if (reason !== undefined) unfit.push(`${placeText(entry)}: ${reason}`);
    else entries.push(entry);
    stored.set(entryKey(entry), entry);
  }
  const values = entries.length;
  const profiles = new Map<string, Entry>();
  for (const entry of state.entries)
    if (isRows(entry)) profiles.set(`${entry.name} ${entry.twin}`, { ...entry, part: 0 });
  let rows = 0;
  for (const profile of profiles.values()) {
    const columns = stored.get(entryKey({ ...profile, attribute: 3 }))?.octets;
    const before = from?.shape(profile, columns);
    const after = to.shape(profile, columns);
    if (from === undefined || before === undefined || after?.text !== before.text) {
      unfit.push(
        `${placeText(profile)}: rows of ${before?.text ?? "unknown columns"}${to.has(profile) ? ", other columns now" : ", no such object"}`,
      );
      continue;
    }
    const kept = rowsOf(state, profile, after.rowSize, after.entries);
    entries.push(...rowsEmit(kept, after.rowSize));
    rows += kept.rows.length;
  }
  return { octets: areaEmit(entries, state.sequence, to.check), values, rows, unfit };
}
