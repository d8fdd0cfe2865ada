/** `dlms-meter serve`: meters on TCP ports and a serial line, until somebody ends it. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { Bank, type MeterSetup } from "../bank.ts";
import { CiiLine } from "../cii.ts";
import { ManualClock, RunningClock } from "../clock.ts";
import { ControlError, Operator } from "../control/operator.ts";
import { ControlSocket } from "../control/socket.ts";
import { Core, PlanRefused, type Plan } from "../core.ts";
import { CoreError, type CoreKind } from "../core_kind.ts";
import { coreFind } from "../files.ts";
import type { Flash } from "../flash/flash.ts";
import { MemoryFlash } from "../flash/memory.ts";
import { ShardError } from "../flash/shard.ts";
import { StateDir } from "../state/state_dir.ts";
import { ProvisionError } from "../keys/provision.ts";
import { ReplayError } from "../metrology/replay.ts";
import { TimeKeeper } from "../ntp.ts";
import { ScenarioError, scenarioRead } from "../metrology/scenario.ts";
import { Simulations } from "../metrology/simulations.ts";
import { metrologyMaker } from "../metrology/source.ts";
import { ciiApply } from "../template/cii.ts";
import type { Compiled } from "../template/compile.ts";
import type { TemplateDocument } from "../template/document.ts";
import { TemplateError } from "../template/error.ts";
import { planRefusalText } from "../template/limits.ts";
import { modeEApply } from "../template/mode_e.ts";
import { lowerAddressOf, multiDropApply, type Shared } from "../template/multi_drop.ts";
import { ipv4Parse, ipv4Text } from "../transport/ipv4.ts";
import { Delivery } from "./delivery.ts";
import { Console, reporterAbove } from "./console.ts";
import { courierMaker } from "./couriers.ts";
import { Listeners } from "./listeners.ts";
import { jsonReporter, textReporter, type Reporter } from "./report.ts";
import { Screen } from "./screen.ts";
import {
  isLoopback,
  ServeError,
  serveOptions,
  sharedLines,
  withServeOptions,
  type ServeOptions,
  pushRefusal,
} from "./serve_options.ts";
import { commandsOf, credentialsOf, provisionedText, welcomeText, type Reach } from "./serve_text.ts";
import { backfill } from "./backfill.ts";

/** Scattered ports that a line for people names. */
const PORTS_SHOWN = 8;
const DAY_MS = 86_400_000;

/** The sub-command `serve`. */
export function serveCommand(): Command {
  const command = new Command("serve").description("run meters on TCP ports and a serial line");
  return withServeOptions(command).action(() => serve(command));
}

async function serve(command: Command): Promise<void> {
  try {
    const options = serveOptions(command.opts());
    await new Service(options).run();
  } catch (error) {
    command.error(`error: ${errorText(error)}`, { exitCode: 1 });
  }
}

/** One line for what people can mend; a mistake of ours shows its stack. */
function errorText(error: unknown): string {
  if (error instanceof PlanRefused)
    return `the core refuses the template: ${planRefusalText(error.limit, error.value)}`;
  const known =
    error instanceof ServeError ||
    error instanceof CoreError ||
    error instanceof TemplateError ||
    error instanceof ReplayError ||
    error instanceof ScenarioError ||
    error instanceof ControlError ||
    error instanceof ShardError ||
    error instanceof ProvisionError;
  if (known || (error as NodeJS.ErrnoException).code !== undefined) return (error as Error).message;
  return (error as Error).stack ?? String(error);
}

class Service {
  private readonly options: ServeOptions;
  private readonly reporter: Reporter;
  private readonly delivery: Delivery;
  private readonly compiled: Compiled;
  private readonly core: CoreKind;
  private readonly shared: Shared;
  private readonly start: number;
  private readonly state: StateDir | undefined;
  /** Meters that had a state when this service began. */
  private readonly stored = new Set<number>();
  private readonly bank: Bank;
  private readonly listeners: Listeners;
  private readonly time: TimeKeeper;
  private readonly surroundings: Simulations;
  private control: ControlSocket | undefined;
  private readonly ciiLine = new CiiLine();
  /** On a terminal, unless it is not wanted: where the face stands. */
  private readonly screen: Screen | undefined;
  private console: Console | undefined;
  private ending = false;

