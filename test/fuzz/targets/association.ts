/** ACSE: AARQ, RLRQ and what comes before an association is open, from every client the meter knows. */
import { fromHex, hlsAnswer } from "../../../host/client/index.ts";
import {
  aarqGmac,
  aarqLls,
  apduOf,
  get,
  handshakeOf,
  hlsReply,
  securityOf,
  type Exchange,
} from "../../device/apdus.ts";
import type { WrapperChannel } from "../../device/raw.ts";
import { AARQS } from "../../device/requests.ts";
import { ENERGY } from "../../device/rig.ts";
import { VECTORS } from "../../wire/vectors.ts";
import { anyRequest } from "../grammar.ts";
import { answerWord, FuzzMeter } from "../meter.ts";
import type { Input, Target } from "../target.ts";

/** First octet of a message, modulo their number: who speaks. The other connection is the last one. */
const CLIENTS = [1, 16, 102, 5];

let scene: { meter: FuzzMeter; channels: WrapperChannel[] } | undefined;

function booted(): NonNullable<typeof scene> {
  if (scene !== undefined) return scene;
  const meter = new FuzzMeter();
  const channels = CLIENTS.map((clientSap) => meter.raw.wrapper({ clientSap }));
  meter.mark();
  return (scene = { meter, channels });
}

const by = (client: number, apdu: Uint8Array): Uint8Array => Uint8Array.of(CLIENTS.indexOf(client), ...apdu);

export const association: Target = {
  name: "acse",
  about: "AARQ, RLRQ and requests of several clients on one connection",
  seeds: () => {
    const { meter, channels } = booted();
    const { identity } = meter.raw;
    const read = get(3, ENERGY, 2);
    const release = fromHex("6203800100");
    const vectors = VECTORS.filter((v) => v.kind === "acse" && /^6[02]/.test(v.hex)).map((v) => fromHex(v.hex));
    const opened = AARQS.map(({ make, name }) => {
      const client = name.includes("public") ? 16 : 1;
      return [by(client, make(channels[0] as Exchange, meter.raw)), by(client, read), by(client, release)];
    });
    // Pass 3 answers the challenge the meter gives in just this state.
    meter.rewind();
    const security = securityOf(identity);
    const request = aarqGmac(security);
    const aare = apduOf("aare", channels[0]!.exchange(request));
    const reply = security.seal(hlsReply(hlsAnswer(handshakeOf(identity, aare), security.counterTake())));
    return [
      ...opened,
      ...vectors.map((apdu) => [by(1, apdu), by(1, read)]),
      [by(1, request), by(1, reply), by(1, security.seal(read)), by(1, release)],
      [by(1, aarqLls(identity.keys.lls)), by(16, read), by(102, read), by(102, release), by(1, read)],
    ];
  },
  fresh: (dice) => Uint8Array.of(dice.roll(4), ...anyRequest(dice)),
  run: (input: Input) => {
    const { meter, channels } = booted();
    meter.rewind();
    return input.map((message) => {
      if (!meter.raw.isOpen(channels[0]!.slot)) return "closed";
      return answerWord(channels[(message[0] ?? 0) % CLIENTS.length]!.exchange(message.subarray(1)));
    });
  },
  visit: () => booted().meter.visit(),
};
