/** Loads `assembly/testing_pki.ts`, the entry that shows the certificate parser to its tests. */
import { type TestingExports, testingModule } from "../testing.ts";

const PAGES = 64;
const PAGE = 65536;

const NUMBERS = ["keySize", "type", "certifies", "titleKnown", "notBefore", "notAfter", "pathLimit"] as const;
const OCTETS = ["signed", "serial", "issuer", "subject", "key", "subjectKey", "authorityKey", "title"] as const;

export type Parsed = Record<(typeof NUMBERS)[number], number> & Record<(typeof OCTETS)[number], Buffer>;

/** certificate_type */
export const Type = { SIGNATURE: 0, AGREEMENT: 1, TLS: 2, OTHER: 3 } as const;

let module: WebAssembly.Module | undefined;

/** One instance. The certificate lies at the very end of the memory, so that reading one octet too far traps. */
export class Pki {
  private readonly x: TestingExports;
  private readonly octets: Uint8Array;
  private free = 0;

  constructor() {
    module ??= testingModule("testing_pki", ["session", "store", "wire", "crypto", "base"]);
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    this.x = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as TestingExports;
    this.octets = new Uint8Array(memory.buffer);
  }

  /** 0 or Err. */
  judge(der: Uint8Array): number {
    const at = PAGES * PAGE - der.length;
    this.octets.set(der, at);
    return this.x.parse!(at, der.length);
  }

  /** What stands in a certificate, or Err. */
  parse(der: Uint8Array): Parsed | number {
    const err = this.judge(der);
    if (err !== 0) return err;
    const numbers = NUMBERS.map((name, i) => [name, this.x.number!(i)]);
    const octets = OCTETS.map((name, i) => {
      const at = this.x.octetsAt!(i);
      return [name, Buffer.from(this.octets.slice(at, at + this.x.octetsSize!(i)))];
    });
    return Object.fromEntries([...numbers, ...octets]) as Parsed;
  }

  /** Boots a meter of a template from provision records at a time, ms. */
  boot(image: Uint8Array, provision: Uint8Array, time: number): void {
    this.octets.set(image, this.x.address!(0));
    if (this.x.plan!(image.length) !== 0) throw new Error("the template is refused");
    this.free = this.x.address!(1);
    if (this.x.boot!(this.put(provision), provision.length, time) !== 0) throw new Error("the records are refused");
  }

  private put(octets: Uint8Array): number {
    const at = this.free;
    this.octets.set(octets, at);
    this.free += (octets.length + 7) & ~7;
    return at;
  }

  private slice(at: number, size: number): Buffer | undefined {
    return at === 0 ? undefined : Buffer.from(this.octets.slice(at, at + size));
  }

  privateKey(context: number, purpose: number, size: number): Buffer | undefined {
    return this.slice(this.x.privateKey!(context, purpose), size);
  }

  ownCertificate(context: number, type: number, size: number): Buffer | undefined {
    return this.slice(this.x.ownCertificate!(context, type), size);
  }

  /** The public key that the meter knows of a title. */
  certificateKey(context: number, entity: number, type: number, title: Uint8Array, size: number): Buffer | undefined {
    const free = this.free;
    const out = this.put(Buffer.alloc(size));
    const found = this.x.certificateKey!(context, entity, type, this.put(title), out) !== 0;
    this.free = free;
    return found ? this.slice(out, size) : undefined;
  }

  /** The public key of a certificate that a peer offers, if it is believed. */
  offered(context: number, der: Uint8Array, type: number, title: Uint8Array, size: number): Buffer | undefined {
    const free = this.free;
    const out = this.put(Buffer.alloc(size));
    const good = this.x.offered!(context, this.put(der), der.length, type, this.put(title), out) !== 0;
    this.free = free;
    return good ? this.slice(out, size) : undefined;
  }
}
