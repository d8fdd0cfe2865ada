/** Ciphered APDUs, sealed with the right keys so that their inside is reached, or changed behind it. */
import { fromHex, type Family, type Security } from "../../../host/client/index.ts";
import { associateGmac, initiate, type Ciphered } from "../../device/apdus.ts";
import type { WrapperChannel } from "../../device/raw.ts";
import { anyRequest } from "../grammar.ts";
import { answerWord, FuzzMeter } from "../meter.ts";
import type { Input, Target } from "../target.ts";
import { plainApdu } from "./apdu.ts";

/** Octet 0 of a message, modulo their number: how the APDU behind octet 2 is sealed. */
const FORMS: readonly [Family | "plain", number][] = [
  ["glo", 0x30],
  ["glo", 0x10],
  ["ded", 0x30],
  ["general-glo", 0x30],
  ["general-ded", 0x30],
  ["general", 0x30],
  ["plain", 0],
  ["glo", 0x20],
  ["glo", 0xb0],
  ["glo", 0x70],
];
const DEDICATED = new Uint8Array(16).fill(9);

let scene: { meter: FuzzMeter; channel: WrapperChannel; opened: Ciphered; counter: number } | undefined;

function booted(): NonNullable<typeof scene> {
  if (scene !== undefined) return scene;
  const meter = new FuzzMeter();
  const channel = meter.raw.wrapper();
  const request = initiate({ dedicatedKey: DEDICATED, pduSizeMax: 300 });
  const opened = associateGmac(channel, meter.raw.identity, 1, request);
  opened.security.dedicatedKey = DEDICATED;
  opened.security.gbek = meter.raw.identity.keys.gbek;
  opened.security.general.checkTransaction = false;
  opened.security.checkCounters = false;
  meter.mark();
  return (scene = { meter, channel, opened, counter: opened.security.counter });
}

/** Seals; then octet 1 turns bits of the octet that octet 2 names, 0 = none. */
function sealed(message: Uint8Array, security: Security): Uint8Array {
  const [form = 0, bits = 0, at = 0] = message;
  const plain = message.subarray(3);
  const [family, control] = FORMS[form % FORMS.length]!;
  if (family === "plain" || plain.length === 0) return plain;
  const octets = Uint8Array.from(security.seal(plain, family, control));
  octets[at % octets.length]! ^= bits;
  return octets;
}

function opened(answer: Uint8Array, security: Security): string {
  // Blocks and exceptions come as they are; what is inside blocks is ciphered and cut.
  if ([0xd8, 0xe0, 0x61, 0x63].includes(answer[0]!)) return answerWord(answer);
  if ([0xc4, 0xc5, 0xc7, 0xda, 0x0e, 0x0c, 0x0d].includes(answer[0]!)) return `plain ${answerWord(answer)}`;
  return `${answer[0]!.toString(16)} ${answerWord(security.open(answer).text)}`;
}

export const cipheredApdu: Target = {
  name: "ciphered",
  about: "APDUs under global, dedicated and general protection, with the right keys or nearly so",
  seeds: () => [
    ...plainApdu.seeds().map((input) => input.map((apdu) => Uint8Array.of(0, 0, 0, ...apdu))),
    ...FORMS.map((_, form) => [Uint8Array.of(form, 0, 0, ...fromHex("C001C100030100010800FF0200"))]),
    [
      Uint8Array.of(0, 1, 9, ...fromHex("C001C100030100010800FF0200")),
      Uint8Array.of(0, 0, 0, ...fromHex("6203800100")),
    ],
  ],
  fresh: (dice) =>
    Uint8Array.of(dice.roll(FORMS.length), dice.roll(4) === 0 ? dice.roll(256) : 0, dice.roll(40), ...anyRequest(dice)),
  run: (input: Input) => {
    const { meter, channel, opened: client, counter } = booted();
    const { security } = client;
    meter.rewind();
    Object.assign(security, { counter, dedicatedCounter: 0 });
    return input.map((message) => {
      if (!meter.raw.isOpen(channel.slot)) return "closed";
      const items = meter.raw.feed(channel.slot, channel.wpdu(sealed(message, security)));
      return items.map((item) => opened(item.subarray(8), security)).join(" + ") || "silence";
    });
  },
  visit: () => booted().meter.visit(),
};
