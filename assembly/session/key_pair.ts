/**
 * The meter's own key pairs, one for each purpose in each security context of suite 1 or 2 (GB9 9.2.6; Blue Book, class 64 methods
 * 4 to 6). Private keys are hidden values and never leave the meter. A generated pair waits beside the one in use until its
 * certificate is imported; so a request that nobody signs costs nothing.
 */
import { octetsSame } from "../base/octets";
import { Err } from "../base/err";
import { ELLIPTIC } from "../base/suites";
import { Ct } from "../crypto/ct";
import { Curve, CurveKind, SCALAR_SIZE_MAX } from "../crypto/curve";
import { EcKey } from "../crypto/ec_key";
import { HashKind } from "../crypto/hash";
import { Meter } from "../store/block";
import { changeAdd, changeValue } from "../store/change";
import { NONE, Template } from "../store/template";
import { rowOf, valueAt, valueSize } from "../store/values";
import { CertificateType } from "../wire/x509";
import { entropyDrbg } from "./entropy";
import { SecurityContext } from "./keys";
import { transactionsForget } from "./transactions";

/** First parts of the hidden attribute 0 of a Security setup object: one private key for each purpose. */
const ACTIVE: u32 = 16;
const PENDING: u32 = 20;
/** Purposes: CertificateType DIGITAL_SIGNATURE, KEY_AGREEMENT, TLS. */
export const PURPOSES: u32 = 3;

const scalar: usize = ELLIPTIC ? memory.data(48, 8) : 0;
const point: usize = ELLIPTIC ? memory.data(96, 8) : 0;

if (SCALAR_SIZE_MAX != 48) ERROR("scratch holds a private key and its public one");

/** Whether the context has key pairs at all: suite 1 or 2. */
export function asymmetric(c: SecurityContext): bool {
  return c.suite == 1 || c.suite == 2;
}

/** The curve and the hash of a context of suite 1 or 2. */
export function contextCurve(c: SecurityContext): Curve {
  return Curve.of(c.suite == 2 ? CurveKind.P384 : CurveKind.P256);
}

export function contextHash(c: SecurityContext): HashKind {
  return c.suite == 2 ? HashKind.SHA384 : HashKind.SHA256;
}

/** Address of a private key of the curve's size, 0 = none. */
function keyOf(meter: Meter, context: u32, part: u32): usize {
  const c = SecurityContext.of(meter, context);
  if (!asymmetric(c)) return 0;
  const row = rowOf(c.object, 0, part);
  return row != NONE && valueSize(meter, row) == contextCurve(c).size ? valueAt(meter, row) : 0;
}

/**
 * The private key in use for a purpose (CertificateType): address of its scalar of 32 or 48 octets, 0 = none.
 */
export function privateKeyOf(meter: Meter, context: u32, purpose: u32): usize {
  return purpose < PURPOSES ? keyOf(meter, context, ACTIVE + purpose) : 0;
}

/** The private key that waits for its certificate, 0 = none. */
export function pendingKeyOf(meter: Meter, context: u32, purpose: u32): usize {
  return purpose < PURPOSES ? keyOf(meter, context, PENDING + purpose) : 0;
}

/** Makes a new pair for a purpose, which waits for its certificate. @returns 0, Err.STATE, Err.ENTROPY or Err.NO_SPACE */
export function keyPairGenerate(meter: Meter, context: u32, purpose: u32): i32 {
  const c = SecurityContext.of(meter, context);
  const row = rowOf(c.object, 0, PENDING + purpose);
  if (!asymmetric(c) || purpose >= PURPOSES || row == NONE) return Err.STATE;
  const curve = contextCurve(c);
  let err = EcKey.generate(curve, entropyDrbg(meter), scalar, point);
  if (err == Err.OK) err = changeValue(meter, row, scalar, curve.size);
  Ct.wipe(scalar, SCALAR_SIZE_MAX);
  return err;
}

/** Adds to the open record: the pair that waits is the one in use from now on. */
export function keyPairActivate(meter: Meter, context: u32, purpose: u32): void {
  const c = SecurityContext.of(meter, context);
  const object = Template.of().object(c.object);
  changeAdd(meter, object, 0, ACTIVE + purpose, pendingKeyOf(meter, context, purpose), contextCurve(c).size);
  changeAdd(meter, object, 0, PENDING + purpose, 0, 0);
  if (purpose == CertificateType.KEY_AGREEMENT) transactionsForget(meter, c);
}

/** Whether the private key at `privateKey` (0 = none) belongs to the public key at `publicKey`. */
export function keyPairMatches(curve: Curve, privateKey: usize, publicKey: usize): bool {
  if (privateKey == 0 || EcKey.publicOf(curve, privateKey, point) != Err.OK) return false;
  return octetsSame(point, publicKey, 2 * curve.size);
}
