/**
 * Features that the core for suite 0 leaves out, since the IDIS profile it is made for does not ask for them and a target of little room
 * may not have it: code behind such a name is then not compiled. A template that needs one is refused by plan(). Naming CORE_WHOLE (asc
 * --use) puts them back, which is how `npm run sizes` tells what they cost.
 */
import { SMALL } from "./suites";

const WHOLE: bool = isDefined(CORE_WHOLE) || !SMALL;

/** Short name referencing: Association SN, Read, Write and InformationReport (GB9 9.3.14 to 9.3.16). */
export const SHORT_NAMES: bool = WHOLE;
/** Authentication mechanisms 2 (of a manufacturer), 3 (MD5) and 4 (SHA-1) (GB9 9.2.7.4). */
export const OLD_MECHANISMS: bool = WHOLE;
/** Data protection (class_id 30): attributes and methods under a protection of their own. */
export const DATA_PROTECTION: bool = WHOLE;

/** What a refused template needs; the host has the sentence for each. */
export const enum Feature {
  SHORT_NAMES = 1,
  OLD_MECHANISMS = 2,
  DATA_PROTECTION = 3,
}

/** The feature left out that an object of `classId` needs; 0 = none. */
export function featureOfClass(classId: u32): u32 {
  if (!SHORT_NAMES && classId == 12) return Feature.SHORT_NAMES;
  return !DATA_PROTECTION && classId == 30 ? Feature.DATA_PROTECTION : 0;
}

/** The same of an association with these contexts (bit c for context c: 2 and 4 have short names) and mechanisms (bit m for mechanism m). */
export function featureOfAssociation(contexts: u32, mechanisms: u32): u32 {
  if (!SHORT_NAMES && (contexts & 0b10100) != 0) return Feature.SHORT_NAMES;
  return !OLD_MECHANISMS && (mechanisms & 0b11100) != 0 ? Feature.OLD_MECHANISMS : 0;
}
