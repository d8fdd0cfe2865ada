/** The two curves in plain BigInt arithmetic: slow, short, and independent of the core. FIPS 186-4 D.1.2. */
export interface CurveNumbers {
  kind: number;
  name: "P-256" | "P-384";
  node: string;
  hash: "sha256" | "sha384";
  size: number;
  limbs: number;
  bits: number;
  columns: number;
  p: bigint;
  n: bigint;
  b: bigint;
  g: Affine;
}

/** A point, or undefined for infinity. */
export type Affine = { x: bigint; y: bigint } | undefined;

export const P256: CurveNumbers = {
  kind: 0,
  name: "P-256",
  node: "prime256v1",
  hash: "sha256",
  size: 32,
  limbs: 9,
  bits: 29,
  columns: 52,
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  g: {
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
};

export const P384: CurveNumbers = {
  kind: 1,
  name: "P-384",
  node: "secp384r1",
  hash: "sha384",
  size: 48,
  limbs: 14,
  bits: 28,
  columns: 77,
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  g: {
    x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
};

export const CURVES = [P256, P384];

export const mod = (a: bigint, m: bigint): bigint => ((a % m) + m) % m;

/** 1/a mod m, m prime, by the extended Euclidean algorithm. */
export function inverse(a: bigint, m: bigint): bigint {
  let [r0, r1, s0, s1] = [mod(a, m), m, 1n, 0n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1, s0, s1] = [r1, r0 - q * r1, s1, s0 - q * s1];
  }
  return mod(s0, m);
}

export function add(curve: CurveNumbers, a: Affine, b: Affine): Affine {
  if (a === undefined) return b;
  if (b === undefined) return a;
  const { p } = curve;
  if (a.x === b.x && mod(a.y + b.y, p) === 0n) return undefined;
  const slope = a.x === b.x ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, p) : (b.y - a.y) * inverse(b.x - a.x, p);
  const x = mod(slope * slope - a.x - b.x, p);
  return { x, y: mod(slope * (a.x - x) - a.y, p) };
}

export function multiply(curve: CurveNumbers, k: bigint, a: Affine): Affine {
  let sum: Affine;
  for (let rest = k, power = a; rest > 0n; rest >>= 1n, power = add(curve, power, power)) {
    if (rest & 1n) sum = add(curve, sum, power);
  }
  return sum;
}

export const negate = (curve: CurveNumbers, a: Affine): Affine => a && { x: a.x, y: mod(-a.y, curve.p) };

/** Big endian octets. */
export const octets = (value: bigint, size: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex");

export const number = (value: Uint8Array): bigint => BigInt(`0x${Buffer.from(value).toString("hex") || "0"}`);
