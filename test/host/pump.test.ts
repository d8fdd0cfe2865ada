import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../host/clock.ts";
import { FlashOperation } from "../../host/core.ts";
import type { Flash } from "../../host/flash/flash.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { constantLoad } from "../../host/metrology/constant.ts";
import { SteppedMetrology } from "../../host/metrology/steps.ts";
import { MeterPort } from "../../host/ports.ts";
import { Pump } from "../../host/pump.ts";
import type { PumpHost } from "../../host/pump_parts.ts";
import { MemoryPeer } from "../../host/transport/memory.ts";
import { FakeCore } from "./fake_core.ts";

const START = Date.UTC(2026, 0, 1);
const PORT = { kind: 1, isSerial: false, connections: 2, links: 4, firstSlot: 8 };
const text = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");
const octets = (line: string): Uint8Array => Buffer.from(line, "latin1");

/** A flash whose syncs end when the test says so. */
class SlowFlash extends MemoryFlash {
  readonly syncs: { resolve: () => void; reject: (error: Error) => void }[] = [];

  override sync(): Promise<void> {
    return new Promise<void>((resolve, reject) => this.syncs.push({ resolve, reject }));
  }
}

class FailingFlash extends MemoryFlash {
  failing = true;

  override program(address: number, data: Uint8Array): void {
    if (this.failing) throw new Error("no space left");
    super.program(address, data);
  }
}

let core: FakeCore;
let clock: ManualClock;
let reports: string[];

function meterWith(flash: Flash = new MemoryFlash(8192)): Pump {
  const host: PumpHost = {
    clock,
    entropy: (size) => new Uint8Array(size),
    wake: () => undefined,
    report: (_pump, line) => reports.push(line),
  };
  const metrology = new SteppedMetrology(constantLoad);
  return new Pump(0, host, { core, seat: 0, provision: new Uint8Array(3), flash, metrology });
}

function connect(pump: Pump, port = new MeterPort(pump, PORT)): MemoryPeer {
  const peer = MemoryPeer.connect(port.accept);
  if (peer === undefined) throw new Error("the line was refused");
  return peer;
}

/** The calls since the last time. */
const callsTake = (): string[] => core.calls.splice(0);
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  core = new FakeCore();
  clock = new ManualClock(START);
  reports = [];
});

describe("order", () => {
  it("boots with provision and flash, drains the flash, gives the values of now and only then serves", () => {
    core.entropyWanted = true;
    meterWith().boot();
    expect(callsTake()).toEqual([`boot 3 8192 ${START}`, "entropy 48", `sample 0 ${START}`]);
  });

  it("works flash before transmit before the line's next event", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    core.recording = true;
    callsTake();
    peer.send(octets("a\n"));
    expect(callsTake()).toEqual([
      `receive 8 "a\\n" ${START}`,
      "flash program 0",
      "flash sync 0",
      'transmit 8 "a\\n"',
      "line 8 sent",
    ]);
    expect(text(peer.take())).toBe("a\n");
  });

  it("offers what is left of the octets after the answer to what was taken", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    callsTake();
    peer.send(octets("a\nb\nc"));
    const calls = callsTake().filter((call) => !call.startsWith("line"));
    expect(calls).toEqual([
      `receive 8 "a\\n" ${START}`,
      'transmit 8 "a\\n"',
      `receive 8 "b\\n" ${START}`,
      'transmit 8 "b\\n"',
      `receive 8 "c" ${START}`,
    ]);
  });

  it("never enters the core twice, even when the peer answers while it is sent to", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    const heard: string[] = [];
    peer.onReceived = (line) => {
      heard.push(text(line));
      if (heard.length < 5) peer.send(octets(`${heard.length}\n`));
    };
    peer.send(octets("0\n"));
    expect(heard).toEqual(["0\n", "1\n", "2\n", "3\n", "4\n"]);
    expect(reports).toEqual([]);
  });
});

