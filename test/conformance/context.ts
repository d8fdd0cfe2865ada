/** What a running case works with: connections that end with it, the record of its steps, the declared meter. */
import {
  attribute,
  Client,
  connectTcp,
  data,
  toHex,
  type ClientOptions,
  type Transport,
} from "../../host/client/index.ts";
import { CaseEnd, type Step } from "./case.ts";
import type { Association, Config } from "./config.ts";
import { Line } from "./line.ts";
import { SerialLine } from "./serial.ts";

const TRACE_LINES_MAX = 80;
const TRACE_OCTETS_MAX = 160;

/** What outlives a case: the invocation counter used so far, and what was found out about the meter. */
export interface Memory {
  /** Lowest invocation counter not used yet, per client */
  counters: Map<string, number>;
  /** Answers of earlier cases that later ones need, such as object lists */
  findings: Map<string, unknown>;
  /** The serial line, once it is in use */
  serial?: SerialLine;
}

export function memoryNew(): Memory {
  return { counters: new Map(), findings: new Map() };
}

export interface OpenOptions extends Partial<ClientOptions> {
  /** Default: the wrapper if there is one */
  via?: "wrapper" | "hdlc";
}

/** Octets of a connection as they came, for cases that look at frames. */
export interface Tap {
  received: Uint8Array[];
}

/** `again`: in mode E, how to get back to HDLC. */
type Watched = Transport & { again?: () => Promise<void> };

export class Ctx {
  readonly config: Config;
  readonly memory: Memory;
  readonly steps: Step[] = [];
  readonly trace: string[] = [];
  /** Of the connection opened last. */
  tap: Tap = { received: [] };
  private readonly endings: (() => Promise<void>)[] = [];

  constructor(config: Config, memory: Memory) {
    this.config = config;
    this.memory = memory;
  }

  /** Records that something holds or does not; the case goes on. */
  expect(holds: boolean, text: string, got = ""): boolean {
    this.steps.push({ text, verdict: holds ? "PASSED" : "FAILED", ...(got === "" ? {} : { got }) });
    return holds;
  }

  /** As expect(), but the case ends when it does not hold. */
  require(holds: boolean, text: string, got = ""): void {
    if (!this.expect(holds, text, got)) throw new CaseEnd("FAILED", got === "" ? text : `${text}: ${got}`);
  }

  /** Allowed, but not what is preferred. */
  remark(text: string, got = ""): void {
    this.steps.push({ text, verdict: "PASSED", remark: true, ...(got === "" ? {} : { got }) });
  }

  note(text: string): void {
    this.steps.push({ text });
  }

  /** Part of the case that the meter does not claim to have. */
  skip(text: string): void {
    this.steps.push({ text, verdict: "INAPPLICABLE" });
  }

  /** Part of the case that could not be tried. */
  unknown(text: string): void {
    this.steps.push({ text, verdict: "INCONCLUSIVE" });
  }

  inapplicable(text: string): never {
    throw new CaseEnd("INAPPLICABLE", text);
  }

  inconclusive(text: string): never {
    throw new CaseEnd("INCONCLUSIVE", text);
  }

  get hasHdlc(): boolean {
    return this.config.hdlc !== undefined || this.config.serial !== undefined;
  }

  /** Raw HDLC, frame by frame. */
  async line(addressLength = this.config.addressLengths[0]!): Promise<Line> {
    if (!this.hasHdlc) this.inapplicable("no HDLC port is declared (--hdlc or --serial)");
    const line = new Line(await this.connect("hdlc"), this, addressLength);
    this.endings.push(() => line.end());
    return line;
  }

  /** A client of one association, connected (SNRM in HDLC) and not associated yet. It ends with the case. */
  async open(association: Association, options: OpenOptions = {}): Promise<Client> {
    const { via = this.config.target === undefined ? "hdlc" : "wrapper", ...more } = options;
    const counter = await this.counterOf(association);
    const transport = await this.connect(via);
    const client = new Client(transport, { ...this.optionsOf(association, via, counter), ...more });
    this.endings.push(() => this.endClient(client));
    await client.connect();
    return client;
  }

  /** open() and associate. */
  async associated(association: Association, options: OpenOptions = {}): Promise<Client> {
    const client = await this.open(association, options);
    await client.associate();
    return client;
  }

  /** Ends a client before the case does, and remembers the counters it used. */
  async close(client: Client): Promise<void> {
    await this.endClient(client);
  }

