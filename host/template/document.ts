/**
 * The template as JSON brings it; schema.json says the same to editors and checks it. In a template that extends another,
 * null takes an association, port, access pattern or kind away, and what is given may be a part of one.
 */

/** A value: null (null-data) or one key, the A-XDR type or one of text, ln, clock, ipv4, attribute. */
export type ValueDocument = null | { [type: string]: number | boolean | string | ValueDocument[] };

export interface HistoryDocument {
  profile: string;
  /** Logical name and attribute of the column: "1-0:1.8.0.255:2". */
  column: string;
  /** Rows back, 1 = the newest. */
  back: number;
}

export interface AttributeDocument {
  value?: ValueDocument;
  quantity?: string;
  type?: string;
  /** The meter itself or its provisioning may store a value. */
  stored?: boolean;
  capacity?: number;
  /** A value out of a past row of a profile. */
  history?: HistoryDocument;
  min?: number;
  max?: number;
}

export interface ClientAccessDocument {
  get?: number[] | "all";
  set?: number[];
  act?: number[] | "all";
  /** Protection demanded for every right given here. */
  require?: string[];
}

export type AccessDocument = Record<string, ClientAccessDocument>;

export interface ProfileDocument {
  /** Columns as logical name and attribute: "0-0:1.0.0.255:2". */
  columns: string[];
  /** Seconds, 0 = captured by events only. */
  period: number;
  /** Rows kept. */
  depth: number;
  /** Largest number of columns a client may set. */
  columnsMax?: number;
  /** How the rows go out; default plain. */
  form?: "plain" | "null-data" | "compact-array";
  /** Form null-data: which cells may go as null-data; default all. */
  nullData?: ("time" | "status" | "values")[];
  /** Form null-data: rows stamped midnight of local time are whole; default false. */
  midnightWhole?: boolean;
}

/**
 * Parts of the object model: B BASIC, X security, K media, O optional; and the extensions D disconnector, L load management
 * and M multi-utility, which identity.functions chooses.
 */
export type Group = "B" | "X" | "K" | "O" | Extension;
export type Extension = "D" | "L" | "M";

/** What an object and a kind of objects share. */
/** What firmware images an Image transfer object takes. */
export interface ImageDocument {
  /** Octets of the largest. */
  sizeMax: number;
  /** Public key of their maker, P-256, x || y as 128 hexadecimal digits; without one they carry a digest. */
  signedBy?: string;
}

export interface ObjectPartDocument {
  class?: number;
  version?: number;
  kind?: string;
  /** Part of the profile it belongs to; default B. */
  group?: Group;
  source?: string[];
  confidence?: string;
  note?: string;
  access?: string | AccessDocument;
  attributes?: Record<string, AttributeDocument>;
  quantity?: string;
  /** Quantity that a Demand register averages. */
  demandOf?: string;
  /** Demand register of which an Extended register keeps the maximum. */
  maximumOf?: string;
  scaler?: number;
  unit?: string;
  profile?: ProfileDocument;
  push?: string[];
  /** Push setup: what starts it besides scripts and clients. */
  pushOn?: "alarm" | "installation" | "connectivity";
  /** Push setup: which rows of the buffers in its list it carries. */
  pushRows?: "all" | "since-last" | number;
  /** Register monitor: event of a value that rises above a threshold; the next code is that of its return. */
  event?: number;
  image?: ImageDocument;
}

export interface ObjectDocument extends ObjectPartDocument {
  logicalName: string;
  name?: string;
  /** Server SAP of the logical device that has it, where several have objects of this name. */
  device?: number;
  /** Base name, four hexadecimal digits. */
  shortName?: string;
  /** Only in a template that extends another: the object goes. */
  remove?: boolean;
  /** Only in a template that extends another: nothing of the object it stands for is kept. */
  replace?: boolean;
}

export interface AssociationDocument {
  clientSap: number;
  serverSap?: number;
  object?: string | null;
  securitySetup?: string | null;
  /** On ports whose reach is local. */
  securitySetupLocal?: string;
  mechanisms: string[];
  contexts: string[];
  conformance: string[];
  /** Another association whose rights it has where an object gives it none of its own. */
  rightsOf?: string;
  preEstablished?: boolean;
}

export interface PortDocument {
  kind: "wrapper" | "wrapper-udp" | "hdlc";
  connections: number;
  links?: number;
  setup: string;
  stuffed?: boolean;
  pointToPoint?: boolean;
  serial?: boolean;
  infoSizeMax?: number;
  windowMax?: number;
  addressLength?: number;
  /** Its IEC local port setup object. */
  local?: string;
  /** The Profile generic whose columns are the data readout. */
  readout?: string;
  identify?: boolean;
  reach?: "local" | "remote";
}

export interface EventDocument {
  code: number;
  name: string;
  /** Profile that logs it. */
  log?: string | null;
  alarm1?: number;
  alarm2?: number;
  alarm3?: number;
  error?: number;
  /** How often its cause must come before it is an event. */
  times?: number;
  /** The extension it belongs to. */
  group?: Group;
  /** Only in a template that extends another: the event goes. */
  remove?: boolean;
}

export interface IdentityDocument {
  manufacturer: string;
  deviceType: number;
  functions: Extension[];
}

/** A file that a template includes: some of its objects, all of one subject. */
export interface PartDocument {
  $schema?: string;
  note?: string;
  /** Group of all objects here that name none. */
  group?: Group;
  access?: Record<string, AccessDocument>;
  kinds?: Record<string, ObjectPartDocument>;
  objects?: ObjectDocument[];
  events?: EventDocument[];
}

/** Readings of the security chapters; every key left out has its default. */
export interface SecurityDocument {
  kdfAlgorithmArc?: "05" | "06";
  kdfCounter?: boolean;
  generalCipheringHeader?: boolean;
  ephemeralSignature?: "key" | "scheme-and-key";
  signedContentLength?: boolean;
  badProtection?: "exception" | "silence";
  responseProtection?: "mirror" | "policy";
  transactionIds?: "static" | "rising";
  ownCertificate?: "asked" | "always";
  identifiedKey?: "enum" | "structure";
  certificateSerial?: "content" | "der";
  firstCounter?: 0 | 1;
  hlsCounter?: "shared" | "own";
}

export interface MemoryDocument {
  journalTail: number;
  inbox: number;
  answer: number;
}

export interface TemplateDocument {
  $schema?: string;
  name: string;
  title?: string;
  note?: string;
  extends?: string;
  /** Files with more of its objects, beside this one. */
  include?: string[];
  apduSizeMax?: number;
  pageSize?: number;
  /** Octets of areas in a block. */
  memory?: Partial<MemoryDocument>;
  identity: IdentityDocument;
  associations: Record<string, AssociationDocument>;
  ports: Record<string, PortDocument>;
  access?: Record<string, AccessDocument>;
  kinds?: Record<string, ObjectPartDocument>;
  /** First base name to give out, four hexadecimal digits. */
  shortNamesFrom?: string;
  /** Logical names of the Clock and of the standard event code. */
  clock?: string;
  eventCode?: string;
  security?: SecurityDocument;
  objects: ObjectDocument[];
  events: EventDocument[];
}
