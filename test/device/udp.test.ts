/** The wrapper over UDP: what a datagram does to the meter, and what it never does. */
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import {
  attribute,
  Client,
  decodeApdu,
  fromHex,
  wpduDecode,
  wpduEncode,
  type ClientOptions,
} from "../../host/client/index.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { hash } from "../../host/metrology/random.ts";
import { get, hex } from "./apdus.ts";
import { CLOCK, CURRENT_ASSOCIATION, energyAfter, energyRead, gmac, lls, Rig, transportOf } from "./rig.ts";

interface Vector {
  id: string;
  hex: string;
}
const vectorsFile = new URL("../vectors/protocol-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(vectorsFile, "utf8")) as Vector[];
const vector = (id: string): Uint8Array => fromHex(vectors.find((v) => v.id === id)!.hex);
/** The AARQ of the public client in a WPDU from 16 to 1, and how the answer to it begins. */
const AARQ = fromHex("000100100001001F 601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0");
const ANSWER_HEADER = "000100010010";

const READ = wpduEncode({ source: 16, destination: 1, apdu: get(8, CLOCK, 2) });
const AN_HOUR = 3_600_000;

let rig: Rig;
let port: MeterPort;

beforeEach(() => {
  rig = Rig.boot();
  port = new MeterPort(rig.meter(0), portFor(portsOf(rig.compiled.image), "udp")!);
});

function peerOf(accept = port): MemoryPeer {
  const peer = MemoryPeer.connect(accept.accept, true);
  if (peer === undefined) throw new Error("the meter refuses the peer");
  return peer;
}

const clientOf = (options: ClientOptions): Client => new Client(transportOf(peerOf()), { timeOut: 1000, ...options });

/** A peer with an association of the public client. */
function associated(): MemoryPeer {
  const peer = peerOf();
  peer.send(AARQ);
  expect(hex(peer.take()).slice(0, 12)).toBe(ANSWER_HEADER);
  return peer;
}

/** What comes back for a datagram: the kind of the APDU, undefined = silence. */
function told(peer: MemoryPeer, octets: Uint8Array): string | undefined {
  peer.send(octets);
  const answer = peer.take();
  return answer.length === 0 ? undefined : decodeApdu(wpduDecode(answer).apdu).kind;
}

function headerWith(octets: Uint8Array, at: number, value: number): Uint8Array {
  const changed = octets.slice();
  changed[at] = value >> 8;
  changed[at + 1] = value & 0xff;
  return changed;
}

describe("a client over UDP", () => {
  it.each(["in the clear", "ciphered"])("associates and reads, %s", async (how) => {
    const client = clientOf(how === "ciphered" ? gmac(rig.identity(0)) : lls(rig.identity(0)));
    await client.connect();
    await client.associate();
    await rig.advance(AN_HOUR);
    expect(await energyRead(client)).toBe(energyAfter(AN_HOUR));
    await client.release();
    await client.disconnect();
    expect(rig.reports).toEqual([]);
  });

  it("reads what takes several blocks, each in one datagram", async () => {
    const answers: Uint8Array[] = [];
    const transport = transportOf(peerOf(), { in: (octets) => (answers.push(octets), octets) });
    const client = new Client(transport, lls(rig.identity(0), { timeOut: 1000 }));
    await client.associate();
    const list = await client.get(attribute(15, CURRENT_ASSOCIATION, 2));
    expect((list as { value: unknown[] }).value.length).toBeGreaterThan(60);
    expect(answers.length).toBeGreaterThan(3);
    // Decoding refuses a datagram that is not exactly one WPDU.
    for (const octets of answers) expect(wpduDecode(octets)).toMatchObject({ source: 1, destination: 1 });
  });

  it("has its own association: two peers do not see each other's", async () => {
    const [first, second] = [clientOf(lls(rig.identity(0))), clientOf({})];
    await first.associate();
    await second.associate();
    await rig.advance(AN_HOUR);
    expect(await energyRead(first)).toBe(energyAfter(AN_HOUR));
    await expect(energyRead(second)).rejects.toThrow();
    await second.release();
    expect(await energyRead(first)).toBe(energyAfter(AN_HOUR));
  });
});

describe("a datagram", () => {
  it("is one WPDU, answered with the wPorts swapped", () => {
    expect(told(associated(), READ)).toBe("get-response-normal");
  });

  it("cut short anywhere is dropped, and the rest of it is no continuation", () => {
    const peer = associated();
    for (let size = 0; size < READ.length; size++) {
      expect(told(peer, READ.subarray(0, size)), `first ${size}`).toBeUndefined();
      expect(told(peer, READ.subarray(size === 0 ? READ.length : size)), `from ${size}`).toBeUndefined();
    }
    expect(told(peer, READ)).toBe("get-response-normal");
  });

  const apduSize = READ.length - 8;
  it.each([
    ["a length one too small", headerWith(READ, 6, apduSize - 1)],
    ["a length one too large", headerWith(READ, 6, apduSize + 1)],
    ["the length 0", headerWith(READ, 6, 0)],
    ["the largest length", headerWith(READ, 6, 0xffff)],
    ["two WPDUs", Uint8Array.from([...READ, ...READ])],
    ["a header alone", headerWith(READ.subarray(0, 8), 6, 0)],
    ["an octet in excess", Uint8Array.from([...READ, 0])],
    ["the version of C-5", vector("C-5")],
    ["the octets of C-6", vector("C-6")],
    ["the version 0", headerWith(READ, 0, 0)],
    ["the version 2", headerWith(READ, 0, 2)],
    ["the version 0x0101", headerWith(READ, 0, 0x0101)],
    ["a server SAP that nobody has", headerWith(READ, 4, 2)],
    ["the all-station address", headerWith(READ, 4, 0x7f)],
  ])("with %s is dropped, and the association stays", (_what, octets) => {
    const peer = associated();
    expect(told(peer, octets)).toBeUndefined();
    expect(peer.open).toBe(true);
    expect(told(peer, READ)).toBe("get-response-normal");
  });

  it("with more than the largest APDU is refused as too long", () => {
    const apdu = new Uint8Array(1225).fill(0xc0);
    const peer = associated();
    peer.send(wpduEncode({ source: 16, destination: 1, apdu }));
    expect(hex(wpduDecode(peer.take()).apdu)).toBe("D80104");
    expect(told(peer, READ)).toBe("get-response-normal");
  });

  it.each([4096, 4097, 65_507])("of %i octets is refused or dropped, whatever its beginning says", (size) => {
    const peer = associated();
    const octets = new Uint8Array(size);
    octets.set(wpduEncode({ source: 16, destination: 1, apdu: new Uint8Array(4088) }));
    expect(told(peer, octets)).toBe(size === 4096 ? "exception-response" : undefined);
    expect(told(peer, READ)).toBe("get-response-normal");
  });

  it("that waits for the answer to the one before stays apart from it", () => {
    const peer = peerOf();
    const answers: string[] = [];
    let again = true;
    // What is sent while the meter sends arrives before it looks again: three datagrams then wait together.
    peer.onReceived = (octets) => {
      answers.push(decodeApdu(wpduDecode(octets).apdu).kind);
      if (again) [READ, READ.subarray(0, 9), READ, headerWith(READ, 0, 2), READ].forEach((one) => peer.send(one));
      again = false;
    };
    peer.send(AARQ);
    expect(answers).toEqual(["aare", ...Array.from({ length: 3 }, () => "get-response-normal")]);
  });

  it("of any octets whatever never stops the meter, and what it answers is one WPDU", () => {
    const peer = associated();
    for (let n = 0; n < 4000; n++) {
      const size = hash(11, n, 0) % 64;
      const octets = Uint8Array.from({ length: size }, (_, i) => hash(12, n, i) & 0xff);
      // Every other one has a good header, so that it gets to the APDU.
      peer.send(n % 2 === 0 ? octets : wpduEncode({ source: hash(13, n, 0) % 32, destination: 1, apdu: octets }));
      const answer = peer.take();
      if (answer.length > 0) wpduDecode(answer);
    }
    expect(rig.reports).toEqual([]);
    expect(told(peerOf(), AARQ)).toBe("aare");
  });
});

describe("a silent peer", () => {
  it("loses its connection after the time its TCP-UDP setup names, 180 s", async () => {
    const peer = associated();
    await rig.advance(179_000, 179_000);
    expect(told(peer, READ)).toBe("get-response-normal");
    await rig.advance(179_000, 179_000);
    expect(peer.open).toBe(true);
    await rig.advance(1000, 1000);
    expect(peer.open).toBe(false);
    expect([peerOf(), peerOf()].map((next) => told(next, READ))).toEqual(["exception-response", "exception-response"]);
  });

  it("is not kept by datagrams that are dropped", async () => {
    const peer = associated();
    await rig.advance(100_000, 100_000);
    expect(told(peer, READ.subarray(0, 9))).toBeUndefined();
    await rig.advance(80_000, 80_000);
    expect(peer.open).toBe(false);
  });
});
