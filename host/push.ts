/** What the pump does with the notifications of a meter: holds each until it is durable, has it carried, tells how it went. */
import { cosemXml } from "./client/cosem_xml.ts";
import { DELIVER_CLOSE, DeliverEvent, type CoreCalls, type Delivery } from "./core.ts";

/** message of send_destination_and_method. */
const XML = 1;
const NOTHING = new Uint8Array(0);

/** Who hears how a delivery goes: either delivered or failed, once; answered as often as a WPDU comes back. */
export interface CourierListener {
  delivered(): void;
  failed(reason: string): void;
  answered(wpdu: Uint8Array): void;
}

/** Carries octets of one meter to a place it names. Deliveries up to close() may share a connection. */
export interface Courier {
  deliver(transport: number, destination: string, octets: Uint8Array, listener: CourierListener): void;
  /** Closes the connection behind what was sent. */
  close(): void;
  /** Ends everything at once; nobody is told. */
  drop(): void;
}

interface PushesHost {
  changed(): void;
  /** The meter lives through its past, in which nobody is there: what it pushes counts as received. */
  isPast(): boolean;
  report(text: string): void;
}

interface News {
  readonly kind: DeliverEvent;
  readonly octets: Uint8Array;
}

export class Pushes {
  private readonly courier: Courier | undefined;
  private readonly host: PushesHost;
  private held: Delivery | undefined;
  private news: News[] = [];
  /** Counts what was dropped, so that late news of it is not heard. */
  private era = 0;

  constructor(courier: Courier | undefined, host: PushesHost) {
    this.courier = courier;
    this.host = host;
  }

  /** Takes what the core has; true when there was something. */
  poll(core: CoreCalls, seat: number, lineTime: number): boolean {
    const size = core.deliverPoll(seat, lineTime);
    if (size <= 0) return false;
    if (size === DELIVER_CLOSE) this.courier?.close();
    else this.held = core.delivery(size);
    return true;
  }

  /** Lets the delivery go when its sequence is durable. */
  release(durable: number): void {
    const { held } = this;
    if (held === undefined || ((durable - held.sequence) | 0) < 0) return;
    this.held = undefined;
    this.carry(held);
  }

  /** Tells the core one piece of news; false when there is none. */
  tell(core: CoreCalls, seat: number, lineTime: number, meterTime: number): boolean {
    if (this.news.length === 0) return false;
    const news = this.news.shift()!;
    core.deliverEvent(seat, news.kind, news.octets, lineTime, meterTime);
    return true;
  }

  /** The meter is switched off, or boots again. */
  drop(): void {
    this.era++;
    this.held = undefined;
    this.news = [];
    this.courier?.drop();
  }

  private carry(delivery: Delivery): void {
    const { era } = this;
    const heard = (kind: DeliverEvent, octets: Uint8Array = NOTHING): void => {
      if (era !== this.era) return;
      this.news.push({ kind, octets });
      this.host.changed();
    };
    const destination = Buffer.from(delivery.destination).toString("latin1");
    const failed = (reason: string): void => {
      if (era === this.era) this.host.report(`push to ${JSON.stringify(destination)}: ${reason}`);
      heard(DeliverEvent.FAILED);
    };
    if (this.host.isPast()) return heard(DeliverEvent.SENT);
    if (this.courier === undefined) return failed("this meter has no network");
    let octets: Uint8Array = delivery.octets;
    try {
      if (delivery.message === XML) octets = Buffer.from(cosemXml(octets), "utf8");
    } catch (error) {
      return failed((error as Error).message);
    }
    this.courier.deliver(delivery.transport, destination, octets, {
      delivered: () => heard(DeliverEvent.SENT),
      failed,
      answered: (wpdu) => heard(DeliverEvent.RECEIVED, wpdu),
    });
  }
}