describe("durability", () => {
  it("holds an item back until the record it depends on is durable", async () => {
    const flash = new SlowFlash(8192);
    const pump = meterWith(flash);
    pump.boot();
    const peer = connect(pump);
    core.recording = true;
    peer.send(octets("set\n"));
    await settle();
    expect(peer.take()).toHaveLength(0);
    expect(flash.syncs).toHaveLength(1);
    flash.syncs.shift()!.resolve();
    await settle();
    expect(text(peer.take())).toBe("set\n");
  });

  it("holds the items of one line in order and asks the core nothing while the flash works", async () => {
    const flash = new SlowFlash(8192);
    const pump = meterWith(flash);
    pump.boot();
    const peer = connect(pump);
    core.recording = true;
    peer.send(octets("first\n"));
    await settle();
    core.recording = false;
    callsTake();
    peer.send(octets("second\n"));
    expect(callsTake()).toEqual([]);
    flash.syncs.shift()!.resolve();
    await settle();
    expect(text(peer.take())).toBe("first\nsecond\n");
  });

  it("drops the items of a failed operation, closes the lines and boots again", async () => {
    const flash = new SlowFlash(8192);
    const pump = meterWith(flash);
    pump.boot();
    const peer = connect(pump);
    core.recording = true;
    peer.send(octets("set\n"));
    await settle();
    callsTake();
    flash.syncs.shift()!.reject(new Error("device gone"));
    await settle();
    expect(peer.take()).toHaveLength(0);
    expect(peer.open).toBe(false);
    expect(callsTake()).toEqual(["flash sync 1", `boot 3 8192 ${START}`]);
    expect(reports[0]).toContain("device gone");
    expect(reports[1]).toContain("boots again");
    expect(pump.state).toBe("running");
  });

  it("takes a flash that fails at once the same way", () => {
    const flash = new FailingFlash(8192);
    const pump = meterWith(flash);
    pump.boot();
    const peer = connect(pump);
    core.recording = true;
    peer.send(octets("set\n"));
    expect(peer.open).toBe(false);
    expect(callsTake()).toContain("flash program 1");
    expect(reports.join()).toContain("no space left");
  });

  it("sends the close item behind what was sent before it", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    core.outgoing.push({ text: "bye\n", sequence: 0 }, { text: "close\n", sequence: 0 });
    pump.run();
    expect(text(peer.take())).toBe("bye\n");
    expect(peer.open).toBe(false);
    expect(core.calls.at(-1)).toBe("line 8 closed");
  });
});

describe("time", () => {
  it("cuts the samples at every deadline, so that each covers exactly its period", () => {
    const pump = meterWith();
    pump.boot();
    core.period = 900_000;
    core.meterDeadline = START + core.period;
    callsTake();
    clock.meter = START + 2_000_000;
    pump.run();
    // 1 kW for 15 minutes is 250 Wh = 250,000,000 µWh.
    expect(callsTake()).toEqual([
      `sample 250000000 ${START + 900_000}`,
      `tick ${START + 900_000}`,
      `sample 250000000 ${START + 1_800_000}`,
      `tick ${START + 1_800_000}`,
    ]);
  });

  it("refreshes the metering data before octets when it is a second old, and not before", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    callsTake();
    clock.meter = START + 999;
    peer.send(octets("x"));
    clock.meter = START + 1000;
    peer.send(octets("y"));
    expect(callsTake()).toEqual([
      `receive 8 "x" ${START + 999}`,
      `sample 277777 ${START + 1000}`,
      `receive 8 "y" ${START + 1000}`,
    ]);
  });

  it("never lets meter time go back, whatever the clock does", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    clock.meter = START + 500;
    peer.send(octets("x"));
    clock.meter = START;
    peer.send(octets("y"));
    expect(core.calls.slice(-2)).toEqual([`receive 8 "x" ${START + 500}`, `receive 8 "y" ${START + 500}`]);
  });

  it("handles a line-time deadline without moving meter time", () => {
    const pump = meterWith();
    pump.boot();
    callsTake();
    core.lineDeadline = clock.line + 5;
    pump.run();
    expect(pump.wakeAt).toBe(clock.line + 5);
    clock.line += 5;
    pump.run();
    expect(callsTake()).toEqual([`tick ${START}`]);
    expect(pump.wakeAt).toBe(Infinity);
  });

  it("hears what waits before a deadline that the process was kept from, and moves the deadline no further", () => {
    clock = Object.assign(new ManualClock(START), { runs: true });
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    const deadline = (core.lineDeadline = clock.line + 1500);
    pump.run();
    callsTake();
    clock.line = deadline + 3000;
    // The timer comes first: the octets are still in the system.
    pump.run();
    expect(callsTake()).toEqual([]);
    expect(pump.wakeAt).toBe(clock.line + 500);
    clock.line += 400;
    peer.send(octets("x"));
    expect(callsTake()).toEqual([`receive 8 "x" ${START}`]);
    clock.line = pump.wakeAt;
    pump.run();
    expect(callsTake()).toEqual([`tick ${START}`]);
  });

  it("gives the core the last sample when the power fails, and is off then", async () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    callsTake();
    clock.meter = START + 3_600_000;
    core.flashWanted.push(FlashOperation.PROGRAM);
    await pump.powerFail();
    expect(callsTake()).toEqual(["flash program 0", `sample 1000000000 ${START + 3_600_000}`, "input 1"]);
    expect(peer.open).toBe(false);
    expect(pump.state).toBe("off");
  });
});

