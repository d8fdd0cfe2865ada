/** Options of read, set and call for the security suites: which suite, what protects requests, and the files with the keys. */

import { createPrivateKey } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { type AssociationOptions } from "./association.ts";
import { certificatesOf, type Certificate } from "./certificate.ts";
import { keyPairOfObject, type KeyPair } from "./ec.ts";
import * as errors from "./errors.ts";
import { KEY_ESTABLISHMENTS, type KeyEstablishment } from "./general_protection.ts";
import { fromHex } from "./octets.ts";
import { type Layer } from "./security.ts";

/** What --key-info says: how the key is established, and whether later requests go on with it. */
export interface KeyInfoChoice {
  how: KeyEstablishment;
  once: boolean;
}

export interface SecurityCommandOptions {
  suite: number;
  protect?: readonly Layer[];
  keyInfo?: KeyInfoChoice;
  gbek?: Uint8Array;
  broadcast?: boolean;
  broadcastCounter?: number;
  masterKey?: Uint8Array;
  signingKey?: string;
  agreementKey?: string;
  certificate?: string;
  meterCertificates?: string;
  trust?: string;
  answerSigned?: boolean;
}

/** Layers by their names in --protect, innermost first. */
const LAYERS: Readonly<Record<string, readonly Layer[]>> = {
  cipher: ["cipher"],
  sign: ["sign"],
  "sign+cipher": ["sign", "cipher"],
  "cipher+sign": ["cipher", "sign"],
};

/** A symmetric key: 16 octets, 32 in suite 2. */
export function key(text: string): Uint8Array {
  const valid = /^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$/.test(text);
  if (!valid) throw new InvalidArgumentError("Give 16 octets as 32 hexadecimal digits (32 octets in suite 2).");
  return fromHex(text);
}

export function suite(text: string): number {
  if (!/^[012]$/.test(text)) throw new InvalidArgumentError("Allowed choices are 0, 1, 2.");
  return Number(text);
}

