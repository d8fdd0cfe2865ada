/** Inputs that are small changes of something big: an image, a flash. */

/** A message {offset of 3 octets, octets}: what stands there instead. Offsets go round the size. */
export function patchApply(octets: Uint8Array, message: Uint8Array): void {
  const [a = 0, b = 0, c = 0, ...rest] = message;
  const at = ((a << 16) | (b << 8) | c) % octets.length;
  octets.set(rest.slice(0, octets.length - at), at);
}

export const patch = (offset: number, ...octets: number[]): Uint8Array =>
  Uint8Array.of(offset >> 16, (offset >> 8) & 0xff, offset & 0xff, ...octets);