  constructor(options: ServeOptions) {
    this.options = options;
    this.screen = options.face && isInteractive(options) ? new Screen(process.stdout) : undefined;
    const reporter = options.json ? jsonReporter : textReporter;
    this.reporter = this.screen === undefined ? reporter : reporterAbove(this.screen, reporter);
    this.shared = sharedLines(options);
    this.delivery = new Delivery(options, (document) => templateChanged(document, options, this.shared));
    this.compiled = this.delivery.compiled;
    this.start = options.start ?? Date.now();
    const { kind, file } = coreFind(options.core);
    this.core = kind;
    const core = new Core(readFileSync(file));
    // The template is checked before anything is written.
    const { flashSize } = core.plan(this.compiled.image);
    this.state = options.state === undefined ? undefined : this.stateOpen(options.state, flashSize);
    this.surroundings = this.surroundingsMaker();
    this.bank = new Bank(core, this.compiled.image, options.meters, {
      clock: new ManualClock(this.start, performance.now()),
      setup: this.setupMaker(),
      late: options.seat === "contact",
      report: (meter, text) => this.reporter.event("meter", { meter, text }, `meter ${meter}: ${text}`),
      timeWanted: (meter) => void this.time.ask(meter),
      arrived: (meter) => void this.time.ask(meter),
    });
    this.time = new TimeKeeper({
      meters: () => this.bank.meters,
      report: (meter, text) => this.reporter.event("meter", { meter, text }, `meter ${meter}: ${text}`),
      refusal: (server) => pushRefusal(options.push, server),
    });
    this.listeners = new Listeners(this.bank, this.compiled.image, options, (text) => this.reporter.warn(text));
  }

  /** Brings the meters up and serves them until a signal ends the process with code 0. */
  async run(): Promise<void> {
    const end = (code: number): void => void this.end(code);
    process.on("SIGINT", () => end(130));
    process.on("SIGTERM", () => end(143));
    await this.bootAll();
    const clock = new RunningClock(this.start, this.options.speed);
    this.bank.start(clock);
    this.time.start();
    const operator = new Operator(this.bank, clock, this.surroundings, ({ facts, text }) =>
      this.reporter.event("control", facts as Record<string, unknown>, text),
    );
    try {
      await this.listeners.open();
      const { cii, control } = this.options;
      if (cii !== undefined && "path" in cii) await this.listeners.openCii(cii.path, this.ciiLine.accept);
      if (control !== undefined) this.control = await ControlSocket.open(control, (request) => operator.ask(request));
    } catch (error) {
      await this.close();
      throw error;
    }
    if (!isLoopback(this.options.host) && this.delivery.isPublished) {
      this.reporter.warn(
        `everybody who can reach ${this.options.host} can control these meters: their keys are public`,
      );
    }
    this.sayReady();
    if (isInteractive(this.options)) this.console = this.consoleOpen(clock, operator, () => end(130));
  }

  private consoleOpen(clock: RunningClock, operator: Operator, end: () => void): Console {
    const { bank, surroundings, reporter, screen } = this;
    const name = this.delivery.identity(0).logicalDeviceName;
    return new Console({ bank, clock, operator, surroundings, name, reporter, screen, end });
  }

  /** Meter time at which new meters are switched on. */
  private get born(): number {
    return this.start - this.options.backfill * DAY_MS;
  }

  private surroundingsMaker(): Simulations {
    const { metrology, scenario, seed, meters } = this.options;
    const steps = scenario === undefined ? undefined : scenarioRead(scenario, this.start);
    return new Simulations(meters, metrologyMaker(metrology, seed, this.born, steps));
  }

  private setupMaker(): (index: number, plan: Plan) => MeterSetup {
    const { options, delivery } = this;
    const courier = courierMaker(options, this.ciiLine);
    return (index, plan) => {
      const flash = this.flash(index, plan.flashSize);
      const isNew = !this.stored.has(index);
      return {
        provision: delivery.records(index, this.shared === "none" ? {} : { hdlcAddress: lowerAddressOf(index) }),
        flash,
        metrology: this.surroundings.make(index),
        courier: courier(),
        keepMs: options.keepEnergies * 1000,
        isNew,
        since: isNew ? this.born : this.start,
      };
    };
  }

  private stateOpen(path: string, flashSize: number): StateDir {
    const { durability, migrate } = this.options;
    let state: StateDir | undefined;
    try {
      state = new StateDir(path);
      const say = (text: string): void => this.reporter.warn(text);
      state.open({ flashSize, image: this.compiled.image, durability, drop: migrate === "drop", say });
      return state;
    } catch (error) {
      state?.release();
      throw new ServeError(`--state: ${(error as Error).message}`);
    }
  }

  private flash(index: number, size: number): Flash {
    if (this.state === undefined) return new MemoryFlash(size);
    const file = this.state.flash(index);
    if (!file.fresh) this.stored.add(index);
    return file;
  }

  /** Switches all meters on that have a seat. */
  private async bootAll(): Promise<void> {
    const stored = this.bank.meters.filter((meter) => this.stored.has(meter.index));
    const fresh = this.bank.meters.filter((meter) => !this.stored.has(meter.index));
    if (this.options.backfill > 0 && stored.length > 0) {
      this.reporter.warn(
        `${stored.length} of ${this.bank.meters.length} meters have a state and keep it; --backfill is for new ones`,
      );
    }
    await backfill(this.bank, fresh, this.born, this.start, this.options.json !== true);
    for (const meter of stored) meter.boot();
  }

