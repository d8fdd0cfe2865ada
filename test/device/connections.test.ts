/** Several associations on one connection, several connections at once, and IPv6: nobody ends or sees another's. */
import { createServer } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { Client, connectTcp, connectUdp, fromHex, wpduEncode } from "../../host/client/index.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { templateRead } from "../../host/template/load.ts";
import { TcpListener } from "../../host/transport/tcp.ts";
import { UdpListener } from "../../host/transport/udp.ts";
import { aarq, apduOf, associateLls, get, hex, set } from "./apdus.ts";
import { RawMeter, WrapperChannel } from "./raw.ts";
import { CLOCK, CURRENT_ASSOCIATION, energyRead, gmac, lls, Rig, template, TEXT } from "./rig.ts";

const NOT_SUPPORTED = "D80102";
const PARTNERS = get(15, CURRENT_ASSOCIATION, 3);
/** associated_partners_id of a client: {integer client SAP, long-unsigned 1}. */
const partners = (client: number): string => `C401C10002020F${hex(Uint8Array.of(client))}120001`;

const tcp = templateRead().ports["tcp"]!;
const links = (count: number) => template({ ports: { tcp: { ...tcp, links: count } } });

describe("a wrapper connection with several associations", () => {
  function three(count = 3) {
    const meter = RawMeter.boot({ template: links(count) });
    const channels = [1, 16, 102].map((clientSap) => new WrapperChannel(meter, 0, { clientSap }));
    const [management, reader, established] = channels as [WrapperChannel, WrapperChannel, WrapperChannel];
    return { meter, management, reader, established };
  }

  it("has each of them by its pair of wPorts, and each sees itself", () => {
    const { meter, management, reader } = three();
    associateLls(management, meter.identity);
    expect(apduOf("aare", reader.exchange(aarq())).result).toBe(0);
    for (let turn = 0; turn < 3; turn++) {
      expect(hex(management.exchange(PARTNERS))).toBe(partners(1));
      expect(hex(reader.exchange(PARTNERS))).toBe(partners(16));
    }
    expect(hex(management.exchange(set(1, TEXT, 2, { type: "octet-string", value: Uint8Array.of(1) })))).toBe(
      "C501C100",
    );
    expect(hex(reader.exchange(get(1, TEXT, 2)))).toMatch(/^C401C101/);
  });

  it("releases one and keeps the others", () => {
    const { meter, management, reader } = three();
    associateLls(management, meter.identity);
    reader.exchange(aarq());
    expect(hex(reader.exchange(fromHex("6200")))).toBe("6303800100");
    expect(hex(reader.exchange(PARTNERS))).toBe(NOT_SUPPORTED);
    expect(hex(management.exchange(PARTNERS))).toBe(partners(1));
  });

  it("has the pre-established association beside them, which nothing releases", () => {
    const { meter, management, established } = three();
    const DEVICE_NAME = get(1, "0-0:42.0.0.255", 2);
    associateLls(management, meter.identity);
    expect(hex(established.exchange(DEVICE_NAME))).toMatch(/^C401C1000910/);
    expect(hex(established.exchange(fromHex("6200")))).toBe(NOT_SUPPORTED);
    expect(hex(established.exchange(DEVICE_NAME))).toMatch(/^C401C1000910/);
    expect(hex(management.exchange(PARTNERS))).toBe(partners(1));
  });

  it("refuses one too many for now, and keeps those there are", () => {
    const { meter, management, reader, established } = three(2);
    associateLls(management, meter.identity);
    established.exchange(get(1, "0-0:42.0.0.255", 2));
    const aare = apduOf("aare", reader.exchange(aarq()));
    expect([aare.result, aare.diagnosticSource, aare.diagnostic]).toEqual([2, 1, 1]);
    expect(hex(reader.exchange(PARTNERS))).toBe(NOT_SUPPORTED);
    expect(hex(management.exchange(PARTNERS))).toBe(partners(1));
    management.exchange(fromHex("6200"));
    expect(apduOf("aare", reader.exchange(aarq())).result).toBe(0);
    expect(hex(reader.exchange(PARTNERS))).toBe(partners(16));
  });

  it("ends all of them when it closes", () => {
    const { meter, management, reader } = three();
    associateLls(management, meter.identity);
    reader.exchange(aarq());
    meter.close(0);
    meter.open(0);
    for (const channel of [management, reader]) expect(hex(channel.exchange(PARTNERS))).toBe(NOT_SUPPORTED);
  });

  it("answers an APDU that is too long on its own pair, whoever else is associated", () => {
    const { meter, management, reader } = three();
    associateLls(management, meter.identity);
    const long = wpduEncode({ source: 16, destination: 1, apdu: new Uint8Array(3000).fill(0xc0) });
    const [answer] = meter.feed(0, long);
    expect(hex(answer)).toBe("0001000100100003D80104");
    expect(hex(reader.exchange(PARTNERS))).toBe(NOT_SUPPORTED);
    expect(hex(management.exchange(PARTNERS))).toBe(partners(1));
  });

  it("takes nothing from WPDUs to other SAPs, without an APDU, or in the wrong state", () => {
    const { meter, management } = three();
    associateLls(management, meter.identity);
    for (const destination of [0, 2, 15, 17, 126, 127, 0x3fff, 0xffff]) {
      expect(meter.feed(0, wpduEncode({ source: 1, destination, apdu: PARTNERS }))).toEqual([]);
    }
    expect(meter.feed(0, fromHex("0001000100010000"))).toEqual([]);
    expect(hex(management.exchange(PARTNERS))).toBe(partners(1));
  });
});

