// Builds the native references of the benchmarks into build/native/: the core's crypto through wasm2c, and mbed TLS.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./steps.mjs";

const OUT = join(ROOT, "build/native");
const RUNTIME = "/usr/share/wabt/wasm2c";
/** Debian package and a file that shows it is there. */
const PACKAGES = {
  wabt: "/usr/bin/wasm2c",
  gcc: "/usr/bin/gcc",
  "libc6-dev": "/usr/include/stdio.h",
  "libmbedtls-dev": "/usr/include/mbedtls/gcm.h",
};

function packagesInstall() {
  const missing = Object.keys(PACKAGES).filter((name) => !existsSync(PACKAGES[name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error(`please install ${missing.join(" ")}, or run without --native`);
  execFileSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { stdio: "ignore" });
}

function compile(program, sources, ...options) {
  const own = ["-O2", "-w", `-I${OUT}`, `-I${join(ROOT, "bench/native")}`, `-I${RUNTIME}`];
  execFileSync("gcc", [...own, ...sources, ...options, "-o", join(OUT, program)], { cwd: ROOT });
}

/** Builds both. @throws an error that names what is missing */
export function nativeBuild() {
  packagesInstall();
  mkdirSync(OUT, { recursive: true });
  execFileSync("wasm2c", [
    "--module-name=core",
    join(ROOT, "build/testing_bench.wasm"),
    "-o",
    join(OUT, "core_wasm.c"),
  ]);
  execFileSync("cp", [join(OUT, "core_wasm.h"), join(OUT, "core.h")]);
  compile("core", ["bench/native/core.c", join(OUT, "core_wasm.c"), join(RUNTIME, "wasm-rt-impl.c")], "-lm");
  compile("mbedtls", ["bench/native/mbedtls.c"], "-Wl,--allow-multiple-definition", "-l:libmbedcrypto.a");
}
