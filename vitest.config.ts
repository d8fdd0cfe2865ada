import { defineConfig } from "vitest/config";

/** What has kernels for SIMD: its tests run on both builds of it, all others on the scalar one (docs/ARCHITECTURE.md, section 12). */
const SIMD_TOO = ["test/crypto/**/*.test.ts", "test/link/framing.test.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "scalar", include: ["test/**/*.test.ts"], env: { DLMS_METER_CORE: "scalar" } },
      },
      { extends: true, test: { name: "simd", include: SIMD_TOO, env: { DLMS_METER_CORE: "simd" } } },
    ],
  },
});
