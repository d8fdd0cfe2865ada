import { Err } from "../base/err";
import { HDLC_PARAMETERS_SIZE, HdlcLimits, hdlcParametersEmit, hdlcParametersParse } from "../wire/hdlc_parameters";

const LIMITS = changetype<HdlcLimits>(memory.data(offsetof<HdlcLimits>(), 8));
const AT: usize = memory.data(64, 8);

describe("HDLC parameters", () => {
  test("what is emitted returns, and no truncation of it does", () => {
    for (let n: u32 = 0; n < 2031; n += 17) {
      LIMITS.infoTransmit = n;
      LIMITS.infoReceive = 2030 - n;
      LIMITS.windowTransmit = n & 7;
      LIMITS.windowReceive = 7 - (n & 7);
      hdlcParametersEmit(AT, LIMITS);
      for (let size: u32 = 2; size < HDLC_PARAMETERS_SIZE; size++) {
        expect(hdlcParametersParse(AT, size, LIMITS)).toBe(Err.MALFORMED);
      }
      expect(hdlcParametersParse(AT, HDLC_PARAMETERS_SIZE, LIMITS)).toBe(Err.OK);
      expect(LIMITS.infoTransmit).toBe(n);
      expect(LIMITS.infoReceive).toBe(2030 - n);
      expect(LIMITS.windowTransmit).toBe(n & 7);
      expect(LIMITS.windowReceive).toBe(7 - (n & 7));
    }
  });
});
