/** `dlms-meter serve`: meters on TCP ports and a serial line, until somebody ends it. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { RunningClock } from "../clock.ts";
import { Operator } from "../control/operator.ts";
import { ControlSocket } from "../control/socket.ts";
import { Core } from "../core.ts";
import type { CoreKind } from "../core_kind.ts";
import { coreFind } from "../files.ts";
import { StateDir } from "../state/state_dir.ts";
import { scenarioRead } from "../metrology/scenario.ts";
import { metrologyMaker } from "../metrology/source.ts";
import { ciiApply } from "../template/cii.ts";
import type { TemplateDocument } from "../template/document.ts";
import { modeEApply } from "../template/mode_e.ts";
import { lowerAddressOf, multiDropApply, type Shared } from "../template/multi_drop.ts";
import { ipv4Parse, ipv4Text } from "../transport/ipv4.ts";
import { historyBar, historyDays } from "./backfill.ts";
import { Delivery } from "./delivery.ts";
import { Console, reporterAbove } from "./console.ts";
import { bornAt, LocalFleet } from "./fleet.ts";
import type { Ports } from "./listeners.ts";
import { jsonReporter, textReporter, type Reporter } from "./report.ts";
import { Screen } from "./screen.ts";
import { errorText } from "./serve_error.ts";
import {
  isLoopback,
  ServeError,
  serveOptions,
  sharedLines,
  withServeOptions,
  type ServeOptions,
} from "./serve_options.ts";
import { commandsOf, credentialsOf, provisionedText, welcomeText, type Reach } from "./serve_text.ts";
import { Threads } from "./threads.ts";

/** Scattered ports that a line for people names. */
const PORTS_SHOWN = 8;

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

class Service {
  private readonly options: ServeOptions;
  private readonly reporter: Reporter;
  private readonly delivery: Delivery;
  private readonly core: CoreKind;
  private readonly shared: Shared;
  private readonly start: number;
  private readonly state: StateDir | undefined;
  private readonly fleet: LocalFleet | Threads;
  private ports: Ports = { wrapper: [], udp: [], hdlc: [] };
  private control: ControlSocket | undefined;
  /** On a terminal, unless it is not wanted: where the face stands. */
  private readonly screen: Screen | undefined;
  private console: Console | undefined;
  private ending = false;
  /** Ends what run() waits for once the meters are served: it cannot go on. */
  private died: (text: string) => void = () => undefined;
  private readonly death: Promise<string>;

  constructor(options: ServeOptions) {
    this.options = options;
    this.death = new Promise((resolve) => (this.died = resolve));
    this.screen = hasFace(options) ? new Screen(process.stdout) : undefined;
    const reporter = options.json ? jsonReporter : textReporter;
    this.reporter = this.screen === undefined ? reporter : reporterAbove(this.screen, reporter);
    this.shared = sharedLines(options);
    this.delivery = Delivery.read(options, (document) => templateChanged(document, options, this.shared));
    this.start = options.start ?? Date.now();
    const { kind, file } = coreFind(options.core);
    this.core = kind;
    const core = new Core(readFileSync(file));
    // The template is checked before anything is written.
    const { flashSize } = core.plan(this.delivery.compiled.image);
    this.state = options.state === undefined ? undefined : this.stateOpen(options.state, flashSize);
    this.fleet = this.fleetOf(core);
  }

  private fleetOf(core: Core): LocalFleet | Threads {
    const { options, start, delivery, state } = this;
    const parts = {
      options,
      start,
      delivery,
      core,
      report: (meter: number, text: string) => this.reporter.event("meter", { meter, text }, `meter ${meter}: ${text}`),
      warn: (text: string) => this.reporter.warn(text),
    };
    if (options.workers === 1) {
      return new LocalFleet({ ...parts, range: { first: 0, count: options.meters }, shards: state?.shards });
    }
    this.surroundingsCheck();
    return new Threads({ ...parts, state, died: this.died });
  }

  /** What threads would find wrong is found here, and once. @throws ScenarioError, ReplayError */
  private surroundingsCheck(): void {
    const { metrology, scenario, seed } = this.options;
    const steps = scenario === undefined ? undefined : scenarioRead(scenario, this.start);
    metrologyMaker(metrology, seed, bornAt(this.start, this.options), steps);
  }

