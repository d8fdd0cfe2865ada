/** Firmware images (docs/IMAGE.md), and their way into a meter by Image transfer (Blue Book, class_id 18). */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { boolean, doubleLongUnsigned, integer, numberOf, octetString, structure } from "./data.ts";
import type { Data } from "./axdr.ts";
import { ActionError, DlmsError } from "./errors.ts";
import { attribute, type Client, method } from "./session.ts";

const CLASS_IMAGE_TRANSFER = 18;
/** The image transfer object of the meter's own firmware. */
export const IMAGE_TRANSFER = "0-0:44.0.0.255";

const MAGIC = "DLMI";
const VERSION = 1;
const CHECK = { digest: 0, signature: 1 };
const TRAILER_SIZE = [32, 64];
const HEAD_SIZE = 8;
const IDENTIFIER_MAX = 48;
const TARGET_MAX = 16;

/** image_transfer_status. */
export const IMAGE_STATUS = [
  ...["transfer not initiated", "transfer initiated", "verification initiated", "verification successful"],
  ...["verification failed", "activation initiated", "activation successful", "activation failed"],
];

export interface FirmwareImage {
  /** What the firmware is called: 1-x:0.2.0.255 shows it when the image is active. */
  readonly identifier: Uint8Array;
  /** 1 core (1-0:0.2.0.255), 2 application (1-1), 3 communication module (1-2) */
  readonly firmware: number;
  /** What the logical device names of the meters it is for begin with; empty = all */
  readonly target: Uint8Array;
  readonly payload: Uint8Array;
}

/** Public key of a P-256 private key, x || y, as `signedBy` of a template has it. */
export function imageKeyOf(key: KeyObject): Uint8Array {
  const jwk = createPublicKey(key).export({ format: "jwk" });
  if (jwk.crv !== "P-256") throw new DlmsError("images are signed with a key on P-256");
  return Buffer.concat([Buffer.from(jwk.x!, "base64url"), Buffer.from(jwk.y!, "base64url")]);
}

/** A private key in PEM; throws when it is none on P-256. */
export function imageKeyRead(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  imageKeyOf(key);
  return key;
}

function shortOctets(octets: Uint8Array, most: number, what: string): Buffer {
  if (octets.length > most) throw new DlmsError(`the ${what} has ${octets.length} octets (limit ${most})`);
  return Buffer.concat([Uint8Array.of(octets.length), octets]);
}

