/** The template of the meter tests: a clock, registers of every kind of quantity, two load profiles, billing, two logs. */
import { type Compiled, compileTemplate } from "../../host/template/compile.ts";
import type { EventDocument, ObjectDocument, ProfileDocument, TemplateDocument } from "../../host/template/document.ts";

const CLOCK = "0-0:1.0.0.255";
const STANDARD_LOG = "0-0:99.98.0.255";
const FRAUD_LOG = "0-0:99.98.1.255";

const all = (set: number[] = []) => ({ client: { get: "all" as const, set, act: "all" as const } });

function register(logicalName: string, quantity: string, scaler: number, unit: string): ObjectDocument {
  return { logicalName, name: quantity, class: 3, quantity, scaler, unit, access: all() };
}

const EVENTS: EventDocument[] = [
  { code: 1, name: "power down", log: STANDARD_LOG, alarm2: 0 },
  { code: 2, name: "power up", log: STANDARD_LOG, alarm2: 1 },
  { code: 3, name: "daylight saving", log: STANDARD_LOG },
  { code: 4, name: "clock adjusted, old time", log: STANDARD_LOG },
  { code: 5, name: "clock adjusted, new time", log: STANDARD_LOG },
  { code: 6, name: "clock invalid", log: STANDARD_LOG, alarm1: 0, error: 0 },
  { code: 7, name: "replace battery", log: STANDARD_LOG, alarm1: 1 },
  { code: 8, name: "battery low", log: STANDARD_LOG },
  { code: 10, name: "error register cleared", log: STANDARD_LOG },
  { code: 11, name: "alarm register cleared", log: STANDARD_LOG },
  { code: 12, name: "program memory error", alarm1: 8, error: 8 },
  { code: 41, name: "terminal cover closed", log: FRAUD_LOG },
  { code: 40, name: "terminal cover removed", log: FRAUD_LOG, alarm1: 13 },
  { code: 47, name: "parameters changed", log: STANDARD_LOG },
  { code: 254, name: "load profile cleared", log: STANDARD_LOG },
  { code: 255, name: "event log cleared", log: STANDARD_LOG },
];

/** How the rows of all profiles go out. */
export type Form = Pick<ProfileDocument, "form" | "nullData" | "midnightWhole">;

function profile(logicalName: string, columns: string[], period: number, depth: number): ObjectDocument {
  const whole = columns.map((column) => (column === "clock" ? `${CLOCK}:2` : `${column}:2`));
  return {
    ...{ logicalName, name: logicalName, class: 7, version: 1, access: all([3, 4, 5, 8]) },
    profile: { columns: whole, period, depth, columnsMax: 8 },
  };
}

const clock: ObjectDocument = {
  ...{ logicalName: CLOCK, name: "Clock", class: 8, access: all([2, 3, 5, 6, 7, 8]) },
  attributes: {
    2: { quantity: "clock-time" },
    3: { value: { long: -60 }, min: -720, max: 840 },
    4: { quantity: "clock-status" },
    5: { value: { clock: "*-03-last sun 02:00:00.00 * 00" } },
    6: { value: { clock: "*-10-last sun 03:00:00.00 * 80" } },
    7: { value: { integer: 60 } },
    8: { value: { boolean: true } },
    9: { value: { enum: 1 } },
  },
};

const value = (logicalName: string, text: object): ObjectDocument => ({
  ...{ logicalName, name: logicalName, class: 1, access: all([2]) },
  attributes: { 2: text },
});

/** Event counter, error register, two alarm registers with their filters and descriptors. */
function alarmObjects(): ObjectDocument[] {
  const register = (name: string, bits: number): ObjectDocument =>
    value(`0-0:${name}.255`, { value: { "double-long-unsigned": bits } });
  return [
    value("0-0:96.15.0.255", { value: { "long-unsigned": 0 }, stored: true }),
    ...["97.97.0", "97.98.0", "97.98.1", "97.98.20", "97.98.21"].map((name) => register(name, 0)),
    ...["97.98.10", "97.98.11"].map((name) => register(name, 0xffffffff)),
  ];
}

