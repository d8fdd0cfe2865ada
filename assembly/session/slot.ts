/**
 * A slot: one association a meter can hold, with its negotiated context and the request being served. Only connections
 * the host has opened have live slots; zeroed memory is a free one.
 */
import { CHALLENGE_SIZE_MAX, KEY_SIZE_MAX } from "../base/limits";
import { octetsClear } from "../base/octets";
import { Meter } from "../store/block";
import { AssociationFlag, AssociationRow, NONE, Template } from "../store/template";
import {
  Layout,
  PROTECTION_ROOM,
  SLOT_BLOCKS_SIZE,
  SLOT_HEAD_SIZE,
  SLOT_SESSION_SIZE,
  SLOT_SIGN_ON_SIZE,
} from "../store/layout";

/** Areas of a slot's head; link and server lay their own overlays over theirs. */
export const SLOT_ASSOCIATION_SIZE: u32 = 328;
export const SLOT_LINK_AT: u32 = 328;
export const SLOT_LINK_SIZE: u32 = 104;
export const SLOT_TRANSFER_AT: u32 = 432;
export const SLOT_TRANSFER_SIZE: u32 = 704;

if (SLOT_TRANSFER_AT + SLOT_TRANSFER_SIZE > SLOT_HEAD_SIZE) ERROR("the head of a slot has SLOT_HEAD_SIZE octets");

/** association_status of Association LN (Blue Book, class 15 attribute 8). */
export const enum AssociationState {
  NON_ASSOCIATED = 0,
  ASSOCIATION_PENDING = 1,
  ASSOCIATED = 2,
}

/** How an association was opened without an AARE (GB9 9.4.4.2): then only unconfirmed services are served in it. */
export const enum Unconfirmed {
  NO = 0,
  /** response-allowed FALSE. */
  NO_RESPONSE = 1,
  /** In a UI frame: no data link connection carries it, so neither SNRM nor DISC ends it. */
  FRAME = 2,
}

/** Kinds of requests that an association was used for. */
export const enum AccessKind {
  READ = 1,
  WRITE = 2,
  METHOD = 4,
  /** ACCESS: any of them. */
  ANY = 8,
}

@unmanaged
export class Slot {
  /** In the first slot of a connection: 1 while the host holds it open, 2 until the host has heard that it shall close it. */
  open: u32;
  inboundSize: u32;
  /** An answer is wanted: service class confirmed and the APDU was not in a UI frame. */
  confirmed: u32;
  /** The APDU to send: offset in the outbound buffer and octets, 0 = none; journal sequence it depends on. */
  outboundOffset: u32;
  outboundSize: u32;
  dependsOn: u32;
  /** Line time of the last APDU, ms. */
  lastHeard: f64;
  /** The request came in a general block transfer: so does its answer (GB9 9.4.6.13). */
  viaBlocks: u32;
  /** wPorts of the APDU under way: its answer goes back with them swapped. */
  wireClient: u32;
  wireServer: u32;
  /** 1 on a port for those who stand before the meter (PortFlag.LOCAL). */
  local: u32;

  /** Where disassociate() begins to forget. */
  kept: u32;
  /** AssociationState. */
  state: u32;
  /** Unconfirmed. */
  unconfirmed: u32;
  /** Whoever is identified as the user of the client: user_id + 1, 0 = nobody. */
  user: u32;
  /** Requests served, at most 65535, and their kinds: AccessKind. */
  accesses: u32;
  accessKinds: u32;
  /** Row of the template; meaningless while non-associated. */
  association: u32;
  clientSap: u32;
  serverSap: u32;
  context: u32;
  mechanism: u32;
  /** Negotiated conformance, and the sizes either side accepts. */
  conformance: u32;
  clientSizeMax: u32;
  serverSizeMax: u32;
  /** Size the client asked for; 0 = no limit. */
  clientSizeProposed: u32;
  /** Security context of the association. */
  security: u32;
  clientTitleKnown: u32;
  clientTitle: u64;
  /** Octets of the dedicated key, 0 = none, and its counters. */
  dedicatedSize: u32;
  dedicatedTransmit: u32;
  dedicatedReceive: u32;
  /** Challenges of HLS. */
  ctosSize: u32;
  stocSize: u32;
  /** Lowest acceptable counter before the APDU under way was opened: pass 3 of HLS-GMAC is judged by it. */
  receiveFloor: u32;
  /** Lowest counter of encrypted-only APDUs: they prove nothing, so they move this association's floor and no other. */
  unprovedLowest: u32;

