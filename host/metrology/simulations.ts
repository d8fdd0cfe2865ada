/**
 * The surroundings of the meters of a service. A meter's are made when it takes its seat; what was done to all meters before is done to it
 * then, at the instants at which it was done to the others.
 */
import type { Simulation } from "./player.ts";

export class Simulations {
  /** How many meters there are, with and without surroundings. */
  readonly count: number;
  private readonly maker: (index: number) => Simulation;
  private readonly made = new Map<number, Simulation>();
  private readonly done: ((simulation: Simulation) => void)[] = [];

  constructor(count: number, maker: (index: number) => Simulation) {
    this.count = count;
    this.maker = maker;
  }

  /** Those of meter `index` from now on. */
  make(index: number): Simulation {
    const simulation = this.maker(index);
    for (const act of this.done) act(simulation);
    this.made.set(index, simulation);
    return simulation;
  }

  /** Those of meter `index`, undefined while it has no seat. */
  of(index: number): Simulation | undefined {
    return this.made.get(index);
  }

  /** Meters whose surroundings have not been made. */
  get missing(): number {
    return this.count - this.made.size;
  }

  /** Does something to every meter, and later to those that have no seat yet. */
  all(act: (simulation: Simulation) => void): void {
    for (const simulation of this.made.values()) act(simulation);
    if (this.missing > 0) this.done.push(act);
  }
}