function document(form: Form): TemplateDocument {
  const setup = "0-0:25.0.0.255";
  const whole: TemplateDocument = {
    name: "meter-tests",
    identity: { manufacturer: "MMM", deviceType: 103, functions: [] },
    associations: { client: { clientSap: 16, mechanisms: ["none"], contexts: ["ln"], conformance: ["get"] } },
    ports: { tcp: { kind: "wrapper", connections: 1, setup } },
    clock: CLOCK,
    eventCode: "0-0:96.11.0.255",
    objects: [
      {
        ...{ logicalName: setup, name: "TCP-UDP setup", class: 41, access: all() },
        attributes: {
          2: { value: { "long-unsigned": 4059 } },
          3: { value: { ln: "0-0:25.1.0.255" } },
          4: { value: { "long-unsigned": 576 } },
          5: { value: { unsigned: 1 } },
          6: { value: { "long-unsigned": 180 } },
        },
      },
      clock,
      {
        ...{ logicalName: "1-0:0.9.11.255", name: "Clock time shift limit", class: 3, unit: "s", access: all([2]) },
        attributes: { 2: { value: { "double-long-unsigned": 10 }, min: 0, max: 900 } },
      },
      register("1-0:1.8.0.255", "active-energy-import", 0, "Wh"),
      register("1-0:2.8.0.255", "active-energy-export", 0, "Wh"),
      register("1-0:1.8.1.255", "active-energy-import-rate-1", 0, "Wh"),
      register("1-0:1.8.2.255", "active-energy-import-rate-2", 0, "Wh"),
      register("1-0:16.8.0.255", "active-energy-net", 0, "Wh"),
      register("1-0:3.8.0.255", "reactive-energy-import", 3, "varh"),
      register("1-0:32.7.0.255", "voltage-l1", -1, "V"),
      register("1-0:31.7.0.255", "current-l1", -2, "A"),
      register("1-0:16.7.0.255", "active-power-net", 0, "W"),
      register("1-0:13.7.0.255", "power-factor", -3, "count"),
      value("0-0:96.10.1.255", { quantity: "profile-status-1" }),
      value("0-0:96.10.2.255", { quantity: "profile-status-2" }),
      value("0-0:96.11.0.255", { quantity: "event-code-standard" }),
      value("0-0:96.11.1.255", { value: { unsigned: 0 }, stored: true }),
      ...alarmObjects(),
      value("0-0:96.1.0.255", { type: "octet-string(8)", value: { text: "A" } }),
      value("0-0:96.1.1.255", { type: "long", value: { long: 5 }, min: -100, max: 1000 }),
      value("1-0:0.1.2.255", { type: "octet-string(12)", value: { clock: "2024-01-01 00:00:00" } }),
      profile("1-0:99.1.0.255", ["clock", "0-0:96.10.1.255", "1-0:1.8.0.255", "1-0:2.8.0.255"], 900, 300),
      profile("1-0:99.2.0.255", ["clock", "0-0:96.10.2.255", "1-0:1.8.0.255"], 86400, 40),
      profile("0-0:98.1.0.255", ["clock", "0-0:96.1.0.255", "0-0:96.1.1.255", "1-0:1.8.0.255"], 0, 13),
      profile(STANDARD_LOG, ["clock", "0-0:96.11.0.255"], 0, 20),
      profile(FRAUD_LOG, ["clock", "0-0:96.11.1.255"], 0, 20),
    ],
    events: EVENTS,
  };
  for (const object of whole.objects) if (object.profile) Object.assign(object.profile, form);
  return whole;
}

let compiled: Compiled | undefined;

/** The compiled test template; with `form`, one whose profiles go out so. */
export function meterTemplate(form?: Form): Compiled {
  return form === undefined ? (compiled ??= compileTemplate(document({}))) : compileTemplate(document(form));
}
