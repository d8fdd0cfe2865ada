/** Where measurements come from. The pump asks for consecutive intervals; what it gets goes to the core as it is. */
import type { Sample } from "../core.ts";

export type { Sample };

export interface Metrology {
  /**
   * What was measured over [from, to), ms since 1970 UTC, whole numbers, `from` being the `to` of the call before. The energies are exact: those of two
   * intervals add up to those of both. The sample is the metrology's own and holds until the next call.
   */
  sample(from: number, to: number): Sample;
}
