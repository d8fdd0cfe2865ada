/**
 * X.509 certificates in the profile of DLMS/COSEM (GB9 9.2.6; RFC 5280): version 3, ecdsa-with-SHA256 or -SHA384, keys on
 * P-256 or P-384, the system title as common name or hardware serial number. This is the parsed form; x509_parse.ts fills it.
 */

/** certificate_entity of Security setup (Blue Book, class 64). */
export const enum CertificateEntity {
  SERVER = 0,
  CLIENT = 1,
  CERTIFICATION_AUTHORITY = 2,
  OTHER = 3,
}

/** certificate_type of Security setup; the first three are also what a key pair is for. */
export const enum CertificateType {
  DIGITAL_SIGNATURE = 0,
  KEY_AGREEMENT = 1,
  TLS = 2,
  OTHER = 3,
}

/** KeyUsage (RFC 5280 4.2.1.3), bit 0 as 0x8000. */
export const enum KeyUsageBit {
  DIGITAL_SIGNATURE = 0x8000,
  KEY_AGREEMENT = 0x0800,
  KEY_CERT_SIGN = 0x0400,
  CRL_SIGN = 0x0200,
}

/** Extensions by the last arc of their id-ce (RFC 5280 4.2.1). */
export const enum Extension {
  SUBJECT_KEY_IDENTIFIER = 14,
  KEY_USAGE = 15,
  SUBJECT_ALT_NAME = 17,
  BASIC_CONSTRAINTS = 19,
  AUTHORITY_KEY_IDENTIFIER = 35,
  EXTENDED_KEY_USAGE = 37,
}

/** A parsed certificate: addresses point into the octets that were parsed. */
@unmanaged
export class Certificate {
  /** The octets that are signed. */
  tbsAt: usize;
  tbsSize: u32;
  /** Content of the serial number; its INTEGER begins two octets before. */
  serialSize: u32;
  serialAt: usize;
  /** Issuer and subject, each a whole DER Name. */
  issuerAt: usize;
  subjectAt: usize;
  issuerSize: u32;
  subjectSize: u32;
  /** Public key x || y, and octets of a coordinate: 32 P-256, 48 P-384. */
  keyAt: usize;
  keySize: u32;
  /** 1 when the subject names a system title, and the title. */
  titleKnown: u32;
  title: u64;
  /** Seconds since 1970 UTC, both inclusive. */
  notBefore: i64;
  notAfter: i64;
  /** Octets of a half of the signature: 32 with SHA-256, 48 with SHA-384. Its numbers without leading zeros. */
  signatureSize: u32;
  rSize: u32;
  rAt: usize;
  sAt: usize;
  sSize: u32;

  /** KeyUsageBit, 0 = none. */
  keyUsage: u32;
  /** Bit n: extension id-ce n is present, n up to 63; the same for those that are critical. */
  present: u64;
  critical: u64;
  /** 1 = CA in the basic constraints; pathLenConstraint + 1, 0 = none. */
  authority: u32;
  pathLimit: u32;
  /** Key identifiers, size 0 = none. */
  subjectKeyAt: usize;
  subjectKeySize: u32;
  authorityKeySize: u32;
  authorityKeyAt: usize;
  /** SubjectAltName, a whole DER GeneralNames; size 0 = none. */
  alternativeAt: usize;
  alternativeSize: u32;

  /**
   * certificate_type by the key usage, which must be critical (GB9 9.2.6.4). What fits no row is OTHER, as is a key for signature or
   * agreement that an extended key usage limits to something else.
   */
  get type(): u32 {
    const critical = ((this.critical >> Extension.KEY_USAGE) & 1) != 0;
    const extended = ((this.present >> Extension.EXTENDED_KEY_USAGE) & 1) != 0;
    if (!critical || this.authority != 0) return CertificateType.OTHER;
    switch (this.keyUsage) {
      case KeyUsageBit.DIGITAL_SIGNATURE:
        return extended ? CertificateType.OTHER : CertificateType.DIGITAL_SIGNATURE;
      case KeyUsageBit.KEY_AGREEMENT:
        return extended ? CertificateType.OTHER : CertificateType.KEY_AGREEMENT;
      case KeyUsageBit.DIGITAL_SIGNATURE | KeyUsageBit.KEY_AGREEMENT:
        return CertificateType.TLS;
      default:
        return CertificateType.OTHER;
    }
  }

  /** Whether its key may sign certificates: CA in the basic constraints and keyCertSign, both critical. */
  get certifies(): bool {
    const needed: u64 = (1 << Extension.KEY_USAGE) | (1 << Extension.BASIC_CONSTRAINTS);
    const critical = (this.critical & needed) == needed;
    return critical && this.authority != 0 && (this.keyUsage & KeyUsageBit.KEY_CERT_SIGN) != 0;
  }
}