  /** Brings the meters up and serves them until a signal ends the process with code 0. @throws what makes that impossible */
  async run(): Promise<void> {
    const end = (code: number): void => void this.end(code);
    process.on("SIGINT", () => end(130));
    process.on("SIGTERM", () => end(143));
    try {
      await this.serve(() => end(130));
      // Meters that are out of reach are no service: whoever runs it starts it again.
      const text = await this.death;
      if (this.options.json === true) this.reporter.event("fault", { text }, text);
      throw new ServeError(text);
    } catch (error) {
      if (this.ending) return;
      await this.close();
      throw error;
    }
  }

  /** @param end what ends it in place of a signal */
  private async serve(end: () => void): Promise<void> {
    const { fleet, options, reporter } = this;
    if (fleet instanceof Threads) await fleet.begin();
    await this.bootAll();
    const clock = new RunningClock(this.start, options.speed);
    await fleet.start(clock);
    const operator = new Operator(fleet.meters, clock, ({ facts, text }) =>
      reporter.event("control", facts as Record<string, unknown>, text),
    );
    this.ports = await fleet.open();
    if (options.control !== undefined) {
      this.control = await ControlSocket.open(options.control, (request) => operator.ask(request));
    }
    if (!isLoopback(options.host) && this.delivery.isPublished) {
      reporter.warn(`everybody who can reach ${options.host} can control these meters: their keys are public`);
    }
    this.sayReady();
    if (isInteractive(options)) this.console = this.consoleOpen(clock, operator, end);
  }

  private consoleOpen(clock: RunningClock, operator: Operator, end: () => void): Console {
    const { fleet, reporter, screen } = this;
    const name = this.delivery.identity(0).logicalDeviceName;
    const face = screen && fleet instanceof LocalFleet ? { screen, fleet, clock, name } : undefined;
    return new Console({ operator, reporter, face, end });
  }

  private stateOpen(path: string, flashSize: number): StateDir {
    const { durability, migrate } = this.options;
    const { image } = this.delivery.compiled;
    let state: StateDir | undefined;
    try {
      state = new StateDir(path);
      const say = (text: string): void => this.reporter.warn(text);
      state.open({ flashSize, image, durability, drop: migrate === "drop", say });
      return state;
    } catch (error) {
      state?.release();
      throw new ServeError(`--state: ${(error as Error).message}`);
    }
  }

  /** Switches all meters on that have a seat. */
  private async bootAll(): Promise<void> {
    const { options, start } = this;
    const { seated, stored } = this.fleet.begun;
    if (options.backfill > 0 && stored > 0) {
      this.reporter.warn(`${stored} of ${seated} meters have a state and keep it; --backfill is for new ones`);
    }
    const days = historyDays(bornAt(start, options), start) * (seated - stored);
    const bar = historyBar(days, options.json !== true);
    await this.fleet.boot(bar.lived);
    bar.stop();
  }

  private reach(): Reach {
    const { wrapper, udp, hdlc } = this.ports;
    return { host: this.options.host, tcp: wrapper[0], udp: udp[0], hdlcTcp: hdlc[0], serial: this.options.serial };
  }

  private sayReady(): void {
    const { options, ports } = this;
    const { meters: count, workers } = options;
    const lastHost = options.eachAddress === true ? ipv4Text(ipv4Parse(options.host)! + count - 1) : options.host;
    const host = lastHost === options.host ? lastHost : `${options.host}…${lastHost}`;
    const where = [
      ...(options.seat === "contact" ? ["each begins when it is reached first"] : []),
      ...wrapperText(host, ports.wrapper, ports.udp),
      ...portsText("HDLC", host, ports.hdlc),
      ...(options.serial === undefined ? [] : [serialText(options.serial, options)]),
      ...(this.shared === "none" ? [] : [`HDLC addresses ${lowerAddressOf(0)} to ${lowerAddressOf(count - 1)}`]),
    ];
    const { wrapper: tcp, udp, hdlc: hdlcTcp } = ports;
    const facts = {
      meters: count,
      workers,
      core: this.core,
      seat: options.seat,
      host: options.host,
      lastHost,
      tcp,
      udp,
      hdlcTcp,
    };
    const what = `${count === 1 ? "1 meter" : `${count} meters`}${workers === 1 ? "" : ` in ${workers} threads`}`;
    this.reporter.event("ready", facts, `ready: ${what}, ${where.join(", ")}`);
    const { delivery } = this;
    const { model } = delivery.compiled;
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
    await this.fleet.close();
    this.state?.release();
  }
}

/** Whether somebody sits in front of it. */
function isInteractive(options: ServeOptions): boolean {
  return options.json !== true && process.stdin.isTTY && process.stdout.isTTY;
}

/** One thread has the first meter and the terminal. */
function hasFace(options: ServeOptions): boolean {
  return options.face && options.workers === 1 && isInteractive(options);
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
