/** How to reach the meters that have just started: the keys, and commands to paste. */
import { relative } from "node:path";
import { consumerKeys, type MeterIdentity } from "../template/identity.ts";
import type { TemplateModel } from "../template/model.ts";

const CLOCK = "0-0:1.0.0.255";
const ENERGY = "1-0:1.8.0.255";

/** Where the first meter is reached. */
export interface Reach {
  readonly host: string;
  readonly tcp: number | undefined;
  readonly udp: number | undefined;
  readonly hdlcTcp: number | undefined;
  readonly serial: string | undefined;
}

export interface Credentials {
  readonly logicalDeviceName: string;
  readonly systemTitle: string;
  readonly encryptionKey: string;
  readonly authenticationKey: string;
  readonly password: string;
  readonly hlsSecret: string;
  /** Keys of the client of consumer information, where the template has a context of its own for it */
  readonly consumer?: { encryptionKey: string; authenticationKey: string; masterKey: string };
  readonly suite: number;
  readonly seed: number;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex").toUpperCase();
const text = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");

export function credentialsOf(identity: MeterIdentity, model: TemplateModel, suite: number, seed: number): Credentials {
  const consumer = consumerKeys(identity, model);
  return {
    logicalDeviceName: identity.logicalDeviceName,
    systemTitle: hex(identity.systemTitle),
    encryptionKey: hex(identity.keys.guek),
    authenticationKey: hex(identity.keys.gak),
    password: text(identity.keys.lls),
    hlsSecret: text(identity.keys.hls),
    ...(consumer && {
      consumer: {
        encryptionKey: hex(consumer.guek),
        authenticationKey: hex(consumer.gak),
        masterKey: hex(consumer.master),
      },
    }),
    suite,
    seed,
  };
}

/** How this program was called, so that the commands below work where they are pasted. */
function ownCommand(): string {
  const script = process.argv[1] ?? "";
  return script.endsWith(".js") ? `node ${relative(process.cwd(), script)}` : "dlms-meter";
}

/** An address that a client can connect to. */
function reachable(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}

function ownCommands(reach: Reach, c: Credentials): string[] {
  const bracketed = reach.host.includes(":") ? `[${reachable(reach.host)}]` : reachable(reach.host);
  const command = ownCommand();
  const lls = `--client 1 --auth lls --password ${c.password}`;
  const suite = c.suite === 0 ? "" : `--suite ${c.suite} `;
  const gmac = `--client 1 ${suite}--auth gmac --security authenc --guek ${c.encryptionKey} --gak ${c.authenticationKey}`;
  const to = `--tcp ${bracketed}:${reach.tcp}`;
  const lines: string[] = [];
  if (reach.tcp !== undefined) {
    lines.push(`${command} read ${to} ${lls} ${CLOCK} ${ENERGY}`);
    lines.push(`${command} read ${to} ${lls} --list`);
    lines.push(`${command} read ${to} ${gmac} ${CLOCK} ${ENERGY}`);
    if (c.suite > 0) {
      const keys = `${command} keys demo --suite ${c.suite} --seed ${c.seed} --out demo-keys`;
      lines.push(keys, `${command} read ${to} --keys demo-keys/client.json --protect sign+cipher ${CLOCK} ${ENERGY}`);
    }
  }
  if (reach.udp !== undefined) {
    lines.push(`${command} read --udp ${bracketed}:${reach.udp} ${lls} ${CLOCK} ${ENERGY}`);
  }
  if (reach.hdlcTcp !== undefined) {
    lines.push(`${command} read --hdlc --tcp ${bracketed}:${reach.hdlcTcp} ${lls} ${CLOCK} ${ENERGY}`);
  }
  return lines;
}

/** The example client of Gurux.DLMS.Python; those of .NET, Java and C++ take the same letters. */
function guruxCommands(reach: Reach, c: Credentials): string[] {
  const host = reachable(reach.host);
  const objects = `-g "${CLOCK.replaceAll(/[-:]/g, ".")}:2; ${ENERGY.replaceAll(/[-:]/g, ".")}:2"`;
  const lines: string[] = [];
  if (reach.tcp !== undefined) {
    const to = `python3 main.py -h ${host} -p ${reach.tcp} -i WRAPPER -c 1 -s 1`;
    lines.push(`${to} -a Low -P ${c.password} ${objects}`);
    // For suites 1 and 2 it wants certificates in files of its own making.
    if (c.suite === 0) {
      const keys = `-B ${c.encryptionKey} -A ${c.authenticationKey} -T 4D4D4D0000BC614E -v 0.0.43.1.0.255`;
      lines.push(`${to} -a HighGMac -C AuthenticationEncryption ${keys} ${objects}`);
    }
  }
  if (reach.hdlcTcp !== undefined) {
    lines.push(`python3 main.py -h ${host} -p ${reach.hdlcTcp} -i HDLC -c 1 -s 1 -a Low -P ${c.password} ${objects}`);
  }
  return lines;
}

/** u9n/dlms-cosem (`pip install dlms-cosem`), which has no command line of its own. */
function u9nLines(reach: Reach, c: Credentials): string[] {
  if (reach.tcp === undefined) return [];
  return [
    "python3 - <<'END'",
    "from dlms_cosem import cosem, enumerations",
    "from dlms_cosem.client import DlmsClient",
    "from dlms_cosem.io import BlockingTcpIO, TcpTransport",
    "from dlms_cosem.security import LowLevelSecurityAuthentication",
    `io = BlockingTcpIO(host="${reachable(reach.host)}", port=${reach.tcp})`,
    "transport = TcpTransport(client_logical_address=1, server_logical_address=1, io=io)",
    `login = LowLevelSecurityAuthentication(secret=b"${c.password}")`,
    "with DlmsClient(transport=transport, authentication=login).session() as client:",
    "    clock = cosem.CosemAttribute(enumerations.CosemInterface.CLOCK, cosem.Obis(0, 0, 1, 0, 0), 2)",
    "    print(client.get(clock).hex())",
    "END",
  ];
}

/** Commands by client, one or several lines each. */
export function commandsOf(reach: Reach, credentials: Credentials): Record<string, string[]> {
  return {
    own: ownCommands(reach, credentials),
    gurux: guruxCommands(reach, credentials),
    u9n: u9nLines(reach, credentials),
  };
}

const indented = (lines: string[]): string => lines.map((line) => `  ${line}`).join("\n");

/** For meters whose keys come from a file: where they are reached and who has the keys. None is shown. */
export function provisionedText(
  model: TemplateModel,
  c: Pick<Credentials, "logicalDeviceName" | "systemTitle">,
  file: string,
): string {
  return [
    "",
    `${model.parts.title}, logical device name ${c.logicalDeviceName}, system title ${c.systemTitle}`,
    `keys and certificates are those of ${file}`,
    "",
    "Ctrl-C ends it.",
  ].join("\n");
}

/** Keys of the client of consumer information, whose pushes `listen` opens with them. */
function consumerLines({ consumer }: Credentials): string[] {
  if (consumer === undefined) return [];
  return [
    "keys of consumer information (client 103, no AARQ)",
    `  encryption key EK      ${consumer.encryptionKey}`,
    `  authentication key AK  ${consumer.authenticationKey}`,
    `  master key             ${consumer.masterKey}`,
  ];
}

/** Everything a newcomer needs to read the first meter. */
export function welcomeText(model: TemplateModel, reach: Reach, c: Credentials): string {
  const clients = model.parts.associations.map((a) => `${a.name} ${a.clientSap}`).join(", ");
  const commands = commandsOf(reach, c);
  return [
    "",
    `${model.parts.title}, logical device name ${c.logicalDeviceName}, system title ${c.systemTitle}`,
    `clients: ${clients}; server SAP 1; the management client authenticates with ${c.suite === 0 ? "LLS or HLS GMAC" : `LLS or HLS GMAC, SHA-256 or ECDSA; security suite ${c.suite}`}`,
    "",
    "keys (published test values that everybody knows: never give them to a real meter)",
    `  encryption key EK      ${c.encryptionKey}`,
    `  authentication key AK  ${c.authenticationKey}`,
    `  LLS password           ${c.password}`,
    `  HLS secret             ${c.hlsSecret}`,
    ...consumerLines(c),
    "",
    "this package's client",
    indented(commands.own!),
    "Gurux (Gurux.DLMS.Python, Gurux.DLMS.Client.Example.python; GuruxDlmsSample of other languages alike)",
    indented(commands.gurux!),
    // The document must begin in the first column to be pasted.
    "u9n/dlms-cosem (pip install dlms-cosem)",
    ...commands.u9n!,
    "",
    "Ctrl-C ends it.",
  ].join("\n");
}