describe("sockets", () => {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function listen(rig: Rig, host: string): Promise<number> {
    const accept = new MeterPort(rig.meter(0), portFor(portsOf(rig.compiled.image), "wrapper")!).accept;
    const listener = await TcpListener.listen(host, 0, accept);
    endings.push(() => listener.close());
    return listener.port;
  }

  it("four TCP connections have four associations, each with its own state and counters", async () => {
    const rig = Rig.boot();
    await rig.advance(3_600_000);
    const port = await listen(rig, "127.0.0.1");
    const options = [
      lls(rig.identity(0)),
      gmac(rig.identity(0), 1),
      { clientSap: 16 },
      gmac(rig.identity(0), 1000, "authenc"),
    ];
    const clients: Client[] = [];
    for (const option of options) {
      const client = new Client(await connectTcp("127.0.0.1", port), option);
      clients.push(client);
      await client.associate();
      endings.push(() => client.disconnect());
    }
    const [first, , reader, last] = clients as [Client, Client, Client, Client];
    expect((await reader.get({ classId: 8, logicalName: CLOCK, attribute: 2 })).type).toBe("octet-string");
    await first.release();
    expect(await energyRead(last)).toBe(1000);
    await expect(energyRead(reader)).rejects.toThrow();
    await expect(energyRead(first)).rejects.toThrow();
    expect(rig.reports).toEqual([]);
  });

  /** Whether this machine has IPv6 at all. */
  async function hasIpv6(): Promise<boolean> {
    const server = createServer();
    server.listen(0, "::1");
    const listening = await Promise.race([
      once(server, "listening").then(() => true),
      once(server, "error").then(() => false),
    ]);
    server.close();
    return listening;
  }

  it("IPv6: TCP and UDP on ::1 (skipped where there is none)", async (context) => {
    if (!(await hasIpv6())) return context.skip("this machine has no IPv6");
    const rig = Rig.boot();
    await rig.advance(3_600_000);
    const accept = new MeterPort(rig.meter(0), portFor(portsOf(rig.compiled.image), "udp")!).accept;
    const udp = await UdpListener.listen("::1", 0, accept);
    endings.push(() => udp.close());
    for (const transport of [await connectTcp("::1", await listen(rig, "::1")), await connectUdp("::1", udp.port)]) {
      const client = new Client(transport, lls(rig.identity(0)));
      await client.associate();
      expect(await energyRead(client)).toBe(1000);
      await client.disconnect();
    }
  });
});
