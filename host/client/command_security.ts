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

export interface SecurityCommandOptions {
  suite: number;
  protect?: readonly Layer[];
  keyInfo?: KeyEstablishment;
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
      new Option("--key-info <how>", "cipher with general-ciphering, its key established so").choices(
        KEY_ESTABLISHMENTS.filter((how) => how !== "none"),
      ),
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
  keyInfo: (text) => {
    const found = KEY_ESTABLISHMENTS.find((how) => how === text);
    if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${KEY_ESTABLISHMENTS.join(", ")}.`);
    return found;
  },
  masterKey: key,
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
    ...(o.keyInfo === undefined ? {} : { family: "general", keyEstablishment: o.keyInfo }),
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
