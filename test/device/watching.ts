/** What tests of alarms, monitors and pushes share: a meter with a client, its inputs, and what it pushes. */
import { attribute, Client, data, decodeApdu, wpduDecode, type Data } from "../../host/client/index.ts";
import type { Delivery } from "../../host/core.ts";
import type { Metrology, Sample } from "../../host/metrology/metrology.ts";
import type { Compiled } from "../../host/template/compile.ts";
import type { ObjectDocument } from "../../host/template/document.ts";
import { RawMeter, type RawOptions } from "./raw.ts";
import { lls, template } from "./rig.ts";

export const TO = { structure: [{ enum: 0 }, { text: "192.0.2.1:4061" }, { enum: 0 }] };

/** The default template with objects changed; the alarms of power-up and power-down pass no filter. */
export function quietTemplate(...objects: ObjectDocument[]): Compiled {
  const filter: ObjectDocument = {
    logicalName: "0-0:97.98.11.255",
    attributes: { 2: { value: { "double-long-unsigned": 0xfffffffc } } },
  };
  return template({ objects: [filter, ...objects] });
}

/** Currents of L1 to L3 that a test sets, mA; all else is 0. */
export class Currents implements Metrology {
  readonly changesAt = Infinity;
  private readonly measured = { energies: new Float64Array(12), values: new Int32Array(13) };

  set(...currents: number[]): this {
    this.measured.values.set(currents, 3);
    return this;
  }

  sample(): Sample {
    return this.measured;
  }
}

export class Watched {
  readonly raw: RawMeter;
  client!: Client;

  private constructor(raw: RawMeter) {
    this.raw = raw;
  }

  static async boot(options: RawOptions): Promise<Watched> {
    const watched = new Watched(RawMeter.boot(options));
    await watched.connect();
    return watched;
  }

  private async connect(): Promise<void> {
    const slot = this.raw.slotOf("wrapper", 0);
    this.raw.open(slot);
    this.client = new Client(this.raw.transport(slot), lls(this.raw.identity));
    await this.client.connect();
    await this.client.associate();
  }

  /** Cuts the power without a word, and boots again. */
  async reboot(): Promise<void> {
    this.raw.reboot();
    await this.connect();
  }

  input(kind: number, value: number): void {
    this.raw.bank.input(this.raw.seat, kind, value, this.raw.meterTime);
    this.raw.advance(0);
  }

  async number(classId: number, name: string, id = 2): Promise<number> {
    return Number(((await this.client.get(attribute(classId, name, id))) as { value: number }).value);
  }

  /** Codes of a log. */
  async codes(name: string): Promise<number[]> {
    this.raw.advance(0);
    const buffer = (await this.client.get(attribute(7, name, 2))) as { value: { value: { value: number }[] }[] };
    return buffer.value.map((row) => row.value[1]!.value);
  }

  async set(classId: number, name: string, id: number, value: Data): Promise<void> {
    await this.client.set(attribute(classId, name, id), value);
    this.raw.advance(0);
  }

  /** Bodies of the notifications since the last look. */
  pushed(): Data[][] {
    return this.raw.pushed
      .splice(0)
      .filter((item): item is Delivery => item !== "close")
      .map((delivery) => {
        const apdu = decodeApdu(wpduDecode(delivery.octets).apdu);
        if (apdu.kind !== "data-notification") throw new Error(apdu.kind);
        if (apdu.body.type !== "structure") throw new Error(apdu.body.type);
        return apdu.body.value;
      });
  }

  /** The numbers among the elements of each. */
  numbersPushed(): number[][] {
    const isNumber = (element: Data): element is Data & { value: number } =>
      typeof (element as { value?: unknown }).value === "number";
    return this.pushed().map((body) => body.filter(isNumber).map((element) => element.value));
  }
}

export const zero = data.integer(0);