/** The octets of an image, with an ECDSA signature of `key`, or without one with a SHA-256 digest. */
export function firmwareImageEmit(image: FirmwareImage, key?: KeyObject): Uint8Array {
  if (image.identifier.length === 0) throw new DlmsError("an image needs an identifier");
  if (![1, 2, 3].includes(image.firmware)) throw new DlmsError("firmware is 1, 2 or 3");
  const size = Buffer.alloc(4);
  size.writeUInt32BE(image.payload.length);
  const checked = Buffer.concat([
    Buffer.from(MAGIC, "latin1"),
    Uint8Array.of(VERSION, key === undefined ? CHECK.digest : CHECK.signature, image.firmware, 0),
    shortOctets(image.target, TARGET_MAX, "beginning of the logical device name"),
    shortOctets(image.identifier, IDENTIFIER_MAX, "identifier"),
    size,
    image.payload,
  ]);
  const trailer =
    key === undefined
      ? createHash("sha256").update(checked).digest()
      : sign("sha256", checked, { key, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([checked, trailer]);
}

/** Identifier of an image, from its head; throws when the octets are no image. */
export function firmwareImageParse(octets: Uint8Array): FirmwareImage & { trailer: Uint8Array; signed: boolean } {
  const wrong = (what: string): never => {
    throw new DlmsError(`this is no firmware image: ${what}`);
  };
  const view = Buffer.from(octets);
  if (view.length < HEAD_SIZE + 6 || view.toString("latin1", 0, 4) !== MAGIC) wrong(`it does not begin with ${MAGIC}`);
  const [version, check, firmware] = [view[4]!, view[5]!, view[6]!];
  if (version !== VERSION) wrong(`format version ${version}, this is ${VERSION}`);
  const trailerSize = TRAILER_SIZE[check] ?? wrong(`check ${check}`);
  const target = view.subarray(HEAD_SIZE + 1, HEAD_SIZE + 1 + view[HEAD_SIZE]!);
  const identifierAt = HEAD_SIZE + 1 + target.length;
  const identifier = view.subarray(identifierAt + 1, identifierAt + 1 + (view[identifierAt] ?? 0));
  const payloadAt = identifierAt + 1 + identifier.length + 4;
  if (payloadAt > view.length) wrong("it ends early");
  const size = view.readUInt32BE(payloadAt - 4);
  if (payloadAt + size + trailerSize !== view.length) wrong(`${view.length} octets, its head says otherwise`);
  const payload = view.subarray(payloadAt, payloadAt + size);
  return { identifier, firmware, target, payload, trailer: view.subarray(payloadAt + size), signed: check === 1 };
}

/** How far a transfer is. */
export interface TransferProgress {
  readonly blocks: number;
  readonly done: number;
}

export interface TransferOptions {
  /** Octets at the beginning of the meter's own image are kept and only what is missing goes, where it is the same image. Default true */
  resume?: boolean;
  /** After the verification. Default true */
  activate?: boolean;
  progress?(at: TransferProgress): void;
  /** Waits between two looks at the status, ms; default 500 */
  wait?: (ms: number) => Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const STATUS_WAIT_MS = 500;
const STATUS_LOOKS = 600;
const TEMPORARY_FAILURE = 2;

/** The image transfer of a meter, step by step. */
export class ImageTransfer {
  private readonly client: Client;
  private readonly name: string;

  constructor(client: Client, logicalName = IMAGE_TRANSFER) {
    this.client = client;
    this.name = logicalName;
  }

  private get(id: number): Promise<Data> {
    return this.client.get(attribute(CLASS_IMAGE_TRANSFER, this.name, id));
  }

  private async call(id: number, parameter: Data): Promise<void> {
    await this.client.action(method(CLASS_IMAGE_TRANSFER, this.name, id), parameter);
  }

  async blockSize(): Promise<number> {
    return numberOf(await this.get(2), "image_block_size");
  }

  /** Which blocks have come, the first first. */
  async transferred(): Promise<boolean[]> {
    const data = await this.get(3);
    if (data.type !== "bit-string") throw new DlmsError("image_transferred_blocks_status is no bit-string");
    return [...data.value].map((bit) => bit === "1");
  }

  async firstMissing(): Promise<number> {
    return numberOf(await this.get(4), "image_first_not_transferred_block_number");
  }

  async status(): Promise<number> {
    return numberOf(await this.get(6), "image_transfer_status");
  }

  info(): Promise<Data> {
    return this.get(7);
  }

  async enable(on: boolean): Promise<void> {
    await this.client.set(attribute(CLASS_IMAGE_TRANSFER, this.name, 5), boolean(on));
  }

  async initiate(identifier: Uint8Array, size: number): Promise<void> {
    await this.call(1, structure(octetString(identifier), doubleLongUnsigned(size)));
  }

  async block(index: number, octets: Uint8Array): Promise<void> {
    await this.call(2, structure(doubleLongUnsigned(index), octetString(octets)));
  }

  async verify(): Promise<void> {
    await this.call(3, integer(0));
  }

  async activate(): Promise<void> {
    await this.call(4, integer(0));
  }

  /** Runs a method that may take its time; the status it ends with. */
  private async settled(run: () => Promise<void>, busy: number, wait: (ms: number) => Promise<void>): Promise<number> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof ActionError) || error.code !== TEMPORARY_FAILURE) throw error;
    }
    for (let looks = 0; looks < STATUS_LOOKS; looks++) {
      const status = await this.status();
      if (status !== busy) return status;
      await wait(STATUS_WAIT_MS);
    }
    throw new DlmsError("the meter does not come to an end with the image");
  }

  /** Brings an image into the meter: what it lacks of it, verification, activation. Throws where the meter does not want it. */
  async run(octets: Uint8Array, options: TransferOptions = {}): Promise<void> {
    const { identifier } = firmwareImageParse(octets);
    const wait = options.wait ?? sleep;
    await this.enable(true);
    const size = await this.blockSize();
    const blocks = Math.ceil(octets.length / size);
    let have = await this.transferred();
    const same = options.resume === true && have.length === blocks && (await this.status()) === 1;
    if (!same) {
      await this.initiate(identifier, octets.length);
      have = [];
    }
    for (let i = 0; i < blocks; i++) {
      if (have[i] !== true) await this.block(i, octets.subarray(i * size, (i + 1) * size));
      options.progress?.({ blocks, done: i + 1 });
    }
    const verified = await this.settled(() => this.verify(), 2, wait);
    if (verified !== 3) throw new DlmsError(`the meter does not accept the image: ${statusText(verified)}`);
    if (options.activate === false) return;
    const active = await this.settled(() => this.activate(), 5, wait);
    if (active !== 6) throw new DlmsError(`the meter does not activate the image: ${statusText(active)}`);
  }
}

function statusText(status: number): string {
  return IMAGE_STATUS[status] ?? `status ${status}`;
}
