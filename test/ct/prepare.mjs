// Compiles the crypto room for the constant-time proof: the shipped source but for one line. `Ct.declassify` calls an
// import instead of returning its value, so that the harness knows which secrets were let go on purpose. Twice, as it is
// shipped: for speed (core.wasm) and for size (the core for suite 0 alone, scripts/build.mjs).
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { releaseCompile } from "../../scripts/release.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const WORK = join(ROOT, "build/ct");
const BODY = "    return value;\n";

rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });
for (const room of ["base", "crypto", "heapless"]) {
  cpSync(join(ROOT, "assembly", room), join(WORK, "assembly", room), { recursive: true });
}
cpSync(join(ROOT, "assembly/testing_crypto.ts"), join(WORK, "assembly/testing_crypto.ts"));

const ct = join(WORK, "assembly/crypto/ct.ts");
const source = readFileSync(ct, "utf8");
if (source.split(BODY).length !== 2) throw new Error("ct.ts: the body of declassify is not where it was");
const declaration = '@external("ct", "declassify")\ndeclare function declassified(value: i32): i32;\n\n';
writeFileSync(ct, declaration + source.replace(BODY, "    return declassified(value);\n"));

const config = { ...JSON.parse(readFileSync(join(ROOT, "asconfig.json"), "utf8")), entries: [] };
writeFileSync(join(WORK, "asconfig.json"), JSON.stringify(config));
// As each of the three cores is optimized.
for (const aim of ["balance", "size", "speed"]) {
  mkdirSync(join(WORK, aim));
  await releaseCompile(["assembly/testing_crypto.ts"], join(aim, "core.wasm"), { aim, folder: WORK });
}
