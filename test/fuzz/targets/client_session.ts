/** The client in an exchange with a server that answers whatever it likes: every wish ends, well or with a DlmsError. */
import { attribute, Client, data as d, DlmsError, fromHex, method, wpduEncode } from "../../../host/client/index.ts";
import type { Transport } from "../../../host/client/index.ts";
import { VECTORS } from "../../wire/vectors.ts";
import { anyData } from "../mutate.ts";
import type { Input, Target } from "../target.ts";

const LIST = attribute(15, "0-0:40.0.0.255", 2);
const VALUE = attribute(1, "0-0:96.1.1.255", 2);
/** Octets of the list that a SET in blocks carries. */
const LONG = d.octetString(new Uint8Array(300));

/** Octet 0 of the first message, modulo their number: what the client wants. */
const WISHES: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  associate: (client) => client.associate(),
  get: (client) => client.get(LIST),
  set: (client) => client.set(VALUE, LONG),
  action: (client) => client.action(method(7, "1-0:99.1.0.255", 2), d.integer(0)),
  list: (client) => client.getList([LIST, VALUE]),
  release: (client) => client.release(),
};
const NAMES = Object.keys(WISHES);
const AARE = fromHex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040060FEDF00C80007");

/** Turns of the event loop after which a client that says nothing is told the next message unasked. */
const PATIENCE = 6;

/** Answers each write with the next message in a WPDU; goes on unasked where the client waits, and closes when none is left. */
function hostile(answers: Uint8Array[]): Transport {
  let data: (octets: Uint8Array) => void = () => undefined;
  let close: (error?: Error) => void = () => undefined;
  let asked = 0;
  const answer = (): void => {
    const apdu = answers.shift();
    if (apdu === undefined) return close();
    data(wpduEncode({ source: 1, destination: 16, apdu }));
    patience(asked, PATIENCE);
  };
  const patience = (before: number, turns: number): void => {
    if (asked !== before) return;
    setImmediate(() => (turns === 0 ? answer() : patience(before, turns - 1)));
  };
  return {
    write: () => {
      asked++;
      setImmediate(answer);
    },
    onData: (listener) => void (data = listener),
    onClose: (listener) => void (close = listener),
    close: async () => undefined,
  };
}

async function wish(input: Input): Promise<string> {
  const [first = new Uint8Array(0), ...answers] = input;
  const name = NAMES[(first[0] ?? 0) % NAMES.length]!;
  const client = new Client(hostile(answers), { timeOut: 5000, gbt: (first[0] ?? 0) >= 0x80 ? "always" : "auto" });
  client.serverPduSizeMax = 100;
  client.associated = name !== "associate";
  try {
    await client.connect();
    await WISHES[name]!(client);
    return `${name} is done`;
  } catch (error) {
    if (!(error instanceof DlmsError)) throw error;
    return `${name} ${error.name} ${error.message.replaceAll(/[\dA-F]+/g, "#").slice(0, 60)}`;
  }
}

export const clientSession: Target = {
  name: "client-session",
  about: "answers of a hostile server to a client that associates, reads, writes, acts and releases",
  seeds: () => {
    const answers = VECTORS.filter((v) => v.kind === "apdu" && /^(C[457]|D8|DA|0E|E0)/.test(v.hex));
    return [
      [Uint8Array.of(0), AARE],
      [Uint8Array.of(5), fromHex("6303800100")],
      ...answers.flatMap((v) =>
        [1, 2, 3, 4, 0x81].map((name) => [Uint8Array.of(name), fromHex(v.hex), fromHex(v.hex)]),
      ),
      [
        Uint8Array.of(1),
        fromHex("C402C100000000010003090441"),
        fromHex("C402C1010000000200 0342 4344".replaceAll(" ", "")),
      ],
      [Uint8Array.of(2), fromHex("C502C100000001"), fromHex("C502C100000002"), fromHex("C503C10000000003")],
      [Uint8Array.of(0x81), fromHex("E0C1000100010AC401C1000904414243 44".replaceAll(" ", ""))],
    ];
  },
  fresh: (dice) => Uint8Array.of(0xc4, 1, 0xc1 + dice.roll(2), 0, ...anyData(dice, 4)),
  run: async (input: Input) => [await wish(input)],
};