  /** First declared association that fits. */
  association(fits: (a: Association) => boolean, what: string): Association {
    const found = this.config.associations.find(fits);
    return found ?? this.inapplicable(`no association is declared that is ${what}`);
  }

  /** Ends all connections of the case. */
  async end(): Promise<void> {
    for (const ending of this.endings.splice(0).reverse()) await ending().catch(() => undefined);
  }

  traced(direction: "->" | "<-", octets: Uint8Array): void {
    const hex = toHex(octets.subarray(0, TRACE_OCTETS_MAX));
    this.trace.push(`${direction} ${hex}${octets.length > TRACE_OCTETS_MAX ? `… (${octets.length} octets)` : ""}`);
    if (this.trace.length > TRACE_LINES_MAX) this.trace.shift();
  }

  private async connect(via: "wrapper" | "hdlc"): Promise<Watched> {
    const { target, hdlc, serial } = this.config;
    const endpoint = via === "wrapper" ? target : hdlc;
    if (endpoint !== undefined) return this.watched(await connectTcp(endpoint.host, endpoint.port));
    if (via === "hdlc" && serial !== undefined) {
      this.memory.serial ??= new SerialLine(serial);
      return this.watched(await this.memory.serial.connect());
    }
    return this.inapplicable(
      via === "hdlc" ? "no HDLC port is declared (--hdlc or --serial)" : "no --target is declared",
    );
  }

  private watched(transport: Watched): Watched {
    const tap: Tap = { received: [] };
    this.tap = tap;
    return {
      write: (octets) => {
        this.traced("->", octets);
        transport.write(octets);
      },
      onData: (listener) =>
        transport.onData((octets) => {
          this.traced("<-", octets);
          tap.received.push(octets);
          listener(octets);
        }),
      onClose: (listener) => transport.onClose(listener),
      close: () => transport.close(),
      ...(transport.again === undefined ? {} : { again: transport.again }),
    };
  }

  private optionsOf(a: Association, via: "wrapper" | "hdlc", counter: number): ClientOptions {
    const { lower, addressLengths, timeOut } = this.config;
    const { guek, gak } = a.keys ?? this.config;
    const keyed = a.security !== "none" || a.authentication === "gmac";
    return {
      clientSap: a.clientSap,
      serverSap: this.config.serverSap,
      authentication: a.authentication,
      security: a.security,
      ...(a.shortNames === true ? { shortNames: true } : {}),
      systemTitle: this.config.systemTitle,
      timeOut,
      counter,
      ...(a.password === undefined ? {} : { password: a.password }),
      ...(a.userId === undefined ? {} : { userId: a.userId }),
      ...(keyed && guek !== undefined && gak !== undefined ? { guek, gak } : {}),
      ...(via === "hdlc" ? { hdlc: { lower, addressSize: addressLengths[0]!, answerTimeOut: timeOut } } : {}),
    };
  }

  /** First counter of a client. Nobody can read that of a context of its own: seconds since 2000 are above what was used. */
  private async counterOf(a: Association): Promise<number> {
    if (a.security === "none" && a.authentication !== "gmac") return 0;
    if (a.keys === undefined) return this.counter();
    const seconds = Math.floor((Date.now() - Date.UTC(2000, 0)) / 1000);
    return Math.max(seconds, this.memory.counters.get(this.counterKey(a.keys.guek)) ?? 1);
  }

  /** The next invocation counter the meter accepts: read with the public client, and never one used before. */
  async counter(): Promise<number> {
    const used = this.memory.counters.get(this.counterKey()) ?? 1;
    const open = this.config.associations.find((a) => a.authentication === "none" && a.security === "none");
    if (open === undefined) return used;
    const client = await this.associated(open);
    const result = await client.getResult(attribute(1, this.config.counterObject, 2));
    await this.endClient(client);
    return result.data === undefined ? used : Math.max(used, data.numberOf(result.data, "invocation counter"));
  }

  /** Counters belong to the client's title and key. */
  private counterKey(guek = this.config.guek ?? new Uint8Array(0)): string {
    return `${toHex(this.config.systemTitle)} ${toHex(guek)}`;
  }

  private async endClient(client: Client): Promise<void> {
    const next = client.security?.counter ?? 0;
    const key = this.counterKey(client.security?.guek);
    this.memory.counters.set(key, Math.max(next, this.memory.counters.get(key) ?? 1));
    await client.disconnect().catch(() => undefined);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
