/** Chooses a metrology by the name that the command line gives it. */
import { constantLoad } from "./constant.ts";
import { Household } from "./household.ts";
import type { Metrology } from "./metrology.ts";
import { hash } from "./random.ts";
import { Replay } from "./replay.ts";
import { SteppedMetrology } from "./steps.ts";

/** One household in so many has a solar inverter, of 3 to 9 kW. */
const SOLAR_ONE_IN = 4;

function household(seed: number, index: number): Household {
  const own = hash(seed, index, 0);
  const solar = hash(seed, index, 1);
  const solarPeak = solar % SOLAR_ONE_IN === 0 ? 3000 + (solar % 6001) : 0;
  return new Household({ seed: own, solarPeak });
}

/**
 * A maker of metrologies for meters 0, 1, …
 * @param source household, constant, or a CSV file (replay.ts)
 * @param start where the relative times of a file begin, ms since 1970 UTC
 * @throws ReplayError
 */
export function metrologyMaker(source: string, seed: number, start: number): (index: number) => Metrology {
  if (source === "household") return (index) => new SteppedMetrology(household(seed, index));
  if (source === "constant") return () => new SteppedMetrology(constantLoad);
  const replay = Replay.read(source, start);
  return () => new SteppedMetrology(replay.share());
}
