/** The meter of this project on sockets of this process, and a fresh one in its place whenever a case asks for that. */
import { Bank } from "../../host/bank.ts";
import { backfill } from "../../host/cli/backfill.ts";
import { Delivery } from "../../host/cli/delivery.ts";
import { ManualClock, RunningClock } from "../../host/clock.ts";
import { Core } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import { MemoryFlash } from "../../host/flash/memory.ts";
import { metrologyMaker } from "../../host/metrology/source.ts";
import { MeterPort, portFor, portsOf } from "../../host/ports.ts";
import type { Compiled } from "../../host/template/compile.ts";
import { TEMPLATE_DEFAULT } from "../../host/template/load.ts";
import { TcpListener } from "../../host/transport/tcp.ts";
import type { Config } from "./config.ts";

const HOST = "127.0.0.1";
const DAY_MS = 86_400_000;

export class SocketMeter {
  private readonly core = new Core(coreOctets());
  private readonly compiled: Compiled;
  private readonly delivery: Delivery;
  private bank: Bank | undefined;
  private listeners: TcpListener[] = [];

  /** Of a template with changes, as `serve --template --override` takes them, and in a suite. */
  constructor(overrides: string[] = [], suite = 0, template = TEMPLATE_DEFAULT) {
    this.delivery = Delivery.read({ template, override: overrides, meters: 1, seed: 1, suite });
    this.compiled = this.delivery.compiled;
  }

  /** Puts a fresh meter with a day of history on new ports, and says in `config` where it is. */
  async start(config: Config): Promise<void> {
    await this.stop();
    const { core, compiled } = this;
    const now = Date.now();
    const metrology = metrologyMaker("constant", 1, now - DAY_MS);
    const bank = new Bank(core, compiled.image, 1, {
      clock: new ManualClock(now, performance.now()),
      setup: (index, plan) => ({
        provision: this.delivery.records(index, {}),
        flash: new MemoryFlash(plan.flashSize),
        metrology: metrology(index),
      }),
    });
    this.bank = bank;
    await backfill(bank, bank.meters, now - DAY_MS, now);
    bank.start(new RunningClock(now, 1));
    config.target = await this.listen("wrapper");
    config.hdlc = await this.listen("hdlc");
  }

  async stop(): Promise<void> {
    await Promise.all(this.listeners.splice(0).map((listener) => listener.close()));
    await this.bank?.powerFail();
    this.bank = undefined;
  }

  private async listen(kind: "wrapper" | "hdlc"): Promise<{ host: string; port: number }> {
    const port = portFor(portsOf(this.compiled.image), kind);
    if (port === undefined) throw new Error(`the template has no ${kind} port`);
    const listener = await TcpListener.listen(HOST, 0, new MeterPort(this.bank!.meters[0]!, port).accept);
    this.listeners.push(listener);
    return { host: HOST, port: listener.port };
  }
}
