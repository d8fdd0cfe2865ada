/** A meter whose load a test sets, with its management client, for the tests of disconnector, relays and limiter. */
import { ActionError, attribute, Client, data as d, dateTimeEmit, dateTimeFromIso } from "../../host/client/index.ts";
import { DataAccessError, logicalNameParse, method, type Data } from "../../host/client/index.ts";
import { SteppedMetrology, type Step } from "../../host/metrology/steps.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { MemoryFlash } from "../../host/flash/memory.ts";
import { RawMeter } from "./raw.ts";
import { lls } from "./rig.ts";

export const DISCONNECTOR = "0-0:96.3.10.255";
export const DISCONNECTOR_SCRIPTS = "0-0:10.0.106.255";
export const LIMITER = "0-0:17.0.0.255";
export const DISCONNECTOR_LOG = "0-0:99.98.2.255";
/** Active power import, W. */
export const POWER = "1-0:1.7.0.255";
const NO_SCRIPT = "0-0:0.0.0.0";

/** script_logical_name and script_selector. */
export const actionItem = (name: string, selector: number): Data =>
  d.structure(d.octetString(logicalNameParse(name)), d.longUnsigned(selector));

/** Actions of the limiter: selectors of a script table, 0 = none. */
export const actions = (over: number, under: number, table = DISCONNECTOR_SCRIPTS): Data =>
  d.structure(...[over, under].map((n) => actionItem(n === 0 ? NO_SCRIPT : table, n)));

export const stampOf = (iso: string): Data => d.octetString(dateTimeEmit(dateTimeFromIso(iso)));

/** A provision record of an attribute. */
export function provisionRecord(classId: number, name: string, id: number, octets: number[]): Buffer {
  const size = octets.length;
  return Buffer.from([
    classId >> 8,
    classId & 0xff,
    ...logicalNameParse(name),
    id,
    0,
    size >> 8,
    size & 0xff,
    ...octets,
  ]);
}

export class ControlRig {
  readonly raw: RawMeter;
  client!: Client;
  /** W over all phases. */
  watts = 0;

  private constructor(options: { template?: Compiled; provision?: Uint8Array; flash?: MemoryFlash; start?: number }) {
    const stepAt = (time: number, step: Step): number => {
      step.active.set([this.watts * 1000, 0, 0]);
      step.voltage.fill(230_000);
      return time + 1000;
    };
    this.raw = RawMeter.boot({ ...options, metrology: new SteppedMetrology({ stepAt }) });
  }

  static async boot(
    options: { template?: Compiled; provision?: Uint8Array; flash?: MemoryFlash; start?: number } = {},
  ): Promise<ControlRig> {
    const rig = new ControlRig(options);
    await rig.connect();
    return rig;
  }

  async connect(): Promise<void> {
    const slot = this.raw.slotOf("wrapper", 0);
    this.raw.open(slot);
    this.client = new Client(this.raw.transport(slot), lls(this.raw.identity));
    await this.client.connect();
    await this.client.associate();
  }

  /** Cuts the power for a time and connects to the meter that has come back. */
  async outage(ms: number): Promise<void> {
    this.raw.meterTime += ms;
    this.raw.reboot();
    await this.connect();
  }

  /** Lets time pass with a sample at each second: the load is looked at as a measuring unit does. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) this.raw.advance(1000);
    this.raw.advance(0);
  }

  /** A change of the load, measured and acted upon. */
  async load(watts: number): Promise<void> {
    this.watts = watts;
    await this.pass(1);
  }

  /** Action-result of a method. */
  async call(classId: number, name: string, id: number, parameter: Data = d.integer(0)): Promise<number> {
    try {
      await this.client.action(method(classId, name, id), parameter);
      return 0;
    } catch (error) {
      if (error instanceof ActionError) return error.code;
      throw error;
    }
  }

  /** Data-access-result of a SET. */
  async set(classId: number, name: string, id: number, value: Data): Promise<number> {
    try {
      await this.client.set(attribute(classId, name, id), value);
      return 0;
    } catch (error) {
      if (error instanceof DataAccessError) return error.code;
      throw error;
    }
  }

  async get(classId: number, name: string, id: number): Promise<Data> {
    return this.client.get(attribute(classId, name, id));
  }

  async number(classId: number, name: string, id: number): Promise<number> {
    return Number(((await this.get(classId, name, id)) as { value: number | boolean }).value);
  }

  /** {control_state, output_state} of a disconnector or relay. */
  async state(name = DISCONNECTOR): Promise<[number, boolean]> {
    const output = (await this.get(70, name, 2)) as { value: boolean };
    return [await this.number(70, name, 3), output.value];
  }

  /** Event codes of a log. */
  async events(log = DISCONNECTOR_LOG): Promise<number[]> {
    const rows = (await this.get(7, log, 2)) as { value: { value: { value: number }[] }[] };
    return rows.value.map((row) => Number(row.value[1]!.value));
  }
}
