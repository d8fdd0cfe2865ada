/** Key files: secrets that only their owner reads, certificates that anybody may. */
import { createPrivateKey } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, certificatePem, certificatesOf } from "../client/certificate.ts";
import { type KeyPair, keyPairOfObject, privateKeyObject } from "../client/ec.ts";
import type { Authority, Entity } from "./infrastructure.ts";

/** Something with a file that people can mend: one line. */
export class KeyFileError extends Error {}

/** Writes files of one folder; nothing is written over unless `force`. */
export class KeyFolder {
  readonly path: string;
  readonly written: string[] = [];
  private readonly force: boolean;

  constructor(path: string, force: boolean) {
    this.path = path;
    this.force = force;
  }

  /** A file for its owner alone. */
  secret(name: string, text: string): void {
    this.write(name, text, 0o600);
  }

  /** A file that may be handed out. */
  open(name: string, text: string): void {
    this.write(name, text, 0o644);
  }

  /** A private key as PKCS#8 and its certificate, as NAME.key.pem and NAME.pem. */
  certified(name: string, pair: KeyPair, certificate: Certificate): void {
    this.secret(`${name}.key.pem`, keyPem(pair));
    this.open(`${name}.pem`, certificatePem(certificate.der));
  }

  entity(name: string, entity: Entity): void {
    this.certified(`${name}-sign`, entity.signing.pair, entity.signing.certificate);
    this.certified(`${name}-agree`, entity.agreement.pair, entity.agreement.certificate);
  }

  private write(name: string, text: string, mode: number): void {
    const path = join(this.path, name);
    if (!this.force && existsSync(path)) throw new KeyFileError(`${path} exists; --force writes over it`);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      writeFileSync(path, text, { mode, flag: this.force ? "w" : "wx" });
      // A file that was there keeps its mode when it is written over.
      chmodSync(path, mode);
    } catch (cause) {
      throw new KeyFileError(`cannot write ${path}: ${(cause as Error).message}`, { cause });
    }
    this.written.push(path);
  }
}

/** A private key as PKCS#8 PEM. */
export function keyPem(pair: KeyPair): string {
  return privateKeyObject(pair).export({ format: "pem", type: "pkcs8" }).toString();
}

function read<T>(path: string, what: string, parse: (octets: Buffer) => T): T {
  try {
    return parse(readFileSync(path));
  } catch (cause) {
    throw new KeyFileError(`${path}: no ${what}: ${(cause as Error).message}`, { cause });
  }
}

/** The key pair of a PEM file. */
export function keyPairRead(path: string): KeyPair {
  return read(path, "private EC key", (octets) => keyPairOfObject(createPrivateKey(octets)));
}

/** The certificates of a PEM or DER file. */
export function certificatesRead(path: string): Certificate[] {
  return read(path, "certificate", (octets) => certificatesOf(Uint8Array.from(octets)));
}

/** An authority of a folder that `keys ca` or `keys demo` wrote. */
export function authorityRead(folder: string, name: "root" | "sub"): Authority {
  const certificate = certificatesRead(join(folder, `${name}.pem`))[0]!;
  const pair = keyPairRead(join(folder, `${name}.key.pem`));
  if (Buffer.compare(pair.publicKey, certificate.publicKey) !== 0) {
    throw new KeyFileError(`${folder}: ${name}.key.pem is not the key of ${name}.pem`);
  }
  return { commonName: certificate.commonName, name: certificate.subject, pair, certificate };
}
