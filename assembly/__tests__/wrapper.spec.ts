import { Err } from "../base/err";
import { WrapperHeader, wrapperHeaderEmit, wrapperHeaderParse, wrapperVersion } from "../wire/wrapper";

const HEADER = changetype<WrapperHeader>(memory.data(offsetof<WrapperHeader>(), 8));
const AT: usize = memory.data(16, 8);

describe("wrapper header", () => {
  test("it stands as IEC 62056-4-7 draws it", () => {
    wrapperHeaderEmit(AT, 0x0010, 0x0001, 0x001f);
    expect(bswap<u64>(load<u64>(AT))).toBe(0x000100100001001f);
  });

  test("what is emitted returns", () => {
    for (let n: u32 = 0; n <= 0xffff; n += 251) {
      wrapperHeaderEmit(AT, n, 0xffff - n, n ^ 0x5555);
      expect(wrapperVersion(AT)).toBe(1);
      expect(wrapperHeaderParse(AT, HEADER)).toBe(Err.OK);
      expect(HEADER.source).toBe(n);
      expect(HEADER.destination).toBe(0xffff - n);
      expect(HEADER.size).toBe(n ^ 0x5555);
    }
  });

  test("another version is unknown", () => {
    store<u8>(AT, 2, 1);
    expect(wrapperHeaderParse(AT, HEADER)).toBe(Err.UNKNOWN);
  });
});
