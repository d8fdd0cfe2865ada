/** The parsers of host/client/: octets give a value or a DlmsError, nothing else. */
import { certificateParse, certificatesOf } from "../../../host/client/certificate.ts";
import {
  decodeApdu,
  decodeData,
  DlmsError,
  fromHex,
  hdlcFrame,
  objectListOf,
  rowsRebuild,
  WpduReader,
} from "../../../host/client/index.ts";
import { certificateInfos } from "../../../host/client/security_setup.ts";
import { VECTORS } from "../../wire/vectors.ts";
import { anyData } from "../mutate.ts";
import type { Input, Target } from "../target.ts";
import { certificates } from "./certificate.ts";

type Parser = (octets: Uint8Array) => string;

/** Octet 0 of a message, modulo their number. */
const PARSERS: Readonly<Record<string, Parser>> = {
  apdu: (octets) => decodeApdu(octets).kind,
  data: (octets) => decodeData(octets).type,
  frame: (octets) => hdlcFrame.frameDecode(octets).control.type,
  line: (octets) => String(new hdlcFrame.FrameReader().feed(octets).length),
  stuffed: (octets) => String(new hdlcFrame.FrameReader("rfc1662").feed(octets).length),
  parameters: (octets) => Object.keys(hdlcFrame.parametersParse(octets)).join(),
  reject: (octets) => hdlcFrame.frameRejectText(hdlcFrame.frameRejectParse(octets)).slice(0, 4),
  wpdu: (octets) => String(new WpduReader().feed(octets).length),
  objects: (octets) => String(Math.min(objectListOf(decodeData(octets)).length, 4)),
  rows: (octets) => String(Math.min(rowsRebuild(decodeData(octets), 900).length, 4)),
  certificate: (octets) => typeof certificateParse(octets),
  file: (octets) => String(certificatesOf(octets).length),
  infos: (octets) => String(certificateInfos(decodeData(octets)).length),
};
const NAMES = Object.keys(PARSERS);
const by = (name: string, octets: Uint8Array): Uint8Array => Uint8Array.of(NAMES.indexOf(name), ...octets);

export const clientParsers: Target = {
  name: "client-parsers",
  about: "octets for every parser of the client",
  seeds: () => [
    ...VECTORS.filter((v) => /apdu|acse/.test(v.kind)).map((v) => [by("apdu", fromHex(v.hex))]),
    ...VECTORS.filter((v) => v.kind === "data").flatMap((v) =>
      ["data", "objects", "rows", "infos"].map((name) => [by(name, fromHex(v.hex))]),
    ),
    ...VECTORS.filter((v) => v.kind === "frame" && v.area === "A.HDLC").flatMap((v) => [
      [by("line", fromHex(v.hex))],
      [by("stuffed", fromHex(v.hex))],
      [by("frame", fromHex(v.hex).subarray(1, -1))],
    ]),
    ...VECTORS.filter((v) => v.kind === "wrapper").map((v) => [by("wpdu", fromHex(v.hex))]),
    [by("parameters", fromHex("81801405020080060200800704000000010804000000 01".replaceAll(" ", "")))],
    [by("reject", fromHex("9732 01".replaceAll(" ", "")))],
    ...certificates().flatMap((der) => [[by("certificate", der)], [by("file", der)]]),
  ],
  fresh: (dice) => by(["data", "objects", "rows", "infos"][dice.roll(4)]!, anyData(dice, 5)),
  run: (input: Input) =>
    input.map((message) => {
      const name = NAMES[(message[0] ?? 0) % NAMES.length]!;
      try {
        return `${name} ${PARSERS[name]!(message.subarray(1))}`;
      } catch (error) {
        if (!(error instanceof DlmsError)) throw error;
        return `${name} ${error.name} ${error.message.replaceAll(/[\dA-F]+/g, "#").slice(0, 60)}`;
      }
    }),
};
