/**
 * What programs that run meters themselves import: `import { Bank, Core } from "dlms-meter"`. docs/ARCHITECTURE.md, section 13, has an example.
 * `dlms-meter/dist/client/index.js` is the client.
 */
export { Bank, type BankOptions, type MeterSetup } from "./bank.ts";
export { ManualClock, RunningClock, type Clock } from "./clock.ts";
export { Core, Input, PlanRefused, type CoreModule, type Plan } from "./core.ts";
export { coreOctets } from "./files.ts";
export type { Flash } from "./flash/flash.ts";
export { MemoryFlash } from "./flash/memory.ts";
export type { Metrology, Sample, Signal, Signals } from "./metrology/metrology.ts";
export { scenarioFrom, type Scenario } from "./metrology/scenario.ts";
export { metrologyMaker } from "./metrology/source.ts";
export { MeterPort, portFor, portsOf, type Port, type PortUse } from "./ports.ts";
export type { Pump } from "./pump.ts";
export type { PumpState } from "./pump_parts.ts";
export type { Courier, CourierListener } from "./push.ts";
export { StateDir } from "./state/state_dir.ts";
export type { Compiled } from "./template/compile.ts";
export { meterIdentity, provisionRecords, type MeterIdentity } from "./template/identity.ts";
export { templateLoad } from "./template/load.ts";
export { TemplateModel, type TemplateParts } from "./template/model.ts";
export type { Line, LineAccept, LineListener } from "./transport/line.ts";
export { MemoryPeer } from "./transport/memory.ts";
export { SerialLine } from "./transport/serial.ts";
export { TcpListener } from "./transport/tcp.ts";
