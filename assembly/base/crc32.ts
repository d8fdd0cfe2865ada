/** CRC-32 of IEEE 802.3 (reflected 0xEDB88320, initial and final 0xFFFFFFFF), by nibbles: 64 octets of table are enough off the wire. */
const TABLE: usize = memory.data<u32>([
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
  0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
]);

export class Crc32 {
  /** The check value of `size` octets. */
  static of(at: usize, size: u32): u32 {
    let register: u32 = 0xffffffff;
    const end = at + <usize>size;
    for (let p = at; p < end; p++) {
      register ^= <u32>load<u8>(p);
      register = (register >> 4) ^ load<u32>(TABLE + <usize>((register & 15) << 2));
      register = (register >> 4) ^ load<u32>(TABLE + <usize>((register & 15) << 2));
    }
    return ~register;
  }
}
