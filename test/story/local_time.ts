/** Local time of central Europe by the tables of the runtime (Intl), which know nothing of the meter's clock. All times are ms since 1970 UTC. */

const HOUR = 3_600_000;
export const QUARTER = 900_000;
export const DAY = 24 * HOUR;

const format = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeZoneName: "longOffset" });

/** ms to add to UTC at `time`, asked of the runtime. */
function offsetLookUp(time: number): number {
  const name = format.formatToParts(time).find(({ type }) => type === "timeZoneName")!.value;
  const match = /GMT\+(\d\d):(\d\d)/.exec(name)!;
  return Number(match[1]) * HOUR + Number(match[2]) * 60_000;
}

/** Between two times: offsets from UTC, and the instants at which they switch. */
export class LocalTime {
  /** Instants of the switches, and the offset from each on. */
  readonly switches: { at: number; offset: number }[] = [];
  private readonly first: number;

  constructor(from: number, to: number) {
    this.first = offsetLookUp(from);
    let offset = this.first;
    for (let at = Math.ceil(from / HOUR) * HOUR; at <= to; at += HOUR) {
      const now = offsetLookUp(at);
      if (now !== offset) this.switches.push({ at, offset: now });
      offset = now;
    }
  }

  offset(time: number): number {
    let found = this.first;
    for (const { at, offset } of this.switches) if (at <= time) found = offset;
    return found;
  }

  /** Daylight saving holds. */
  saving(time: number): boolean {
    return this.offset(time) !== HOUR;
  }

  /** Local time, written as if it were UTC. */
  local(time: number): number {
    return time + this.offset(time);
  }

  isMidnight(time: number): boolean {
    return this.local(time) % DAY === 0;
  }

  isFirstOfMonth(time: number): boolean {
    return this.isMidnight(time) && new Date(this.local(time)).getUTCDate() === 1;
  }

  isSwitch(time: number): boolean {
    return this.switches.some(({ at }) => at === time);
  }

  /** ISO text of a whole second; `offset` where it is not that of `time`. */
  iso(time: number, offset = this.offset(time)): string {
    const text = new Date(Math.floor(time / 1000) * 1000 + offset).toISOString().slice(0, 19);
    return `${text}+${String(offset / HOUR).padStart(2, "0")}:00`;
  }
}
