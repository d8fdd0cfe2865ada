/**
 * Line time of one meter: that of the clock, less the time for which the process was kept from its lines. A machine with other work
 * may wake the process long behind a deadline, when the octets that would have met it wait in the system and nobody can say since
 * when. That time is no silence of the peer: it is not counted, and what waits is heard before the deadline comes.
 */

/** A deadline seen later than this, ms, was missed by the process; timers are a few milliseconds late at any time. */
const LATE_MS = 20;
/** Longest time that what waits in the system is given to arrive, ms; a serial port takes several turns of the event loop. */
const ARRIVAL_MS = 500;
/** How often one deadline moves: a process that is always late still comes to an end. */
const MOVES_MAX = 10;

export class LineTime {
  /** What is not counted, ms. */
  private behind = 0;
  private now = 0;
  private deadline = 0;
  private moves = 0;

  /** The line time at `clock` ms of the clock, when `deadline` (line time, 0 = none) is what the meter waits for. */
  take(clock: number, deadline: number): number {
    const late = deadline > 0 ? clock - this.behind - deadline : 0;
    if (late > LATE_MS && this.mayMove(deadline)) this.behind += late + Math.min(late, ARRIVAL_MS);
    // It never goes back.
    this.behind = Math.min(this.behind, clock - this.now);
    this.now = clock - this.behind;
    return this.now;
  }

  /** Clock time of an instant of line time, ms. */
  clockOf(lineTime: number): number {
    return lineTime + this.behind;
  }

  private mayMove(deadline: number): boolean {
    if (deadline !== this.deadline) this.moves = 0;
    this.deadline = deadline;
    return this.moves++ < MOVES_MAX;
  }
}
