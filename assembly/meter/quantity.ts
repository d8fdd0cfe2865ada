/** Values the core computes, by the numbers of host/template/quantities.json (a test compares both). */
import { Meter } from "../store/block";
import { ACCESS_AT, ACCESS_SIZE } from "../store/layout";
import { clockStatus } from "./clock";
import { averageRead, AVERAGES } from "./averages";
import { accumulatorOf, EVENT_CODES, Instant, Metering, UNCOUNTED } from "./metering_state";
import { rootFloor } from "./root";

export const enum Quantity {
  ACTIVE_ENERGY_IMPORT = 1,
  ACTIVE_ENERGY_EXPORT = 2,
  REACTIVE_ENERGY_Q1 = 3,
  REACTIVE_ENERGY_Q2 = 4,
  REACTIVE_ENERGY_Q3 = 5,
  REACTIVE_ENERGY_Q4 = 6,
  REACTIVE_ENERGY_IMPORT = 7,
  REACTIVE_ENERGY_EXPORT = 8,
  ACTIVE_ENERGY_ABSOLUTE = 9,
  ACTIVE_ENERGY_NET = 10,
  APPARENT_ENERGY_IMPORT = 11,
  APPARENT_ENERGY_EXPORT = 12,
  ACTIVE_ENERGY_IMPORT_L1 = 49,
  ACTIVE_ENERGY_IMPORT_L2 = 50,
  ACTIVE_ENERGY_IMPORT_L3 = 51,
  ACTIVE_ENERGY_EXPORT_L1 = 53,
  ACTIVE_ENERGY_EXPORT_L2 = 54,
  ACTIVE_ENERGY_EXPORT_L3 = 55,
  VOLTAGE_L1 = 65,
  VOLTAGE_L2 = 66,
  VOLTAGE_L3 = 67,
  CURRENT_L1 = 69,
  CURRENT_L2 = 70,
  CURRENT_L3 = 71,
  CURRENT_SUM = 72,
  CURRENT_NEUTRAL = 73,
  ACTIVE_POWER_IMPORT = 80,
  ACTIVE_POWER_IMPORT_L1 = 81,
  ACTIVE_POWER_IMPORT_L2 = 82,
  ACTIVE_POWER_IMPORT_L3 = 83,
  ACTIVE_POWER_EXPORT = 84,
  ACTIVE_POWER_EXPORT_L1 = 85,
  ACTIVE_POWER_EXPORT_L2 = 86,
  ACTIVE_POWER_EXPORT_L3 = 87,
  ACTIVE_POWER_NET = 88,
  ACTIVE_POWER_NET_L1 = 89,
  ACTIVE_POWER_NET_L2 = 90,
  ACTIVE_POWER_NET_L3 = 91,
  ACTIVE_POWER_ABSOLUTE = 92,
  REACTIVE_POWER_IMPORT = 96,
  REACTIVE_POWER_IMPORT_L1 = 97,
  REACTIVE_POWER_IMPORT_L2 = 98,
  REACTIVE_POWER_IMPORT_L3 = 99,
  REACTIVE_POWER_EXPORT = 100,
  REACTIVE_POWER_EXPORT_L1 = 101,
  REACTIVE_POWER_EXPORT_L2 = 102,
  REACTIVE_POWER_EXPORT_L3 = 103,
  APPARENT_POWER_IMPORT = 104,
  APPARENT_POWER_EXPORT = 108,
  FREQUENCY = 112,
  POWER_FACTOR = 116,
  POWER_FACTOR_L1 = 117,
  POWER_FACTOR_L2 = 118,
  POWER_FACTOR_L3 = 119,
  CLOCK_TIME = 128,
  CLOCK_STATUS = 129,
  PROFILE_STATUS_1 = 130,
  PROFILE_STATUS_2 = 131,
  EVENT_CODE_STANDARD = 136,
  EVENT_CODE_FRAUD = 137,
  EVENT_CODE_DISCONNECTOR = 138,
  EVENT_CODE_MBUS = 139,
  EVENT_CODE_POWER_QUALITY = 140,
  EVENT_CODE_COMMUNICATION = 141,
  ACTIVE_TARIFF = 144,
  ACTIVE_DEMAND_TARIFF = 145,
  LOCAL_TIME = 146,
  LOCAL_DATE = 147,
  HISTORY = 148,
  INVOCATION_COUNTER = 152,
  ACCESS_CLIENT = 176,
  ACCESS_PORT = 177,
  ACCESS_KINDS = 178,
  ACCESS_COUNT = 179,
  ACCESS_USER = 180,
  SYSTEM_TITLE = 153,
  LOGICAL_DEVICE_NAME = 154,
  VOLTAGE_AVERAGE_L1 = 160,
  VOLTAGE_AVERAGE_L2 = 161,
  VOLTAGE_AVERAGE_L3 = 162,
  CURRENT_AVERAGE_L1 = 163,
  CURRENT_AVERAGE_L2 = 164,
  CURRENT_AVERAGE_L3 = 165,
  VOLTAGE_LAST_AVERAGE_L1 = 166,
  VOLTAGE_LAST_AVERAGE_L2 = 167,
  VOLTAGE_LAST_AVERAGE_L3 = 168,
  CURRENT_LAST_AVERAGE_L1 = 169,
  CURRENT_LAST_AVERAGE_L2 = 170,
  CURRENT_LAST_AVERAGE_L3 = 171,
}

