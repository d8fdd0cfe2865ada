/**
 * Reads what the face of a meter shows: its display list, the consumer message, the tariff. It does so as public client over a line within
 * the process, so it shows what everybody may read and leaves out the rest.
 */
import type { Data } from "../client/axdr.ts";
import { elementsOf, numberOf, octetsOf, toText } from "../client/data.ts";
import { logicalNameText } from "../client/logical_name.ts";
import { isScaled, scalerUnitOf, SCALER_UNIT_ATTRIBUTE, valueText } from "../client/objects.ts";
import { attribute, Client } from "../client/session.ts";
import type { Transport } from "../client/transport.ts";
import type { MeterPort } from "../ports.ts";
import { MemoryPeer } from "../transport/memory.ts";

const PUBLIC = 16;
/** ms; within the process an answer comes at once, unless the meter went off. */
const TIME_OUT = 2000;
const CLASS_DATA = 1;
const CLASS_PROFILE = 7;
const CLASS_CLOCK = 8;
const DISPLAY_LIST: Shown = { classId: CLASS_PROFILE, logicalName: "0-0:21.0.1.255", id: 3 };
const CLOCK: Shown = { classId: CLASS_CLOCK, logicalName: "0-0:1.0.0.255", id: 2 };
const TARIFF: Shown = { classId: CLASS_DATA, logicalName: "0-0:96.14.0.255", id: 2 };
const MESSAGE: Shown = { classId: CLASS_DATA, logicalName: "0-0:96.13.0.255", id: 2 };

/** An attribute that is to be shown. */
interface Shown {
  readonly classId: number;
  readonly logicalName: string;
  readonly id: number;
}

/** What stands on the display; what may not be read is left out. */
export interface Display {
  /** The display list: names and values as text. */
  readonly lines: readonly { name: string; value: string }[];
  readonly clock?: string;
  readonly tariff?: string;
  readonly message?: string;
}

/** A client's end of a line in memory; octets arrive in a later turn of the event loop. */
function transportOver(peer: MemoryPeer): Transport {
  let onClose: ((cause?: Error) => void) | undefined;
  peer.onClosed = () => setImmediate(() => onClose?.());
  return {
    write: (octets) => setImmediate(() => peer.open && peer.send(octets)),
    onData: (listener) => (peer.onReceived = (octets) => void setImmediate(() => listener(octets))),
    onClose: (listener) => (onClose = listener),
    close: async () => peer.close(),
  };
}

/** A column of capture_objects, undefined when it is none. */
function columnOf(data: Data): Shown {
  const [classId, name, id] = elementsOf(data, "capture_object_definition", 4) as [Data, Data, Data];
  const logicalName = logicalNameText(octetsOf(name, "logical_name"));
  return { classId: numberOf(classId, "class_id"), logicalName, id: numberOf(id, "attribute_index") };
}

export class FaceReader {
  private readonly port: MeterPort;
  private client: Client | undefined;
  /** What the meter refused; it is not asked for again on this line. */
  private readonly refused = new Set<string>();

  constructor(port: MeterPort) {
    this.port = port;
  }

  /** Reads everything, undefined when the meter cannot be reached. */
  async read(): Promise<Display | undefined> {
    try {
      if (this.client === undefined) await this.open();
      return await this.readAll();
    } catch {
      // The meter went off, or closed the line: the next look finds it again.
      await this.close();
      return undefined;
    }
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.refused.clear();
    await client?.disconnect().catch(() => undefined);
  }

  private async open(): Promise<void> {
    const peer = MemoryPeer.connect(this.port.accept);
    if (peer === undefined) throw new Error("the meter takes no line");
    const client = new Client(transportOver(peer), { clientSap: PUBLIC, timeOut: TIME_OUT });
    await client.connect();
    await client.associate();
    this.client = client;
  }

  private async readAll(): Promise<Display> {
    const list = await this.get(DISPLAY_LIST);
    const lines: Display["lines"][number][] = [];
    for (const column of list === undefined ? [] : elementsOf(list, "capture_objects").map(columnOf)) {
      const value = await this.textOf(column);
      if (value !== undefined) lines.push({ name: column.logicalName, value });
    }
    const [clock, tariff, message] = [await this.textOf(CLOCK), await this.textOf(TARIFF), await this.textOf(MESSAGE)];
    return { lines, ...(clock && { clock }), ...(tariff && { tariff }), ...(message && { message }) };
  }

  private async textOf(what: Shown): Promise<string | undefined> {
    const data = await this.get(what);
    if (data === undefined) return undefined;
    if (data.type === "octet-string" && what.classId === CLASS_DATA) return toText(data);
    const scaled = isScaled(what.classId, what.id);
    const unit = scaled ? await this.get({ ...what, id: SCALER_UNIT_ATTRIBUTE[what.classId]! }) : undefined;
    return valueText(data, unit === undefined ? undefined : scalerUnitOf(unit));
  }

  private async get({ classId, logicalName, id }: Shown): Promise<Data | undefined> {
    const key = `${logicalName}:${id}`;
    if (this.refused.has(key)) return undefined;
    const { data } = await this.client!.getResult(attribute(classId, logicalName, id));
    if (data === undefined) this.refused.add(key);
    return data;
  }
}