  private reach(): Reach {
    const { wrapper, udp, hdlc } = this.listeners;
    return { host: this.options.host, tcp: wrapper[0], udp: udp[0], hdlcTcp: hdlc[0], serial: this.options.serial };
  }

  private sayReady(): void {
    const { options, listeners } = this;
    const { count } = this.bank;
    const lastHost = options.eachAddress === true ? ipv4Text(ipv4Parse(options.host)! + count - 1) : options.host;
    const host = lastHost === options.host ? lastHost : `${options.host}…${lastHost}`;
    const where = [
      ...(options.seat === "contact" ? ["each begins when it is reached first"] : []),
      ...wrapperText(host, listeners.wrapper, listeners.udp),
      ...portsText("HDLC", host, listeners.hdlc),
      ...(options.serial === undefined ? [] : [serialText(options.serial, options)]),
      ...(this.shared === "none" ? [] : [`HDLC addresses ${lowerAddressOf(0)} to ${lowerAddressOf(count - 1)}`]),
    ];
    const { wrapper: tcp, udp, hdlc: hdlcTcp } = listeners;
    const facts = {
      meters: count,
      core: this.core,
      seat: options.seat,
      host: options.host,
      lastHost,
      tcp,
      udp,
      hdlcTcp,
    };
    this.reporter.event("ready", facts, `ready: ${count === 1 ? "1 meter" : `${count} meters`}, ${where.join(", ")}`);
    const { model } = this.compiled;
    const { delivery } = this;
    const reach = this.reach();
    if (!delivery.isPublished) {
      const { logicalDeviceName, systemTitle } = credentialsOf(
        delivery.identity(0),
        model,
        delivery.suite,
        options.seed,
      );
      const text = provisionedText(model, { logicalDeviceName, systemTitle }, options.provision!);
      return this.reporter.event("credentials", { logicalDeviceName, systemTitle, suite: delivery.suite }, text);
    }
    const credentials = credentialsOf(delivery.identity(0), model, delivery.suite, options.seed);
    const text = welcomeText(model, reach, credentials);
    const note = "published test values, known to everybody";
    this.reporter.event("credentials", { ...credentials, note, commands: commandsOf(reach, credentials) }, text);
  }

  /** @param code how the process ends when it is told a second time, which does not wait */
  private async end(code: number): Promise<void> {
    if (this.ending) process.exit(code);
    this.ending = true;
    await this.console?.close();
    await this.close();
    this.reporter.event("stopped", {}, "stopped");
    process.exit(0);
  }

  /** Closes the ports, then lets every meter write what it holds back, then gives the state folder free. */
  private async close(): Promise<void> {
    await this.control?.close();
    this.time.stop();
    await this.listeners.close();
    await this.bank.powerFail();
    this.state?.close();
    this.state?.release();
  }
}

/** Whether somebody sits in front of it. */
function isInteractive(options: ServeOptions): boolean {
  return options.json !== true && process.stdin.isTTY && process.stdout.isTTY;
}

/** The template as the options want it. */
function templateChanged(document: TemplateDocument, options: ServeOptions, shared: Shared): TemplateDocument {
  const { cii, meters, hdlcAddressLength, modeE } = options;
  const destination = cii && ("path" in cii ? cii.path : cii.destination);
  const told = destination === undefined ? document : ciiApply(document, destination);
  return multiDropApply(modeE === true ? modeEApply(told) : told, shared, meters, hdlcAddressLength);
}

function serialText(path: string, options: ServeOptions): string {
  return options.modeE === true ? `mode E on ${path} at 300 Bd` : `HDLC on ${path} at ${options.baud} Bd`;
}

/** The wrapper over TCP and UDP, which mostly have the same numbers. */
function wrapperText(host: string, tcp: readonly number[], udp: readonly number[]): string[] {
  const same = tcp.length === udp.length && tcp.every((port, i) => port === udp[i]);
  if (same) return portsText("wrapper", host, tcp).map((text) => `${text} (TCP and UDP)`);
  return [...portsText("wrapper", host, tcp), ...portsText("wrapper over UDP", host, udp)];
}

function portsText(what: string, host: string, ports: readonly number[]): string[] {
  const [first, last] = [ports[0], ports.at(-1)];
  if (first === undefined) return [];
  const contiguous = last! - first === ports.length - 1;
  if (ports.length === 1) return [`${what} on ${host}:${first}`];
  if (contiguous) return [`${what} on ${host}:${first} to ${last}`];
  const some = ports.slice(0, PORTS_SHOWN).join(" ");
  return [`${what} on ${host}: ${some}${ports.length > PORTS_SHOWN ? " … (--json names all)" : ""}`];
}