  /** The request under way: its protection in the coding of bits 2 to 4 of the policy. */
  protection: u32;
  /** Access mode of what the request touched, for the protection of the response. */
  responseMode: u32;

  // ctos[64], stoc[64], dedicated key[32] follow.

  @inline
  static of(meter: Meter, index: u32): Slot {
    return changetype<Slot>(meter.slot(index));
  }

  /** The Security setup object of an association on this port, NONE when it has none (decision 16). */
  securitySetup(row: AssociationRow): u32 {
    const local = <u32>row.securitySetupLocal;
    return this.local != 0 && local != NONE ? local : <u32>row.securitySetup;
  }

  /** Whether its association, of which there is one, came without AARQ. */
  get preEstablished(): bool {
    return ((<u32>Template.of().association(this.association).flags) & AssociationFlag.PRE_ESTABLISHED) != 0;
  }

  @inline
  get ctos(): usize {
    return changetype<usize>(this) + offsetof<Slot>();
  }

  @inline
  get stoc(): usize {
    return this.ctos + <usize>CHALLENGE_SIZE_MAX;
  }

  @inline
  get dedicatedKey(): usize {
    return this.stoc + <usize>CHALLENGE_SIZE_MAX;
  }

  @inline
  get link(): usize {
    return changetype<usize>(this) + <usize>SLOT_LINK_AT;
  }

  @inline
  get transfer(): usize {
    return changetype<usize>(this) + <usize>SLOT_TRANSFER_AT;
  }

  @inline
  get blocks(): usize {
    return changetype<usize>(this) + <usize>Layout.of().blocksAt;
  }

  @inline
  get session(): usize {
    return changetype<usize>(this) + <usize>Layout.of().sessionAt;
  }

  @inline
  get inbound(): usize {
    return changetype<usize>(this) + <usize>Layout.of().inboundAt;
  }

  @inline
  get outbound(): usize {
    return changetype<usize>(this) + <usize>Layout.of().outboundAt;
  }

  /** Where a plain APDU is written: its protection grows into the room in front. */
  @inline
  get plainOutbound(): usize {
    return this.outbound + <usize>PROTECTION_ROOM;
  }

  @inline
  get frozen(): usize {
    return changetype<usize>(this) + <usize>Layout.of().frozenAt;
  }

  /** Forgets the association, its keys and its transfer; the connection and the answer on its way stay. */
  disassociate(): void {
    const kept = offsetof<Slot>("kept");
    octetsClear(changetype<usize>(this) + kept, <u32>(<usize>SLOT_ASSOCIATION_SIZE - kept));
    octetsClear(this.transfer, SLOT_TRANSFER_SIZE);
    // Both areas begin with whether anything was kept in them.
    if (load<u32>(this.blocks) != 0) octetsClear(this.blocks, SLOT_BLOCKS_SIZE);
    if (load<u32>(this.session) != 0) octetsClear(this.session, SLOT_SESSION_SIZE);
  }
}

if (offsetof<Slot>() + 2 * CHALLENGE_SIZE_MAX + KEY_SIZE_MAX > SLOT_ASSOCIATION_SIZE)
  ERROR("the association of a slot has SLOT_ASSOCIATION_SIZE octets");
if ((((<u32>offsetof<Slot>("kept")) | SLOT_ASSOCIATION_SIZE | SLOT_TRANSFER_SIZE | SLOT_LINK_SIZE) & 7) != 0)
  ERROR("octetsClear() takes eight octets at once");
if (((SLOT_BLOCKS_SIZE | SLOT_SESSION_SIZE | SLOT_SIGN_ON_SIZE) & 7) != 0)
  ERROR("octetsClear() takes eight octets at once");