/** Sum of the phases of an instantaneous value. */
function total(m: Metering, first: Instant): i64 {
  return <i64>m.instant(first) + <i64>m.instant(first + 1) + <i64>m.instant(first + 2);
}

/** Phase `phase` (1..3) of an instantaneous value, or with 0 their sum. */
function phase(m: Metering, first: Instant, phase: i32): i64 {
  return phase == 0 ? total(m, first) : <i64>m.instant(first + phase - 1);
}

/** What of a signed value goes into the direction `sign` (1 or -1), never below 0. */
function directed(value: i64, sign: i64): i64 {
  const part = value * sign;
  return part > 0 ? part : 0;
}

/** |P| / S in thousandths, S being the root of P squared + Q squared; 1000 at no load. */
function powerFactor(p: i64, q: i64): i64 {
  const active = <f64>p;
  const apparent = Math.sqrt(active * active + <f64>q * <f64>q);
  if (apparent < 1) return 1000;
  return <i64>((Math.abs(active) * 1000) / apparent);
}

/** Sine of 120°, and its cosine. */
const SINE: f64 = 0.8660254037844386;
const COSINE: f64 = -0.5;

/**
 * Current of the neutral, mA, rounded down: the sum of the phase currents as vectors. A sample has no angles, so the voltages
 * are taken to stand 120° apart, and each current to its voltage as active and reactive power say: P / U along it, Q / U behind
 * it. The conductor of a phase without voltage carries nothing.
 */
function neutralCurrent(m: Metering): i64 {
  let re: f64 = 0;
  let im: f64 = 0;
  for (let i: u32 = 0; i < 3; i++) {
    const voltage = <f64>m.instant(Instant.VOLTAGE + i);
    if (voltage == 0) continue;
    const along = (<f64>m.instant(Instant.POWER + i) * 1000) / voltage;
    const behind = (<f64>m.instant(Instant.REACTIVE + i) * -1000) / voltage;
    const cosine = i == 0 ? 1 : COSINE;
    const sine = i == 0 ? 0 : i == 1 ? -SINE : SINE;
    re += along * cosine - behind * sine;
    im += along * sine + behind * cosine;
  }
  return <i64>Math.min(Math.sqrt(re * re + im * im), 2000000000);
}

/** Apparent power of all phases, mVA, rounded down: imported while the active power is not below 0, else exported. */
function apparentPower(m: Metering, imported: bool): i64 {
  const active = total(m, Instant.POWER);
  return active >= 0 == imported ? rootFloor(active, total(m, Instant.REACTIVE)) : 0;
}

