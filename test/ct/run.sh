#!/bin/sh
# Proves that the crypto room neither branches on secrets nor uses them as addresses: the module is translated to C and
# run under valgrind with every secret marked undefined. Compiled without optimisation, so that a `select` is a branch
# too, and a C compiler cannot hide one. Takes some 20 seconds. Needs wabt, valgrind and gcc of Debian, and installs them
# where it may; with --no-install it says what is missing and ends with 3.
set -eu
cd "$(dirname "$0")/../.."

missing=
command -v wasm2c >/dev/null || missing="$missing wabt"
command -v valgrind >/dev/null || missing="$missing valgrind"
command -v gcc >/dev/null || missing="$missing gcc libc6-dev"
if [ -n "$missing" ]; then
  [ "${1-}" != --no-install ] || { echo "constant time: not proved here, for that install$missing"; exit 3; }
  [ "$(id -u)" = 0 ] || { echo "constant time: please install$missing" >&2; exit 2; }
  apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing
fi

node test/ct/prepare.mjs
runtime=$(dirname "$(find /usr/share/wabt /usr/src -name wasm-rt-impl.c 2>/dev/null | head -1)")
for name in balance size speed; do
  echo "compiled for $name:"
  cd "build/ct/$name"
  wasm2c core.wasm -o core.c
  gcc -O0 -g -w -DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0 -I"$runtime" -I. \
    ../../../test/ct/harness.c core.c "$runtime/wasm-rt-impl.c" -lm -o harness
  valgrind --quiet --error-limit=no --log-file=valgrind.log ./harness || {
    echo "reports: build/ct/$name/valgrind.log" >&2
    exit 1
  }
  cd ../../..
done
