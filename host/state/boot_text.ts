/** What is said of the state that a meter found in its flash when it booted (docs/FLASH.md, "When something is wrong"). */

/** Why the core leaves a stored state alone, by Err. */
const REFUSALS: Record<number, string> = {
  [-2]: "is damaged beyond use; dlms-meter state check tells more, state import puts a copy back",
  [-9]: "is of another format version; use the program that wrote it",
};

/** Why the core does not run on a state: `result` is its Err. */
export function refusalText(result: number): string {
  return `the stored state ${REFUSALS[result] ?? `cannot be used (${result})`}`;
}

/** What became of a state that was damaged in so many places and can be used without them. */
export function damageText(places: number): string {
  const where = places === 1 ? "one place" : `${places} places`;
  return `the stored state was damaged in ${where}: what stood there is as it was before, the rest is whole; event 14 is logged`;
}
