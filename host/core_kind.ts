/**
 * The builds of the core that a host can run: the same source, octet for octet the same answers, and snapshots that go from one to the
 * other. That for SIMD is quicker where messages are ciphered; the scalar one runs on every engine.
 */
export const CORE_KINDS = ["scalar", "simd"] as const;
export type CoreKind = (typeof CORE_KINDS)[number];

/** No core to run, or no memory for it; its message says what to do. */
export class CoreError extends Error {}

/** Names the build for everything that is not told another way: tests, benchmarks, scripts. */
export const CORE_VARIABLE = "DLMS_METER_CORE";

/** The least module with a v128: valid where the engine has SIMD. */
const SIMD_PROBE = Buffer.from("AGFzbQEAAAABBQFgAAF7AwIBAAoIAQYAQQD9Dws=", "base64");

/** Whether this engine runs the build for SIMD. */
export function simdSupported(): boolean {
  return WebAssembly.validate(SIMD_PROBE);
}

/** The build that `wanted`, or else the environment, asks for; undefined = the best there is. @throws CoreError */
export function coreKindWanted(wanted = process.env[CORE_VARIABLE]): CoreKind | undefined {
  if (wanted === undefined || wanted === "") return undefined;
  const kind = CORE_KINDS.find((one) => one === wanted);
  if (kind === undefined)
    throw new CoreError(`${CORE_VARIABLE} is "${wanted}": give ${CORE_KINDS.join(" or ")}, or leave it`);
  if (kind === "simd" && !simdSupported()) {
    throw new CoreError("this engine or processor has no SIMD for WebAssembly: take the scalar core");
  }
  return kind;
}
