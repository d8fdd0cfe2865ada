/** Octets that a line lends are the core's at once, or a copy waits for it. */
import { describe, expect, it } from "vitest";
import { Connection } from "../../host/connection.ts";
import type { Line } from "../../host/transport/line.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";

function connectionOver(datagrams: boolean, arrived: (connection: Connection) => void): Connection {
  const line: Line = { datagrams, send: () => true, close: () => undefined, pause: () => undefined };
  const host = { arrived: () => arrived(connection), changed: () => undefined };
  const connection = new Connection(0, line, host, () => undefined);
  return connection;
}

/** Lets `connection` hear `text`, and writes over it. */
function lend(connection: Connection, text: string): void {
  const lent = Buffer.from(new TextEncoder().encode(text).buffer);
  connection.received(lent);
  lent.fill("x");
}

describe.each([
  ["of a stream", false],
  ["of datagrams", true],
])("octets %s", (_of, datagrams) => {
  it("are not copied where the core takes them at once", () => {
    const found: ArrayBufferLike[] = [];
    const connection = connectionOver(
      datagrams,
      (it) => (found.push(it.inbound.buffer), it.consumed(it.inbound.length)),
    );
    const lent = Buffer.alloc(4);
    connection.received(lent);
    expect(found).toEqual([lent.buffer]);
    expect(connection.inbound).toHaveLength(0);
  });

  it("that nobody takes wait as they were", () => {
    const connection = connectionOver(datagrams, () => undefined);
    lend(connection, "one");
    lend(connection, "two");
    const waiting: string[] = [];
    while (connection.inbound.length > 0) {
      waiting.push(String(connection.inbound));
      connection.consumed(connection.inbound.length);
    }
    expect(waiting).toEqual(datagrams ? ["one", "two"] : ["onetwo"]);
  });
});

it("what the core leaves of a stream waits as it was", () => {
  const connection = connectionOver(false, (it) => it.consumed(2));
  lend(connection, "some");
  expect(String(connection.inbound)).toBe("me");
  lend(connection, "body");
  expect(String(connection.inbound)).toBe("body");
});

it("what a peer in memory is given while nobody reads waits as it was", () => {
  const heard: string[] = [];
  let line: Line | undefined;
  const peer = MemoryPeer.connect((one) => {
    line = one;
    return { received: (octets) => heard.push(String(octets)), drained: () => {}, closed: () => {} };
  });
  line!.pause(true);
  const octets = Buffer.from([1, 2, 3]);
  peer!.send(octets);
  octets.fill(0);
  line!.pause(false);
  expect(heard).toEqual(["1,2,3"]);
});