export function layers(text: string): readonly Layer[] {
  const found = LAYERS[text];
  if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${Object.keys(LAYERS).join(", ")}.`);
  return found;
}

/** Ways to establish a key that later requests can go on with. */
const KEPT: readonly string[] = ["wrapped", "one-pass", "static"];

export function keyInfo(text: string): KeyInfoChoice {
  const [how, then, ...more] = text.split(",");
  const once = then === "none" && more.length === 0;
  if (text === "none") {
    throw new InvalidArgumentError(
      "Without key-info a request goes on with the key of one before: say which, as in wrapped,none.",
    );
  }
  const known = KEY_ESTABLISHMENTS.find((one) => one === how && one !== "none");
  if (known !== undefined && (then === undefined || (once && KEPT.includes(known)))) return { how: known, once };
  throw new InvalidArgumentError(
    `Allowed choices are identified, ${KEPT.map((one) => `${one}, ${one},none`).join(", ")}.`,
  );
}

/** A counter that rises from one command to the next: seconds since 2000. */
function broadcastCounterNow(): number {
  return Math.floor((Date.now() - Date.UTC(2000, 0)) / 1000);
}

/** Add the options of a command that can go to many meters and has no answer. */
export function withBroadcastOptions(command: Command): Command {
  return command
    .option("--broadcast", "send it under the global broadcast key (--gbek): the meter does it and does not answer")
    .addOption(new Option("--gbek <hex>", "global broadcast encryption key").argParser(key))
    .addOption(
      new Option(
        "--broadcast-counter <n>",
        "invocation counter under the broadcast key (default: seconds since 2000)",
      ).argParser((text) => {
        if (/^\d+$/.test(text) && Number(text) < 0xffffffff) return Number(text);
        throw new InvalidArgumentError("Give a whole number from 0 to 4294967294.");
      }),
    );
}

/** Add the options of the suites to a command. */
export function withSecurityOptions(command: Command): Command {
  return command
    .addOption(new Option("--suite <n>", "security suite: 0, 1 or 2").argParser(suite).default(0))
    .addOption(
      new Option(
        "--protect <layers>",
        "what is put around requests, innermost first: cipher, sign, sign+cipher, cipher+sign (default cipher, as --security has it)",
      ).argParser(layers),
    )
    .addOption(
      new Option(
        "--key-info <how>",
        "cipher with general-ciphering, its key established so: identified, wrapped, one-pass, static; with ,none behind the last three (wrapped,none) the first request brings the key and the others go on with it",
      ).argParser(keyInfo),
    )
    .addOption(new Option("--master-key <hex>", "master key, for --key-info wrapped").argParser(key))
    .option("--signing-key <file>", "this client's digital signature key (PEM)")
    .option("--agreement-key <file>", "this client's key agreement key (PEM)")
    .option("--certificate <file>", "certificate of the signing key, sent with --auth ecdsa (PEM or DER)")
    .option("--meter-certificates <file>", "certificates of the meter (PEM or DER)")
    .option("--trust <file>", "certificates of the authorities that certificates must lead back to (PEM or DER)")
    .option("--answer-signed", "take signed answers only");
}

/** Names of these options in a keys file; file names in it are relative to the keys file. */
export const SECURITY_FROM_FILE: Readonly<Record<string, (text: string) => unknown>> = {
  suite,
  protect: layers,
  keyInfo,
  masterKey: key,
  gbek: key,
};

/** Options of a keys file that name files. */
const FILES = ["signingKey", "agreementKey", "certificate", "meterCertificates", "trust"] as const;

/** Readers of the file names in `keysFile`. */
export function filesFrom(keysFile: string): Record<string, (text: string) => string> {
  const beside = (text: string): string => (isAbsolute(text) ? text : join(dirname(keysFile), text));
  return Object.fromEntries(FILES.map((name) => [name, beside]));
}

/** Whether these options need an association with keys and counters. */
export function securityWanted(o: SecurityCommandOptions): boolean {
  return o.protect?.includes("sign") === true || o.keyInfo !== undefined;
}

/** What the association makes of the options; reads the files. */
export function securityOptions(o: SecurityCommandOptions): AssociationOptions {
  const certificate = o.certificate === undefined ? undefined : certificatesRead("--certificate", o.certificate)[0];
  const authorities = o.trust === undefined ? undefined : certificatesRead("--trust", o.trust);
  return {
    suite: o.suite,
    ...(o.protect === undefined ? {} : { layers: o.protect }),
    ...(o.keyInfo === undefined
      ? {}
      : { family: "general", keyEstablishment: o.keyInfo.how, keyInfoOnce: o.keyInfo.once }),
    ...(o.gbek === undefined ? {} : { gbek: o.gbek }),
    ...(o.broadcast === true ? { broadcastCounter: o.broadcastCounter ?? broadcastCounterNow() } : {}),
    ...(o.masterKey === undefined ? {} : { masterKey: o.masterKey }),
    ...(o.signingKey === undefined ? {} : { signing: keyPairRead("--signing-key", o.signingKey) }),
    ...(o.agreementKey === undefined ? {} : { agreement: keyPairRead("--agreement-key", o.agreementKey) }),
    ...(certificate === undefined ? {} : { certificate: certificate.der }),
    ...(o.meterCertificates === undefined
      ? {}
      : { certificates: certificatesRead("--meter-certificates", o.meterCertificates) }),
    ...(authorities === undefined ? {} : { trust: { anchors: authorities } }),
    ...(o.answerSigned === undefined ? {} : { answerSigned: o.answerSigned }),
  };
}

function fileRead(option: string, path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (cause) {
    throw new errors.DlmsError(`${option}: cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function certificatesRead(option: string, path: string): Certificate[] {
  const octets = fileRead(option, path);
  try {
    return certificatesOf(octets);
  } catch (cause) {
    throw new errors.DlmsError(`${option}: ${path}: ${(cause as Error).message}`, { cause });
  }
}

function keyPairRead(option: string, path: string): KeyPair {
  const octets = fileRead(option, path);
  let pair: KeyPair;
  try {
    pair = keyPairOfObject(createPrivateKey(Buffer.from(octets)));
  } catch (cause) {
    throw new errors.DlmsError(`${option}: ${path} holds no private EC key as PEM: ${(cause as Error).message}`, {
      cause,
    });
  }
  if ((statSync(path).mode & 0o077) !== 0 && process.platform !== "win32") {
    process.stderr.write(`warning: ${path}: others can read this private key; chmod 600 keeps it private\n`);
  }
  return pair;
}
