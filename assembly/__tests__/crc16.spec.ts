import { CRC16_GOOD, CRC16_INITIAL, Crc16 } from "../base/crc16";

const AT: usize = memory.data(64, 8);

/** The register after one octet, bit by bit. */
function octetSlow(register: u32, octet: u32): u32 {
  register ^= octet;
  for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >> 1) ^ 0x8408 : register >> 1;
  return register;
}

describe("CRC-16/X-25", () => {
  test("the catalogue's check value of 123456789 is 906E", () => {
    for (let i: u32 = 0; i < 9; i++) store<u8>(AT + i, <u8>(0x31 + i));
    expect(Crc16.of(AT, 9)).toBe(0x906e);
  });

  test("the Green Book's 03 3F gives 5B EC, and leaves the good register", () => {
    store<u32>(AT, 0xec5b3f03);
    expect(Crc16.of(AT, 2)).toBe(0xec5b);
    expect(Crc16.update(CRC16_INITIAL, AT, 4)).toBe(CRC16_GOOD);
  });

  test("each octet in each of four places agrees with the bitwise register", () => {
    for (let octet: u32 = 0; octet < 256; octet++) {
      for (let place: u32 = 0; place < 4; place++) {
        store<u32>(AT, octet << (8 * place));
        let slow = CRC16_INITIAL;
        for (let i: u32 = 0; i < 4; i++) slow = octetSlow(slow, load<u8>(AT + i));
        expect(Crc16.update(CRC16_INITIAL, AT, 4)).toBe(slow);
      }
    }
  });

  test("no octets leave the register alone", () => {
    expect(Crc16.update(0x1234, AT, 0)).toBe(0x1234);
  });
});
