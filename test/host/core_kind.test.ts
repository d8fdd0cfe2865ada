/** Which build of the core the host runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CORE_VARIABLE, coreKindWanted, simdSupported } from "../../host/core_kind.ts";
import { coreFind, coreOctets } from "../../host/files.ts";
import { ROOT } from "../testing.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const hasSimd = existsSync(join(ROOT, "build/core.simd.wasm"));

describe("the core that runs", () => {
  it("is the best that the engine runs and that has been built, when nobody says", () => {
    vi.stubEnv(CORE_VARIABLE, "");
    expect(coreFind().kind).toBe(simdSupported() && hasSimd ? "simd" : "scalar");
  });

  it("is the scalar one where the engine has no SIMD", () => {
    vi.stubEnv(CORE_VARIABLE, "");
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect(coreFind().kind).toBe("scalar");
    expect(() => coreKindWanted("simd")).toThrow("no SIMD for WebAssembly: take the scalar core");
  });

  it("is the one that the environment names, and before that the one that the caller names", () => {
    vi.stubEnv(CORE_VARIABLE, "scalar");
    expect(coreFind().file).toBe(join(ROOT, "build/core.wasm"));
    vi.stubEnv(CORE_VARIABLE, "simd");
    expect(coreFind("scalar").kind).toBe("scalar");
    expect(WebAssembly.validate(coreOctets("scalar") as Uint8Array<ArrayBuffer>)).toBe(true);
  });

  it("is none, in one line, where the environment names what there is not", () => {
    vi.stubEnv(CORE_VARIABLE, "fast");
    expect(() => coreFind()).toThrow(/^DLMS_METER_CORE is "fast": give scalar or simd, or leave it$/);
  });
});
