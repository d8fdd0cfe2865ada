/** The template as JSON brings it; schema.json says the same to editors and checks it. */

/** A value: null (null-data) or one key, the A-XDR type or one of text, ln, clock, ipv4, attribute. */
export type ValueDocument = null | { [type: string]: number | boolean | string | ValueDocument[] };

export interface AttributeDocument {
  value?: ValueDocument;
  quantity?: string;
  type?: string;
  /** The meter itself or its provisioning may store a value. */
  stored?: boolean;
  capacity?: number;
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

/** What an object and a kind of objects share. */
export interface ObjectPartDocument {
  class?: number;
  version?: number;
  kind?: string;
  source?: string[];
  confidence?: string;
  note?: string;
  access?: string | AccessDocument;
  attributes?: Record<string, AttributeDocument>;
  quantity?: string;
  scaler?: number;
  unit?: string;
  profile?: ProfileDocument;
}

export interface ObjectDocument extends ObjectPartDocument {
  logicalName: string;
  name?: string;
  /** Server SAP of the logical device that has it, where several have objects of this name. */
  device?: number;
  /** Only in a template that extends another: the object goes. */
  remove?: boolean;
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
  error?: number;
}

export interface IdentityDocument {
  manufacturer: string;
  deviceType: number;
  functions: string[];
}

export interface TemplateDocument {
  $schema?: string;
  name: string;
  title?: string;
  note?: string;
  extends?: string;
  apduSizeMax?: number;
  pageSize?: number;
  identity: IdentityDocument;
  associations: Record<string, AssociationDocument>;
  ports: Record<string, PortDocument>;
  access?: Record<string, AccessDocument>;
  kinds?: Record<string, ObjectPartDocument>;
  /** Logical names of the Clock and of the standard event code. */
  clock?: string;
  eventCode?: string;
  objects: ObjectDocument[];
  events: EventDocument[];
}
