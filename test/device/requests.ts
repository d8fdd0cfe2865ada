/** One good request of each kind, with the state it belongs to: what the hostile tests change. */
import {
  attribute,
  data as d,
  encodeApdu,
  entrySelection,
  fromHex,
  hlsAnswer,
  MECHANISM,
  method,
} from "../../host/client/index.ts";
import {
  aarq,
  aarqGmac,
  aarqLls,
  act,
  apduOf,
  associateGmac,
  associateLls,
  authentication,
  get,
  getNext,
  handshakeOf,
  hlsReply,
  initiate,
  securityOf,
  set,
  type Exchange,
} from "./apdus.ts";
import type { RawMeter } from "./raw.ts";
import { CHALLENGE, CLOCK, CURRENT_ASSOCIATION, ENERGY, LOAD_PROFILE, SECURITY_SETUP, TEXT } from "./rig.ts";

/** Brings a channel to the state a request belongs to, and makes the request. */
export interface Sample {
  readonly name: string;
  readonly make: (channel: Exchange, meter: RawMeter) => Uint8Array;
}

const INVOKE = { id: 1, confirmed: true, high: true };
const TITLE = fromHex("4D4D4D0000BC614E");
const DEDICATED = new Uint8Array(16).fill(9);
const READ = get(3, ENERGY, 2);
const WRITE = set(1, TEXT, 2, d.octetString(fromHex("4142")));
const POLICY = act(64, SECURITY_SETUP, 1, { type: "enum", value: 0x24 });
const NAMES = [attribute(3, ENERGY, 2), attribute(1, TEXT, 2)];
const BLOCK = { last: false, block: 1, raw: fromHex("090441") };

const outside = (name: string, make: Sample["make"]): Sample => ({ name, make });

/** A request in an association with password. */
const plain = (name: string, apdu: Uint8Array, before?: Uint8Array): Sample => ({
  name,
  make: (channel, meter) => {
    associateLls(channel, meter.identity, initiate({ pduSizeMax: 200 }));
    if (before !== undefined) channel.exchange(before);
    return apdu;
  },
});

/** A request in a ciphered association. */
const ciphered = (name: string, apdu: Uint8Array, family: "glo" | "ded" | "general-glo", control = 0x30): Sample => ({
  name,
  make: (channel, meter) => {
    const request = initiate({ dedicatedKey: DEDICATED });
    const { security } = associateGmac(channel, meter.identity, 1, request);
    security.dedicatedKey = DEDICATED;
    return security.seal(apdu, family, control);
  },
});

export const AARQS: readonly Sample[] = [
  outside("AARQ of the public client", () => aarq()),
  outside("AARQ with password", (_, meter) => aarqLls(meter.identity.keys.lls)),
  outside("AARQ with GMAC", () => aarq({ ...authentication(MECHANISM.HLS_GMAC, CHALLENGE), callingApTitle: TITLE })),
  outside("AARQ ciphered", (_, meter) =>
    aarqGmac(securityOf(meter.identity), {}, initiate({ dedicatedKey: DEDICATED })),
  ),
];

export const PLAIN: readonly Sample[] = [
  plain("GET", READ),
  plain("GET of a long value", get(15, CURRENT_ASSOCIATION, 2)),
  plain("GET with selection", get(7, LOAD_PROFILE, 2, entrySelection(1, 3))),
  plain("GET next", getNext(1), get(15, CURRENT_ASSOCIATION, 2)),
  plain("GET with list", encodeApdu({ kind: "get-request-with-list", invoke: INVOKE, list: NAMES })),
  plain("SET", WRITE),
  plain("SET of the clock", set(8, CLOCK, 2, d.octetString(fromHex("07EA0105010D000000FFC400")))),
  plain(
    "SET with list",
    encodeApdu({
      kind: "set-request-with-list",
      invoke: INVOKE,
      list: NAMES,
      values: [d.NULL_DATA, d.octetString(fromHex("43"))],
    }),
  ),
  plain(
    "SET, first block",
    encodeApdu({ kind: "set-request-with-first-datablock", invoke: INVOKE, descriptor: NAMES[1]!, block: BLOCK }),
  ),
  plain(
    "SET, last block",
    encodeApdu({
      kind: "set-request-with-datablock",
      invoke: INVOKE,
      block: { last: true, block: 2, raw: fromHex("424344") },
    }),
    encodeApdu({ kind: "set-request-with-first-datablock", invoke: INVOKE, descriptor: NAMES[1]!, block: BLOCK }),
  ),
  plain("ACTION", act(7, LOAD_PROFILE, 1, d.integer(0))),
  plain(
    "ACTION with list",
    encodeApdu({
      kind: "action-request-with-list",
      invoke: INVOKE,
      list: [method(7, LOAD_PROFILE, 2)],
      parameters: [d.integer(0)],
    }),
  ),
  plain(
    "ACCESS",
    encodeApdu({
      kind: "access-request",
      invoke: { id: 1, selfDescriptive: true, breakOnError: false, confirmed: true, high: false },
      dateTime: new Uint8Array(0),
      specification: [
        { service: "get", descriptor: NAMES[0]! },
        { service: "set", descriptor: NAMES[1]! },
      ],
      data: [d.NULL_DATA, d.octetString(fromHex("44"))],
    }),
  ),
  plain(
    "GET in a general block transfer",
    encodeApdu({
      kind: "general-block-transfer",
      lastBlock: true,
      streaming: false,
      window: 1,
      blockNumber: 1,
      blockNumberAck: 0,
      data: READ,
    }),
  ),
  plain("RLRQ", fromHex("6203800100")),
];

export const CIPHERED: readonly Sample[] = [
  ciphered("glo-GET", READ, "glo"),
  ciphered("glo-SET, authenticated only", WRITE, "glo", 0x10),
  ciphered("glo-ACTION", POLICY, "glo"),
  ciphered("ded-SET", WRITE, "ded"),
  ciphered("general-glo GET", READ, "general-glo"),
  {
    name: "RLRQ ciphered",
    make: (channel, meter) => {
      const { security } = associateGmac(channel, meter.identity);
      return encodeApdu({ kind: "rlrq", reason: 0, userInformation: security.seal(initiate(), "glo") });
    },
  },
  {
    name: "pass 3 of HLS-GMAC",
    make: (channel, meter) => {
      const security = securityOf(meter.identity);
      const aare = apduOf("aare", channel.exchange(aarqGmac(security)));
      return security.seal(hlsReply(hlsAnswer(handshakeOf(meter.identity, aare), security.counterTake())));
    },
  },
];
