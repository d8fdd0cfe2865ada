/** Rows of the template image that stand for themselves: associations, ports, profiles, effects of events. docs/ARCHITECTURE.md, section 4. */

/** An index that names nothing. */
export const NONE: u32 = 0xffff;

export const enum AssociationFlag {
  /** It exists without AARQ and cannot be released (GB9 9.4.4.4). */
  PRE_ESTABLISHED = 1,
}

/** How octets reach a port. */
export const enum PortKind {
  /** Wrapper over a stream (IEC 62056-4-7 TCP). */
  WRAPPER = 1,
  /** HDLC frame type 3 (IEC 62056-46). */
  HDLC = 2,
  /** Wrapper over datagrams (IEC 62056-4-7 UDP): each call of receive is one of them. */
  WRAPPER_UDP = 3,
}

export const enum PortFlag {
  /** Frames are octet-stuffed (RFC 1662) instead of length-counted. */
  STUFFED = 1,
  /** One meter on the line: the one-octet server address 1 is answered too (decision 2). */
  POINT_TO_POINT = 2,
  /** A serial line, where the inter-octet time-out of the setup object counts (decision 3). */
  SERIAL = 4,
  /** The protocol identification service answers on it. */
  IDENTIFY = 8,
  /** For those who stand before the meter: associations use their securitySetupLocal there (decision 16). */
  LOCAL = 16,
}

/** Flags of a Push setup object: what starts it besides scripts and clients. */
export const enum PushFlag {
  /** Alarms: its content is that of the moment it was started. */
  ALARM = 1,
  /** The first boot, and whoever installs the meter. */
  INSTALLATION = 2,
  /** A new connection to the network. */
  CONNECTIVITY = 4,
}

/** Which rows of a buffer a push carries (ObjectRow.extra of class 40): all, as many as it says, or those since it was delivered. */
export const ROWS_ALL: u32 = 0;
export const ROWS_SINCE_LAST: u32 = 0xffff;

/** An association the meter offers, 24 octets. */
@unmanaged
export class AssociationRow {
  clientSap: u16;
  serverSap: u16;
  /** Its own Association LN object; NONE = only seen as the current one. */
  object: u16;
  /** Its Security setup object. */
  securitySetup: u16;
  /** Bit m: authentication mechanism m is accepted. */
  mechanisms: u8;
  /** Bit c: application context c is accepted. */
  contexts: u8;
  /** AssociationFlag. */
  flags: u8;
  reserved0: u8;
  /** Conformance bits offered, bit 0 of the standard as bit 23. */
  conformance: u32;
  /** Attribute rows of the secrets, NONE when the mechanism is not offered. */
  llsSecret: u16;
  hlsSecret: u16;
  /** Its Security setup object on local ports; NONE = the same as on the others (decision 16). */
  securitySetupLocal: u16;
  reserved1: u16;
}

/** A way in, 24 octets. */
@unmanaged
export class PortRow {
  kind: u8;
  flags: u8;
  /** Connections the port holds at once, and on each of them HDLC links, or associations over the wrapper. */
  connections: u8;
  links: u8;
  /** IEC HDLC setup or TCP-UDP setup object. */
  setupObject: u16;
  /** First slot; the port has connections x links of them. */
  firstSlot: u16;
  /** HDLC: own limits for the information field and the window. */
  infoSizeMax: u16;
  windowMax: u8;
  /** HDLC: octets of the server address, 1, 2 or 4 (0 = any, as the client does). */
  addressLength: u8;
  reserved0: u16;
  /** HDLC: IEC local port setup object, whose default_mode says how the line begins; NONE = with HDLC. */
  localObject: u16;
  /** HDLC: profile (by number) whose columns are the data readout of mode C, NONE = none. */
  readout: u16;
  reserved1: u32;
}

/** How the rows of a buffer go out (GB9 9.5, type Data; interface class 7). */
export const enum ProfileForm {
  /** An array of structures, every cell whole. */
  PLAIN = 0,
  /** An array of structures; cells that follow from the row above are null-data. */
  NULL_DATA = 1,
  COMPACT_ARRAY = 2,
}

/** Which cells may go as null-data, and which rows stay whole. */
export const enum ProfileNull {
  TIME = 1,
  STATUS = 2,
  VALUES = 4,
  /** A row stamped midnight of local time is whole. */
  MIDNIGHT_WHOLE = 8,
}

/** A Profile generic object with an own row area, 16 octets. */
@unmanaged
export class ProfileRow {
  object: u16;
  /** ProfileForm, and for NULL_DATA bits of ProfileNull. */
  form: u8;
  nulls: u8;
  /** Octets of the row area. */
  areaSize: u32;
  /** Rows kept at the default columns; entries never exceed it. */
  depth: u32;
  reserved1: u32;
}

/** What many events do, 5 octets. */
@unmanaged
export class EffectRow {
  /** Bits in the error register and in alarm registers 1 to 3, 255 = none. */
  error: u8;
  alarm1: u8;
  alarm2: u8;
  alarm3: u8;
  /** How often the cause must come before it is an event; 0 is 1. */
  times: u8;

  /** Bit in register `register`: 0 error register, 1 to 3 alarm registers; 255 = none. */
  @inline
  bit(register: u32): u32 {
    return load<u8>(changetype<usize>(this) + <usize>register);
  }
}

if (offsetof<AssociationRow>() != 24) ERROR("an association row has 24 octets");
if (offsetof<PortRow>() != 24) ERROR("a port row has 24 octets");
if (offsetof<ProfileRow>() != 16) ERROR("a profile row has 16 octets");
if (offsetof<EffectRow>() != 5) ERROR("an effect has 5 octets");
