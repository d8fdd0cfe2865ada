/** Entry for the tests of certificates; never shipped. Addresses come from the test. */
import { Err } from "./base/err";
import { certificateOffered } from "./session/certificate_trust";
import { certificateKeyOf, ownCertificateRow } from "./session/certificates";
import { privateKeyOf } from "./session/key_pair";
import { contextsBoot } from "./session/keys";
import { Meter } from "./store/block";
import { entriesApply } from "./store/change";
import { Layout } from "./store/layout";
import { plan as planTemplate } from "./store/plan";
import { NONE, Template } from "./store/template";
import { valueAt } from "./store/values";
import { Certificate } from "./wire/x509";
import { certificateParse } from "./wire/x509_parse";

const parsed: Certificate = changetype<Certificate>(memory.data(offsetof<Certificate>(), 8));

/** Parses; what is asked below is of this certificate. 0 or Err. */
export function parse(at: usize, size: u32): i32 {
  return certificateParse(at, size, parsed);
}

/** Numbers: 0 key size, 1 type, 2 certifies, 3 title known, 4 not before, 5 not after, 6 path limit. */
export function number(what: i32): f64 {
  switch (what) {
    case 0:
      return <f64>parsed.keySize;
    case 1:
      return <f64>parsed.type;
    case 2:
      return parsed.certifies ? 1 : 0;
    case 3:
      return <f64>parsed.titleKnown;
    case 4:
      return <f64>parsed.notBefore;
    case 5:
      return <f64>parsed.notAfter;
    default:
      return <f64>parsed.pathLimit;
  }
}

/** Octets: 0 to be signed, 1 serial, 2 issuer, 3 subject, 4 key, 5 subject key identifier, 6 authority key identifier, 7 title. */
export function octetsAt(what: i32): usize {
  switch (what) {
    case 0:
      return parsed.tbsAt;
    case 1:
      return parsed.serialAt;
    case 2:
      return parsed.issuerAt;
    case 3:
      return parsed.subjectAt;
    case 4:
      return parsed.keyAt;
    case 5:
      return parsed.subjectKeyAt;
    case 6:
      return parsed.authorityKeyAt;
    default:
      return changetype<usize>(parsed) + offsetof<Certificate>("title");
  }
}

export function octetsSize(what: i32): u32 {
  switch (what) {
    case 0:
      return parsed.tbsSize;
    case 1:
      return parsed.serialSize;
    case 2:
      return parsed.issuerSize;
    case 3:
      return parsed.subjectSize;
    case 4:
      return 2 * parsed.keySize;
    case 5:
      return parsed.subjectKeySize;
    case 6:
      return parsed.authorityKeySize;
    default:
      return 8;
  }
}

/** 0 template, 1 room for inputs and outputs: two pages behind the first seat. */
export function address(what: i32): usize {
  if (what == 0) return Template.address();
  return (changetype<usize>(Meter.at(1)) + 0xffff) & ~0xffff;
}

export function plan(size: u32): i32 {
  return planTemplate(size);
}

/** Boots the first seat from provision records, without flash. */
export function boot(at: usize, size: u32, meterTime: f64): i32 {
  const meter = Meter.at(0);
  memory.fill(changetype<usize>(meter), 0, <usize>Layout.of().blockSize);
  meter.meterTime = meterTime;
  const err = entriesApply(meter, at, size);
  if (err == Err.OK) contextsBoot(meter);
  return err;
}

/** Address of a private key, 0 = none. */
export function privateKey(context: u32, purpose: u32): usize {
  return privateKeyOf(Meter.at(0), context, purpose);
}

export function certificateKey(context: u32, entity: u32, type: u32, titleAt: usize, out: usize): i32 {
  return certificateKeyOf(Meter.at(0), context, entity, type, titleAt, out) ? 1 : 0;
}

export function offered(context: u32, at: usize, size: u32, type: u32, titleAt: usize, out: usize): i32 {
  return certificateOffered(Meter.at(0), context, at, size, type, titleAt, out) ? 1 : 0;
}

/** Address of the meter's own certificate, 0 = none. */
export function ownCertificate(context: u32, type: u32): usize {
  const row = ownCertificateRow(Meter.at(0), context, type);
  return row == NONE ? 0 : valueAt(Meter.at(0), row);
}
