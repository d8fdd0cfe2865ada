/** Chooses a metrology by the name that the command line gives it. */
import { constantLoad } from "./constant.ts";
import { Household } from "./household.ts";
import { Simulation } from "./player.ts";
import { hash } from "./random.ts";
import { Replay } from "./replay.ts";
import type { Scenario } from "./scenario.ts";
import type { StepSource } from "./steps.ts";

/** One household in so many has a solar inverter, of 3 to 9 kW. */
const SOLAR_ONE_IN = 4;

function household(seed: number, index: number): Household {
  const own = hash(seed, index, 0);
  const solar = hash(seed, index, 1);
  const solarPeak = solar % SOLAR_ONE_IN === 0 ? 3000 + (solar % 6001) : 0;
  return new Household({ seed: own, solarPeak });
}

/** A maker of loads for meters 0, 1, … */
function loadMaker(source: string, seed: number, start: number): (index: number) => StepSource {
  if (source === "household") return (index) => household(seed, index);
  if (source === "constant") return () => constantLoad;
  const replay = Replay.read(source, start);
  return () => replay.share();
}

/**
 * A maker of the surroundings of meters 0, 1, …
 * @param source household, constant, or a CSV file (replay.ts)
 * @param start where the relative times of a file begin, ms since 1970 UTC
 * @param scenario what happens to them
 * @throws ReplayError
 */
export function metrologyMaker(
  source: string,
  seed: number,
  start: number,
  scenario?: Scenario,
): (index: number) => Simulation {
  const loadOf = loadMaker(source, seed, start);
  return (index) => new Simulation(loadOf(index), index, scenario);
}
