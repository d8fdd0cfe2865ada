/** Octets of an answer serve again for the next one, and never while anybody still looks at them. */
import { once } from "node:events";
import { createConnection } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Connection } from "../../host/connection.ts";
import { LineEvent } from "../../host/core.ts";
import type { Line } from "../../host/transport/line.ts";
import { TcpListener } from "../../host/transport/tcp.ts";
import { portFor, portsOf } from "../../host/ports.ts";
import { Rig, START } from "./rig.ts";
import { until } from "./terminals.ts";

const SIZE = 10_000;
const ITEMS = 2000;
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function connectionOver(line: Line): Connection {
  return new Connection(0, line, { arrived: () => undefined, changed: () => undefined }, () => undefined);
}

/** A line that says of what it was given whatever the test wants. */
class Told implements Line {
  released: boolean | undefined = true;
  leaves = true;
  send(): boolean {
    return this.leaves;
  }
  close(): void {}
  pause(): void {}
}

describe("the octets of an item", () => {
  it("are given back once they have left, to one taker", () => {
    const connection = connectionOver(new Told());
    const item = Buffer.alloc(3);
    expect(connection.spareTake()).toBeUndefined();
    connection.give(item, 0, 0, false);
    expect(connection.spareTake()).toBe(item);
    expect(connection.spareTake()).toBeUndefined();
  });

  it.each([
    ["the line cannot tell", { released: undefined }],
    ["the line still looks at them", { released: false }],
    ["they have not left", { leaves: false }],
  ])("are not given back where %s", (_what, set) => {
    const connection = connectionOver(Object.assign(new Told(), set));
    connection.give(Buffer.alloc(3), 0, 0, false);
    expect(connection.spareTake()).toBeUndefined();
  });

  it("are not given back while the item waits for the flash, and are when it has gone", () => {
    const connection = connectionOver(new Told());
    const item = Buffer.alloc(3);
    connection.give(item, 1, 0, false);
    expect(connection.spareTake()).toBeUndefined();
    connection.release(1);
    expect(connection.spareTake()).toBe(item);
  });

  it("arrive as they were over TCP, whenever the peer reads them", async () => {
    let connection: Connection | undefined;
    const listener = await TcpListener.listen("127.0.0.1", 0, (line) => (connection = connectionOver(line)));
    endings.push(() => listener.close());
    const socket = createConnection({ host: "127.0.0.1", port: listener.port });
    endings.push(() => socket.destroy());
    await once(socket, "connect");
    await until(() => connection !== undefined);
    let reused = 0;
    for (let i = 0; i < ITEMS; i++) {
      const spare = connection!.spareTake();
      if (spare !== undefined) reused++;
      connection!.give((spare ?? Buffer.allocUnsafe(SIZE)).fill(i & 0xff), 0, 0, false);
    }
    expect(reused).toBeGreaterThan(0);
    expect(reused).toBeLessThan(ITEMS - 1);
    let came = 0;
    let wrong = 0;
    socket.on("data", (octets: Buffer) => {
      for (const octet of octets) if (octet !== (Math.floor(came++ / SIZE) & 0xff)) wrong++;
    });
    await until(() => came === ITEMS * SIZE, 20_000);
    expect(wrong).toBe(0);
  });
});

describe("the core's item", () => {
  it("stands in the spare octets where they are as many, else in its own", () => {
    const { bank, template } = new Rig();
    const core = bank.meters[0]!["parts"].core;
    const slot = portFor(portsOf(template.image), "wrapper")!.firstSlot;
    core.lineEvent(0, slot, LineEvent.OPENED, 1000, START);
    // Short of an association: a header and an RLRQ, which is answered with an exception.
    core.receive(0, slot, Buffer.from("0001001000010002" + "6200", "hex"), 1000, START);
    const size = core.transmitPoll(0, slot, 1000);
    expect(size).toBeGreaterThan(8);
    const own = core.transmitted(size);
    const [fit, other] = [Buffer.alloc(size), Buffer.alloc(size + 1)];
    expect(core.transmitted(size, fit)).toBe(fit);
    expect(fit.equals(own)).toBe(true);
    expect(core.transmitted(size, other)).not.toBe(other);
    expect(core.transmitted(size, other)).toEqual(own);
  });
});
