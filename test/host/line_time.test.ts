/** Deadlines that a process meets late, on the meter's side and on the client's. */
import { createServer, connect } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { Mailbox } from "../../host/client/link.ts";
import { LineTime } from "../../host/line_time.ts";

describe("line time", () => {
  it("is the clock's as long as deadlines are met, some milliseconds late", () => {
    const line = new LineTime();
    for (const [clock, deadline] of [
      [1000, 0],
      [1500, 1500],
      [2020, 2000],
      [9000, 0],
    ] as const) {
      expect(line.take(clock, deadline)).toBe(clock);
    }
    expect(line.clockOf(9500)).toBe(9500);
  });

  it("leaves out what a deadline was missed by, and as long again, half a second at most", () => {
    const line = new LineTime();
    expect(line.take(1000, 0)).toBe(1000);
    expect(line.take(2100, 2000)).toBe(1900);
    expect(line.clockOf(2000)).toBe(2200);
    expect(line.take(2200, 2000)).toBe(2000);
    expect(line.take(13_200, 8000)).toBe(7500);
    expect(line.clockOf(8000)).toBe(13_700);
  });

  it("never goes back", () => {
    const line = new LineTime();
    expect(line.take(1990, 0)).toBe(1990);
    expect(line.take(2300, 2000)).toBe(1990);
    expect(line.take(2310, 0)).toBe(2000);
  });

  it("comes to a deadline in the end, however late the process always is", () => {
    const line = new LineTime();
    let clock = 1000;
    let times = 0;
    while (line.take(clock, 2000) < 2000) {
      clock = line.clockOf(2000) + 100;
      times++;
    }
    expect(times).toBe(11);
    // Another deadline is another matter.
    expect(line.take(line.clockOf(3000) + 100, 3000)).toBe(2900);
  });
});

/** Keeps the whole process for some milliseconds. */
const block = (milliseconds: number): unknown =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

describe("a client that was kept", () => {
  it("takes the answer that waits in the system, though its time is over", async () => {
    const server = createServer((socket) => socket.on("data", (octets) => socket.write(octets)));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await new Promise<void>((done) => socket.once("connect", done));
    const mailbox = new Mailbox<string>();
    socket.on("data", (octets) => mailbox.put(octets.toString()));
    const answer = mailbox.take(50);
    socket.write("late");
    setImmediate(() => block(200));
    expect(await answer).toBe("late");
    socket.destroy();
    server.close();
  });

  it("waits for nothing when nothing comes", async () => {
    await expect(new Mailbox().take(30)).rejects.toThrow("did not answer within 0.03 s");
    const kept = new Mailbox().take(30);
    block(100);
    await expect(kept).rejects.toThrow("did not answer within 0.03 s");
  });
});
