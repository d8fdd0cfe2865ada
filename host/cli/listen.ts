/** dlms-meter listen: prints what meters push, over TCP, UDP and a serial line, until somebody ends it. */

import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { Command, Option } from "commander";
import { type Apdu } from "../client/apdu.ts";
import { complain, octets, whole } from "../client/command.ts";
import { toJson } from "../client/data.ts";
import { dateTimeParse, dateTimeToIso } from "../client/date_time.ts";
import { LLC_RESPONSE } from "../client/hdlc.ts";
import { FrameReader } from "../client/hdlc_frame.ts";
import { logicalNameText } from "../client/logical_name.ts";
import {
  confirmationOf,
  NotificationReader,
  type Notification,
  type NotificationKeys,
} from "../client/notification.ts";
import { valueText } from "../client/objects.ts";
import { toHex } from "../client/octets.ts";
import { openSerial } from "../client/transport.ts";
import { WpduReader, wpduDecode, wpduEncode, type Wpdu } from "../client/wrapper.ts";

const PORT_DEFAULT = 4061;
/** "<", with which an XML document begins; a WPDU begins with 00. */
const XML_START = 0x3c;

interface ListenOptions extends NotificationKeys {
  serial?: string;
  baud: number;
  tcp?: number;
  udp?: number;
  host: string;
  count?: number;
  json?: boolean;
}

/** The sub-command `listen`. */
export function listenCommand(): Command {
  const port = whole(0, 65535);
  const command = new Command("listen")
    .description(
      "print what meters push: data notifications over TCP, UDP or a serial line, plain, ciphered, in blocks or as XML",
    )
    .option("--tcp <port>", `TCP port (default ${PORT_DEFAULT} when nothing is given; 0 = any free port)`, port)
    .option("--udp <port>", `UDP port (default ${PORT_DEFAULT} when nothing is given; 0 = any free port)`, port)
    .option("--serial <path>", "serial line of a consumer interface: UI frames that nobody asked for")
    .addOption(new Option("--baud <n>", "speed of the serial line").argParser(whole(50, 4_000_000)).default(9600))
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(new Option("--guek <hex>", "global unicast encryption key").argParser(octets(16)))
    .addOption(new Option("--gak <hex>", "global authentication key").argParser(octets(16)))
    .addOption(new Option("--gbek <hex>", "global broadcast encryption key").argParser(octets(16)))
    .addOption(
      new Option("--system-title <hex>", "system title of the meter, for service-specific ciphering").argParser(
        octets(8),
      ),
    )
    .addOption(new Option("--count <n>", "end after so many notifications").argParser(whole(1, 1_000_000)))
    .option("--json", "print one JSON object a line");
  return command.action(async () => {
    try {
      await new Listening(command.opts<ListenOptions>()).run();
    } catch (error) {
      complain(error);
    }
  });
}

class Listening {
  private readonly options: ListenOptions;
  private readonly closers: (() => void)[] = [];
  private seen = 0;
  private finish: () => void = () => undefined;

  constructor(options: ListenOptions) {
    this.options = options;
  }

  async run(): Promise<void> {
    const { serial, tcp, udp } = this.options;
    const both = serial === undefined && tcp === undefined && udp === undefined;
    const over = new Promise<void>((resolve) => (this.finish = resolve));
    process.once("SIGINT", this.finish).once("SIGTERM", this.finish);
    try {
      const ports: Record<string, number> = {};
      if (tcp !== undefined || both) ports["tcp"] = await this.tcpOpen(tcp ?? PORT_DEFAULT);
      if (udp !== undefined || both) ports["udp"] = await this.udpOpen(udp ?? PORT_DEFAULT);
      const where = Object.entries(ports).map(([kind, port]) => `${kind} ${this.options.host}:${port}`);
      if (serial !== undefined) where.push(await this.serialOpen(serial));
      const facts = { host: this.options.host, ...ports, ...(serial === undefined ? {} : { serial }) };
      this.print({ event: "listening", ...facts }, `listening on ${where.join(" and ")}`);
      await over;
    } finally {
      for (const close of this.closers) close();
    }
  }

  /** UI frames of a line on which nobody asks (GB9 8.4; a consumer interface). */
  private async serialOpen(path: string): Promise<string> {
    const transport = await openSerial(path, this.options.baud);
    const reader = new NotificationReader(this.options);
    const frames = new FrameReader();
    transport.onData((octets) => {
      for (const { control, source, destination, information } of frames.feed(octets)) {
        if (control.type !== "UI" || information.length <= LLC_RESPONSE.length) continue;
        const apdu = information.subarray(LLC_RESPONSE.length);
        this.heard(path, () => [received(reader, { source: source.upper, destination: destination.upper, apdu })]);
      }
    });
    transport.onClose(() => this.finish());
    this.closers.push(() => void transport.close());
    return path;
  }

