/** Every fuzz target, one a layer. */
import type { Target } from "../target.ts";
import { plainApdu } from "./apdu.ts";
import { association } from "./association.ts";
import { axdr } from "./axdr.ts";
import { certificateDer } from "./certificate.ts";
import { cipheredApdu } from "./ciphered.ts";
import { clientParsers } from "./client_parsers.ts";
import { clientSession } from "./client_session.ts";
import { flashReplay } from "./flash.ts";
import { hdlc } from "./hdlc.ts";
import { templateImage } from "./image.ts";
import { modeE } from "./mode_e.ts";
import { provision } from "./provision.ts";
import { wrapperTcp, wrapperUdp } from "./wrapper.ts";

export const TARGETS: readonly Target[] = [
  hdlc,
  modeE,
  wrapperTcp,
  wrapperUdp,
  association,
  plainApdu,
  cipheredApdu,
  axdr,
  templateImage,
  provision,
  flashReplay,
  clientParsers,
  clientSession,
  certificateDer,
];
