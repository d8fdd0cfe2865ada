/** Where the files that ship with the package stand, from its sources as from `dist/`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CoreError, coreKindWanted, simdSupported, type CoreKind } from "./core_kind.ts";

/** `path` in the nearest folder above this file that holds it, if one does. */
function packageFileFind(path: string): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, path);
    if (existsSync(file)) return file;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

const missing = (path: string): string => `${path} is missing; \`npm run build\` makes it`;

/** Finds `path` in the nearest folder above this file that holds it, or throws. */
export function packageFile(path: string): string {
  const file = packageFileFind(path);
  if (file === undefined) throw new Error(missing(path));
  return file;
}

const CORE_FILES: Readonly<Record<CoreKind, string>> = { scalar: "build/core.wasm", simd: "build/core.simd.wasm" };

/**
 * The core to run: that of `wanted`, else that which DLMS_METER_CORE names, else the one for SIMD where this engine runs it and it has been
 * built, else the scalar one. @throws CoreError when it has not been built or cannot run here
 */
export function coreFind(wanted?: CoreKind): { readonly kind: CoreKind; readonly file: string } {
  const named = coreKindWanted(wanted);
  const kinds: readonly CoreKind[] = named !== undefined ? [named] : simdSupported() ? ["simd", "scalar"] : ["scalar"];
  for (const kind of kinds) {
    const file = packageFileFind(CORE_FILES[kind]);
    if (file !== undefined) return { kind, file };
  }
  throw new CoreError(missing(CORE_FILES[kinds.at(-1)!]));
}

/** The octets of that core. */
export function coreOctets(wanted?: CoreKind): Uint8Array {
  return readFileSync(coreFind(wanted).file);
}