  private tcpOpen(port: number): Promise<number> {
    const server = createServer((socket) => {
      const from = `${socket.remoteAddress}:${socket.remotePort}`;
      const stream = new TcpStream(new NotificationReader(this.options));
      socket.on("data", (data) => {
        for (const answer of this.heard(from, () => stream.feed(data as Buffer))) socket.write(answer);
      });
      socket.on("error", () => undefined);
      socket.on("close", () => this.heard(from, () => stream.end()));
      this.closers.push(() => socket.destroy());
    });
    this.closers.push(() => server.close());
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(portError("--tcp", port, error)));
      server.listen(port, this.options.host, () => resolve((server.address() as { port: number }).port));
    });
  }

  private udpOpen(port: number): Promise<number> {
    const socket = createSocket(this.options.host.includes(":") ? "udp6" : "udp4");
    const readers = new Map<string, NotificationReader>();
    socket.on("message", (data, from) => {
      const key = `${from.address}:${from.port}`;
      const reader = readers.get(key) ?? new NotificationReader(this.options);
      readers.set(key, reader);
      const answers = this.heard(key, () =>
        data[0] === XML_START ? [data.toString("utf8")] : [received(reader, wpduDecode(data))],
      );
      for (const answer of answers) socket.send(answer, from.port, from.address);
    });
    this.closers.push(() => socket.close());
    return new Promise((resolve, reject) => {
      socket.once("error", (error: NodeJS.ErrnoException) => reject(portError("--udp", port, error)));
      socket.bind(port, this.options.host, () => resolve(socket.address().port));
    });
  }

  /** Prints what `take` finds, or one line of what is wrong with it; returns the WPDUs to answer with. */
  private heard(from: string, take: () => (Received | string)[]): Uint8Array[] {
    let found: (Received | string)[] = [];
    try {
      found = take();
    } catch (error) {
      this.print(
        { event: "error", from, text: (error as Error).message },
        `${from} error: ${(error as Error).message}`,
      );
    }
    return found.flatMap((item) => this.show(from, item) ?? []);
  }

  private show(from: string, item: Received | string): Uint8Array | undefined {
    if (typeof item !== "string" && item.notification === undefined) return undefined;
    if (typeof item === "string") this.print({ event: "xml", from, text: item }, `${from} ${item.trimEnd()}`);
    else this.print(notificationJson(from, item), notificationText(from, item));
    this.seen += 1;
    if (this.seen === this.options.count) this.finish();
    const apdu = typeof item === "string" ? undefined : item.notification?.apdu;
    const answer = apdu?.kind === "data-notification" ? confirmationOf(apdu) : undefined;
    if (answer === undefined || typeof item === "string") return undefined;
    return wpduEncode({ source: item.wpdu.destination, destination: item.wpdu.source, apdu: answer });
  }

  private print(json: object, text: string): void {
    process.stdout.write(`${this.options.json === true ? JSON.stringify(json) : text}\n`);
  }
}

interface Received {
  readonly wpdu: Wpdu;
  readonly notification: Notification | undefined;
}

function received(reader: NotificationReader, wpdu: Wpdu): Received {
  return { wpdu, notification: reader.take(wpdu.apdu) };
}

/** One TCP connection: WPDUs, or an XML document that ends with it. */
class TcpStream {
  private readonly reader: NotificationReader;
  private readonly wpdus = new WpduReader();
  private xml: Buffer[] | undefined;
  private begun = false;

  constructor(reader: NotificationReader) {
    this.reader = reader;
  }

  feed(data: Buffer): Received[] {
    if (!this.begun && data[0] === XML_START) this.xml = [];
    this.begun = true;
    if (this.xml === undefined) return this.wpdus.feed(data).map((wpdu) => received(this.reader, wpdu));
    this.xml.push(data);
    return [];
  }

  end(): string[] {
    const text = Buffer.concat(this.xml ?? []).toString("utf8");
    return text === "" ? [] : text.split(/(?=<\?xml )/);
  }
}

function portError(option: string, port: number, error: NodeJS.ErrnoException): Error {
  if (error.code === "EADDRINUSE")
    return new Error(`port ${port} is in use; choose another with ${option} (0 = any free port)`);
  return new Error(`cannot listen on port ${port}: ${error.message}; see ${option} and --host`);
}

function timeText(time: Uint8Array | undefined): string {
  return time === undefined || time.length === 0 ? "no time" : dateTimeToIso(dateTimeParse(time));
}

/** What an APDU says, in lines. */
function linesOf(apdu: Apdu): string[] {
  switch (apdu.kind) {
    case "data-notification": {
      const { body } = apdu;
      const values = body.type === "structure" ? body.value : [body];
      return [
        `${apdu.kind} ${apdu.invoke.id}, ${timeText(apdu.dateTime)}`,
        ...values.map((v, i) => `  ${i + 1} ${valueText(v)}`),
      ];
    }
    case "event-notification-request": {
      const { classId, logicalName, attribute } = apdu.descriptor;
      const name = typeof logicalName === "string" ? logicalName : logicalNameText(logicalName);
      return [
        `event-notification, ${timeText(apdu.time)}`,
        `  ${classId} ${name}:${attribute} ${valueText(apdu.value)}`,
      ];
    }
    default:
      return [apdu.kind];
  }
}

function notificationText(from: string, { wpdu, notification }: Received): string {
  const { apdu, protection, blocks, octets: plain } = notification!;
  const [first, ...rest] = linesOf(apdu);
  const facts = [
    `${wpdu.source} to ${wpdu.destination}`,
    ...(blocks > 1 ? [`${blocks} blocks`] : []),
    ...(protection === undefined
      ? []
      : [
          `protected ${toHex(Uint8Array.of(protection.securityControl))} by ${toHex(protection.systemTitle)}, counter ${protection.invocationCounter}`,
        ]),
  ];
  return [`${from} ${first} (${facts.join(", ")})`, ...rest, ...(rest.length === 0 ? [`  ${toHex(plain)}`] : [])].join(
    "\n",
  );
}

function notificationJson(from: string, { wpdu, notification }: Received): object {
  const { apdu, protection, blocks, octets: plain } = notification!;
  const sealed = protection && { ...protection, systemTitle: toHex(protection.systemTitle) };
  const common = {
    event: apdu.kind,
    from,
    source: wpdu.source,
    destination: wpdu.destination,
    blocks,
    ...(sealed && { protection: sealed }),
  };
  if (apdu.kind === "data-notification") {
    return { ...common, invoke: apdu.invoke, time: timeText(apdu.dateTime), body: toJson(apdu.body) };
  }
  return { ...common, apdu: toHex(plain) };
}