/** Values that were not counted but derived from the last sample. */
function instantRead(m: Metering, id: i32): i64 {
  if (id >= Quantity.VOLTAGE_L1 && id <= Quantity.VOLTAGE_L3)
    return m.instant(Instant.VOLTAGE + id - Quantity.VOLTAGE_L1);
  if (id >= Quantity.CURRENT_L1 && id <= Quantity.CURRENT_L3)
    return m.instant(Instant.CURRENT + id - Quantity.CURRENT_L1);
  switch (id & ~3) {
    case Quantity.CURRENT_SUM:
      if (id == Quantity.CURRENT_NEUTRAL) return neutralCurrent(m);
      return id == Quantity.CURRENT_SUM ? total(m, Instant.CURRENT) : 0;
    case Quantity.ACTIVE_POWER_IMPORT:
      return directed(phase(m, Instant.POWER, id & 3), 1);
    case Quantity.ACTIVE_POWER_EXPORT:
      return directed(phase(m, Instant.POWER, id & 3), -1);
    case Quantity.ACTIVE_POWER_NET:
      return phase(m, Instant.POWER, id & 3);
    case Quantity.ACTIVE_POWER_ABSOLUTE:
      return id == Quantity.ACTIVE_POWER_ABSOLUTE ? abs(total(m, Instant.POWER)) : 0;
    case Quantity.REACTIVE_POWER_IMPORT:
      return directed(phase(m, Instant.REACTIVE, id & 3), 1);
    case Quantity.REACTIVE_POWER_EXPORT:
      return directed(phase(m, Instant.REACTIVE, id & 3), -1);
    case Quantity.APPARENT_POWER_IMPORT:
    case Quantity.APPARENT_POWER_EXPORT:
      return (id & 3) == 0 ? apparentPower(m, id == Quantity.APPARENT_POWER_IMPORT) : 0;
    case Quantity.FREQUENCY:
      return id == Quantity.FREQUENCY ? m.instant(Instant.FREQUENCY) : 0;
    case Quantity.POWER_FACTOR:
      return powerFactor(phase(m, Instant.POWER, id & 3), phase(m, Instant.REACTIVE, id & 3));
    default:
      return 0;
  }
}

/** What a row of the communication details log says of an association, from Quantity.ACCESS_CLIENT on. */
export const enum AccessDetail {
  CLIENT = 0,
  PORT = 1,
  KINDS = 2,
  COUNT = 3,
  USER = 4,
}

const ACCESS_DETAILS: u32 = 5;

if (ACCESS_DETAILS * 2 > ACCESS_SIZE) ERROR("details of an access have ACCESS_SIZE octets");

/** Says something of the association that is logged next. */
export function accessDetailSet(meter: Meter, detail: AccessDetail, value: u32): void {
  store<u16>(meter.area(ACCESS_AT + ((<u32>detail) << 1)), <u16>value);
}

/** Whether a quantity counts for ever, so that its register rolls over instead of stopping at its end. */
export function quantityCounts(id: u32): bool {
  return accumulatorOf(id) != UNCOUNTED;
}

/**
 * The number of quantity `id` in its fixed unit (quantities.json). Octet-strings, and what another room knows
 * (profile status, invocation counter), read as 0 here: cosem/plain.ts answers for them.
 */
export function quantityRead(meter: Meter, id: u32): i64 {
  const m = Metering.of(meter);
  const index = accumulatorOf(id);
  if (index != UNCOUNTED) return m.accumulator(index);
  if (id < <u32>Quantity.CLOCK_TIME) return instantRead(m, id);
  if (id == Quantity.CLOCK_STATUS) return clockStatus(meter);
  const average = id - Quantity.VOLTAGE_AVERAGE_L1;
  if (average < 2 * AVERAGES) return averageRead(meter, average);
  const detail = id - Quantity.ACCESS_CLIENT;
  if (detail < ACCESS_DETAILS) return load<u16>(meter.area(ACCESS_AT + (detail << 1)));
  const log = id - Quantity.EVENT_CODE_STANDARD;
  return log < EVENT_CODES ? m.eventCode(log) : 0;
}
