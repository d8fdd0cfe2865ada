/**
 * The layers of protection around the request under way, outermost first: what was found when they were opened, and what the
 * response goes back in (GB9 9.2.7.2; decision 13). Scratch: every APDU begins with none.
 */
import { SYSTEM_TITLE_SIZE } from "../base/limits";
import { ELLIPTIC } from "../base/suites";
import { Slot } from "../session/slot";
import { CipherFamily, SecurityControl } from "../wire/ciphered";

/** Layers an APDU may have (a third party's two inside the client's one). */
export const LAYERS_MAX: u32 = 3;

/** Which key a ciphered layer is under. */
export const enum KeySource {
  UNICAST = 0,
  BROADCAST = 1,
  DEDICATED = 2,
  /** A key of general-ciphering: it stands in the layer. */
  SESSION = 3,
}

@unmanaged
export class Layer {
  /** CipherFamily; SIGNED for general-signing. */
  kind: u32;
  control: u32;
  counter: u32;
  /** Lowest counter its key accepts. */
  lowest: u32;
  /** KeySource, and for SESSION its KeyOrigin. */
  source: u32;
  origin: u32;
  /** A session key that this layer brings, which is kept once all layers have opened; a transaction-id to be remembered. */
  fresh: u32;
  remembered: u32;
  /** KeyInfo of general-ciphering. */
  keyInfo: i32;
  /** Octets of the transaction-id, in the inbound APDU. */
  transactionSize: u32;
  transactionAt: usize;
  /** 1 = the originator is the association's client, 0 = a third party. */
  fromClient: u32;
  originator: u64;

  // key[32] follows.

  @inline
  get key(): usize {
    return changetype<usize>(this) + offsetof<Layer>();
  }

  /** Whether a tag proved its counter. */
  @inline
  get proved(): bool {
    return (this.control & SecurityControl.AUTHENTICATED) != 0;
  }

  /** Whether it is general-signing, which suite 0 does not have. */
  get isSigned(): bool {
    return ELLIPTIC && this.kind == SIGNED;
  }

  /** Whether its originator is the client of the association; nobody else is known where there are no certificates. */
  get isClient(): bool {
    return !ELLIPTIC || this.fromClient != 0;
  }

  /** Whether it protects at all: general-ciphering may be empty. */
  @inline
  get isEmpty(): bool {
    return (this.control & (SecurityControl.AUTHENTICATED | SecurityControl.ENCRYPTED)) == 0;
  }
}

/** Whether a layer is under a key whose counters outlive the association. */
export function isGlobal(layer: Layer): bool {
  return layer.source == KeySource.UNICAST || layer.source == KeySource.BROADCAST;
}

/** Whether a layer of the request is under the broadcast key, or says so: many meters hear it, and none answers (GB9 9.4.6). */
export function layersBroadcast(): bool {
  for (let i: u32 = 0; i < Layers.count; i++) {
    if (Layers.at(i).source == KeySource.BROADCAST) return true;
  }
  return false;
}

/** Layer.kind of general-signing, behind the last CipherFamily. */
export const SIGNED: u32 = <u32>CipherFamily.GENERAL + 1;

const LAYER_SIZE: u32 = 96;
const octets: usize = memory.data(288, 8);
const counts: usize = memory.data(8, 8);

if (offsetof<Layer>() + 32 > LAYER_SIZE || LAYERS_MAX * LAYER_SIZE != 288 || SYSTEM_TITLE_SIZE != 8)
  ERROR("scratch holds the layers");

/** The layers found so far. */
export class Layers {
  @inline
  static get count(): u32 {
    return load<u32>(counts);
  }

  static set count(value: u32) {
    store<u32>(counts, value);
  }

  /** The counter that a refused layer should at least have had. */
  @inline
  static get refused(): u32 {
    return load<u32>(counts, 4);
  }

  static set refused(value: u32) {
    store<u32>(counts, value, 4);
  }

  @inline
  static at(index: u32): Layer {
    return changetype<Layer>(octets + <usize>(index * LAYER_SIZE));
  }

  /** Forgets the layers of the request before, with their keys. */
  static reset(): void {
    if (Layers.count != 0) memory.fill(octets, 0, <usize>(LAYERS_MAX * LAYER_SIZE));
    Layers.count = 0;
    Layers.refused = 0;
  }
}

/** Begins a request without layers. */
export function layersBegin(slot: Slot, receiveLowest: u32): void {
  Layers.reset();
  slot.protection = 0;
  slot.receiveFloor = receiveLowest;
}