describe("watchdog", () => {
  it("takes a trap as a watchdog reset: says so, drops the lines, boots from the flash", () => {
    const pump = meterWith();
    pump.boot();
    const peer = connect(pump);
    core.trap = true;
    peer.send(octets("x\n"));
    expect(peer.open).toBe(false);
    expect(reports).toEqual([expect.stringMatching(/^watchdog reset .*boots again/)]);
    expect(pump.state).toBe("running");
    const again = connect(pump);
    again.send(octets("y\n"));
    expect(text(again.take())).toBe("y\n");
  });

  it("stays off after restarts without end", () => {
    const pump = meterWith();
    pump.boot();
    for (let i = 0; i < 6; i++) {
      core.trap = true;
      connect(pump).send(octets("x\n"));
    }
    expect(pump.state).toBe("fault");
    expect(reports.at(-1)).toContain("out of service");
    expect(MemoryPeer.connect(new MeterPort(pump, PORT).accept)).toBeUndefined();
  });

  it("is out of service when the core refuses to boot", () => {
    core.bootResult = -9;
    const pump = meterWith();
    pump.boot();
    expect(pump.state).toBe("fault");
    expect(reports[0]).toContain("-9");
  });

  it("is out of service when the core traps while it boots again", () => {
    const pump = meterWith();
    pump.boot();
    core.trap = true;
    core.bootTrap = true;
    connect(pump).send(octets("x\n"));
    expect(pump.state).toBe("fault");
    expect(reports.at(-1)).toContain("cannot boot (unreachable)");
  });

  it("does not hang on a core that leaves its deadline where it is", () => {
    core.meterDeadline = START;
    const pump = meterWith();
    pump.boot();
    expect(pump.state).toBe("fault");
  });
});

describe("connections", () => {
  it("gives each line its own connection, refuses one too many and reuses what is free", () => {
    const pump = meterWith();
    pump.boot();
    const port = new MeterPort(pump, PORT);
    const first = connect(pump, port);
    connect(pump, port);
    expect(MemoryPeer.connect(port.accept)).toBeUndefined();
    first.close();
    connect(pump, port);
    expect(callsTake().filter((call) => call.startsWith("line"))).toEqual([
      "line 8 opened",
      "line 12 opened",
      "line 8 closed",
      "line 8 opened",
    ]);
  });

  it("takes no octets while the last answer has not left, and stops the line when too many wait", () => {
    const pump = meterWith();
    pump.boot();
    const paused: boolean[] = [];
    const sent: string[] = [];
    const line = {
      send: (item: Uint8Array) => sent.push(text(item)) > 99,
      close: () => undefined,
      pause: (stop: boolean) => paused.push(stop),
    };
    const listener = new MeterPort(pump, PORT).accept(line)!;
    listener.received(octets("a\nb\n"));
    expect(sent).toEqual(["a\n"]);
    listener.received(octets("c".repeat(70000) + "\n"));
    expect(paused).toEqual([true]);
    listener.drained();
    expect(sent).toEqual(["a\n", "b\n"]);
    listener.drained();
    expect(sent).toHaveLength(3);
    expect(paused).toEqual([true, false]);
    expect(core.calls.filter((call) => call === "line 8 sent")).toHaveLength(2);
  });
});

describe("the rate of a line", () => {
  it("changes at once on an idle line, and behind what is on its way on another", () => {
    const pump = meterWith();
    pump.boot();
    const log: string[] = [];
    const listener = pump.open(8, {
      send: (sent) => {
        log.push(text(sent));
        return false;
      },
      close: () => undefined,
      pause: () => undefined,
      rate: (baud) => void log.push(`${baud} Bd`),
    })!;
    core.rateSlot = 8;
    core.rateWanted = 300;
    pump.run();
    expect(log).toEqual(["300 Bd"]);
    listener.received(octets("a\n"));
    core.rateWanted = 9600;
    pump.run();
    expect(log).toEqual(["300 Bd", "a\n"]);
    listener.drained();
    expect(log).toEqual(["300 Bd", "a\n", "9600 Bd"]);
  });

  it("of a line that is gone, or has none, is nobody's", () => {
    const pump = meterWith();
    pump.boot();
    connect(pump);
    core.rateSlot = 8;
    core.rateWanted = 300;
    pump.run();
    core.rateSlot = 12;
    core.rateWanted = 600;
    pump.run();
    expect(reports).toEqual([]);
  });
});
