/**
 * The protocol identification service (GB9 5.3): one octet asks which protocols an HDLC line speaks. No public text has the
 * octets; these are those of the one implementation that is public (docs/CONFORMANCE.md, doubtful).
 */
export const IDENTIFICATION_REQUEST: u32 = 0x49;
export const IDENTIFICATION_SIZE: u32 = 4;

/** Writes the answer. @returns its size */
export function protocolIdentificationEmit(at: usize): u32 {
  store<u8>(at, 0);
  store<u8>(at + 1, 4);
  store<u8>(at + 2, 1);
  store<u8>(at + 3, 0);
  return IDENTIFICATION_SIZE;
}
