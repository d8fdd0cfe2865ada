/** Servers of canned answers (bench/canned.ts) beside the meters. */
import { CIPHERED_ANSWER_SIZE, PLAIN_ANSWER_SIZE } from "./requests.ts";
import { benchProgram, during, type Served } from "./served.ts";

/** What they are called, in the order in which they are given. */
export const CANNED = ["a Node server of canned answers", "the same server reading as the meters do"];

/** Octets of an answer to a GET of a register. */
export function answerSizeOf(ciphered: boolean): number {
  return ciphered ? CIPHERED_ANSWER_SIZE : PLAIN_ANSWER_SIZE;
}

/** Runs `use` with meters and such servers, whose answers are as long as those of meters; `begin` starts a program with its arguments. */
export async function besideCanned(
  meters: Served,
  ciphered: boolean,
  begin: (args: readonly string[]) => Promise<Served>,
  use: (servers: readonly Served[]) => Promise<void>,
): Promise<void> {
  const canned = [benchProgram("canned"), String(answerSizeOf(ciphered))];
  await during(await begin(canned), async (other) => {
    await during(await begin([...canned, "lent"]), (same) => use([meters, other, same]));
  });
}
