// A statistical timing check after dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", 2017): each
// function runs on secrets of two classes, one fixed and chosen to be special, the other random, in random order; Welch's t-test
// tells whether the two distributions of times differ. It measures what ships: WebAssembly as this engine compiled it on this
// machine. It finds gross leaks and proves nothing; the proof is run.sh. So it stands apart from `npm test`:
//
//   node test/ct/timing.mjs [--samples N] [--only WORD] [--simd]
//
// Times above a percentile are cropped, for interruptions say nothing about secrets; the largest |t| over all crops counts.
// Beyond 4.5 a case runs again with other random numbers, and is flagged when that one is beyond it too. Controls that
// leak on purpose must be flagged, or the check proves its own blindness and fails.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildEntry } from "../../scripts/entries.mjs";
import { ROOT } from "../../scripts/steps.mjs";

const LIMIT = 4.5;
const CROPS = 20;

const { values } = parseArgs({
  options: { samples: { type: "string" }, only: { type: "string" }, simd: { type: "boolean", default: false } },
});
const scale = values.samples === undefined ? 1 : Number(values.samples) / 20000;
if (!(scale > 0)) {
  console.error("--samples takes a number of samples per class, for example 20000");
  process.exit(2);
}

await buildEntry("testing_crypto.ts", values.simd);
const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 });
const module = new WebAssembly.Module(
  readFileSync(join(ROOT, `build/testing_crypto${values.simd ? ".simd" : ""}.wasm`)),
);
const core = new WebAssembly.Instance(module, { env: { memory } }).exports;
const octets = new Uint8Array(memory.buffer);

let nextFree = core.freeFrom();
function room(size) {
  const at = (nextFree + 15) & ~15;
  nextFree = at + size;
  if (nextFree > octets.length) throw new Error("the memory of the check is too small");
  return at;
}

/** xorshift128, 32 bits a step: random enough for inputs, and the same inputs on every run. */
function diceOf(seed) {
  let [a, b, c, d] = [seed, 362436069, 521288629, 88675123];
  return () => {
    let t = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    t ^= t >>> 8;
    d = (d ^ (d >>> 19) ^ t) >>> 0;
    return d;
  };
}

const P256 = 0;
const P384 = 1;
const key = room(core.gcmKeySize());
const aes = room(core.aesKeySize());
const gcm = room(core.gcmSize());
const hash = room(core.hmacSize());
const secret = room(640);
const fixed = room(512);
const out = room(640);
const point = room(96);
for (let i = 0; i < 512; i++) octets[fixed + i] = (i * 167 + 13) & 0xff;

/**
 * A case: `size` octets at `secret`; `special` fills them in the fixed class, `random` (or the dice) in the other one; `before` is
 * called once, `repeat` calls of `run` make one sample.
 */
const cases = [];
function add(name, size, special, run, { samples = 20000, ...options } = {}) {
  cases.push({ name, size, special, run, repeat: 1, control: false, ...options, samples: Math.round(samples * scale) });
}
const zeros = (at) => at.fill(0);
const one = (at) => at.fill(0).fill(1, at.length - 1);

for (const bits of [128, 256]) {
  const size = bits / 8;
  add(`AES-${bits}: key schedule, GCM key`, size, zeros, () => core.gcmExpand(key, secret, size), { repeat: 4 });
  add(
    `AES-GCM-${bits}: seal 128 octets, key`,
    size,
    zeros,
    () => {
      core.gcmExpand(key, secret, size);
      core.gcmBegin(gcm, fixed);
      core.gcmAad(gcm, key, fixed, 33);
      core.gcmSeal(gcm, key, fixed, out, 128, out + 128);
    },
    { repeat: 2 },
  );
  add(`key wrap, ${bits} bits: the key wrapped`, size, zeros, () => {
    core.aesExpand(aes, fixed, size);
    core.keyWrap(aes, secret, size, out);
  });
}
core.gcmExpand(key, fixed, 16);
add(
  "AES-GCM-128: text and GHASH",
  64,
  zeros,
  () => {
    core.gcmBegin(gcm, fixed);
    core.gcmSeal(gcm, key, secret, out, 64, out + 64);
  },
  { repeat: 4 },
);

// Long enough for whole runs of what a build with SIMD has of its own: eight blocks of the cipher, tables of GHASH.
for (const bits of [128, 256]) {
  const size = bits / 8;
  add(`GHASH: subkey of AES-${bits}, over 512 octets`, size, zeros, () => {
    core.gcmExpand(key, secret, size);
    core.gcmBegin(gcm, fixed);
    core.gcmAad(gcm, key, fixed, 512);
    core.gcmTag(gcm, key, out);
  });
}
const keyReady = () => core.gcmExpand(key, fixed, 16);
add(
  "GHASH: 512 octets under a fixed subkey",
  512,
  zeros,
  () => {
    core.gcmBegin(gcm, fixed);
    core.gcmAad(gcm, key, secret, 512);
    core.gcmTag(gcm, key, out);
  },
  { before: keyReady },
);
add(
  "AES-GCM-128: seal 512 octets, text",
  512,
  zeros,
  () => {
    core.gcmBegin(gcm, fixed);
    core.gcmSeal(gcm, key, secret, out, 512, out + 512);
  },
  { before: keyReady },
);

/** A sealed text of 512 octets and its tag, as they travel. */
const sealedText = (at, octet) => {
  keyReady();
  for (let i = 0; i < 512; i++) octets[out + i] = octet();
  core.gcmBegin(gcm, fixed);
  core.gcmSeal(gcm, key, out, out, 512, out + 512);
  at.set(octets.subarray(out, out + 524));
};
add(
  "AES-GCM-128: open 512 octets, text",
  524,
  (at) => sealedText(at, () => 0),
  () => {
    core.gcmBegin(gcm, fixed);
    if (core.gcmOpen(gcm, key, secret, out, 512, secret + 512) !== 0) throw new Error("a right tag was refused");
  },
  { before: keyReady, random: (at, dice) => sealedText(at, () => (dice() >>> 7) & 0xff) },
);
add(
  "AES-GCM-128: open 512 octets in pieces, text",
  524,
  (at) => sealedText(at, () => 0),
  () => {
    core.gcmBegin(gcm, fixed);
    for (let at = 0; at < 512; at += 128) core.gcmDecrypt(gcm, key, secret + at, out + at, 128);
    if (core.gcmVerify(gcm, key, secret + 512) !== 0) throw new Error("a right tag was refused");
  },
  { before: keyReady, random: (at, dice) => sealedText(at, () => (dice() >>> 7) & 0xff) },
);

/** The right tag of the fixed text: the classes differ from it in the first octet, or in a random one of the rest. */
function tagged() {
  core.gcmExpand(key, fixed, 16);
  core.gcmBegin(gcm, fixed);
  core.gcmAad(gcm, key, fixed, 64);
  core.gcmSeal(gcm, key, fixed, out, 0, out);
  return octets.slice(out, out + 12);
}
const tag = tagged();
const differsIn = (at, index) => {
  at.set(tag.subarray(0, at.length));
  at[index] ^= 0x80;
};
add(
  "tag: wrong in its first or a later octet",
  12,
  (at) => differsIn(at, 0),
  () => {
    core.gcmExpand(key, fixed, 16);
    core.gcmBegin(gcm, fixed);
    core.gcmAad(gcm, key, fixed, 64);
    core.gcmOpen(gcm, key, fixed, out + 64, 0, secret);
  },
  { repeat: 2, random: (at, dice) => differsIn(at, 1 + (dice() % 11)) },
);
const answer = octets.slice(fixed, fixed + 32);
const answerDiffers = (at, index) => {
  at.set(answer);
  at[index] ^= 1;
};
const compared = { repeat: 64, random: (at, dice) => answerDiffers(at, 16 + (dice() % 16)) };
const differsFirst = (at) => answerDiffers(at, 0);
add("comparison of HLS answers and passwords", 32, differsFirst, () => core.ctEqual(fixed, secret, 32), compared);
add("HMAC-SHA-256: key", 32, zeros, () => {
  core.hmacBegin(hash, 0, secret, 32);
  core.hmacUpdate(hash, fixed, 64);
  core.hmacFinish(hash, out);
});
add("HMAC-SHA-384: key", 48, zeros, () => {
  core.hmacBegin(hash, 1, secret, 48);
  core.hmacUpdate(hash, fixed, 64);
  core.hmacFinish(hash, out);
});
const kdf = room(core.kdfSize());
add(
  "key derivation: Z",
  32,
  zeros,
  () => {
    core.kdfBegin(kdf, 0, secret, 32, 5, 1);
    core.kdfParty(kdf, fixed, 16);
    core.kdfFinish(kdf, out);
  },
  { repeat: 2 },
);
const drbg = room(core.drbgSize());
add("HMAC_DRBG: seed", 48, zeros, () => {
  octets.fill(0, drbg, drbg + core.drbgSize());
  core.drbgSeed(drbg, secret, 48);
  core.drbgGenerate(drbg, out, 32);
});
for (const [kind, name, size] of [
  [P256, "P-256", 32],
  [P384, "P-384", 48],
]) {
  const samples = kind === P256 ? 5000 : 2500;
  // Random scalars stay below the order, for whether one is in range may be known.
  const below = (at, dice) => {
    for (let i = 0; i < at.length; i++) at[i] = dice() & 0xff;
    at[0] &= 0x7f;
  };
  const options = { samples, random: below };
  add(`${name}: public key, nonce times G`, size, one, () => core.ecPublicOf(kind, secret, out), options);
  const before = () => core.ecPublicOf(kind, fixed, point);
  add(`${name}: ECDH`, size, one, () => core.ecdhAgree(kind, secret, point, out), { ...options, before });
  add(`${name}: ECDSA sign`, size, one, () => core.ecdsaSign(kind, secret, fixed, 0, 0, out), options);
}
add("control: comparison that stops early", 32, differsFirst, () => core.leakyEqual(fixed, secret, 32), {
  ...compared,
  control: true,
});
add("control: more work for octets that are odd", 32, zeros, () => core.leakyWork(secret, 32), {
  repeat: 8,
  control: true,
});

/** Inputs of both classes in random order, side by side so that neither has warmer memory. */
function inputsOf(c, dice) {
  const count = 2 * c.samples;
  const inputs = new Uint8Array(count * c.size);
  const classes = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = inputs.subarray(i * c.size, (i + 1) * c.size);
    classes[i] = (dice() >>> 9) & 1;
    if (classes[i] === 0) c.special(at);
    else if (c.random) c.random(at, dice);
    else for (let k = 0; k < c.size; k++) at[k] = (dice() >>> 7) & 0xff;
  }
  return { inputs, classes, count };
}

/** Times in ns, after as many calls as the engine needs to settle. */
function measure(c, seed) {
  const { inputs, classes, count } = inputsOf(c, diceOf(seed));
  const times = new Float64Array(count);
  const { run, repeat, size } = c;
  c.before?.();
  const warmUp = Math.min(2000, count >> 1);
  for (let i = -warmUp; i < count; i++) {
    const from = (i < 0 ? i + warmUp : i) * size;
    octets.set(inputs.subarray(from, from + size), secret);
    const begin = performance.now();
    for (let k = 0; k < repeat; k++) run();
    const end = performance.now();
    if (i >= 0) times[i] = (end - begin) * 1e6;
  }
  return { times, classes };
}

/** Welch's t of the two classes, over times up to `most`. */
function welch({ times, classes }, most) {
  const n = [0, 0];
  const mean = [0, 0];
  const squares = [0, 0];
  for (let i = 0; i < times.length; i++) {
    if (times[i] > most) continue;
    const k = classes[i];
    const off = times[i] - mean[k];
    mean[k] += off / ++n[k];
    squares[k] += off * (times[i] - mean[k]);
  }
  if (n[0] < 100 || n[1] < 100) return 0;
  const spread = squares[0] / (n[0] - 1) / n[0] + squares[1] / (n[1] - 1) / n[1];
  return spread === 0 ? 0 : (mean[0] - mean[1]) / Math.sqrt(spread);
}

/** The largest |t| over the crops, and the middle of the times. */
function judge(sample) {
  const sorted = Float64Array.from(sample.times).sort();
  let worst = welch(sample, Infinity);
  for (let i = 1; i <= CROPS; i++) {
    // Denser towards the quick end, as dudect has it.
    const share = 1 - 0.5 ** ((10 * i) / CROPS);
    const t = welch(sample, sorted[Math.floor(share * (sorted.length - 1))]);
    if (Math.abs(t) > Math.abs(worst)) worst = t;
  }
  return { t: worst, median: sorted[sorted.length >> 1] };
}

let wrong = 0;
console.log(`${"".padEnd(44)} samples   median     |t|`);
for (const c of cases) {
  if (values.only !== undefined && !c.name.includes(values.only)) continue;
  const tries = [judge(measure(c, 1))];
  if (Math.abs(tries[0].t) > LIMIT) tries.push(judge(measure(c, 2)));
  const flagged = tries.every((x) => Math.abs(x.t) > LIMIT);
  const good = flagged === c.control;
  if (!good) wrong++;
  const shown = tries.map((x) => Math.abs(x.t).toFixed(1)).join(", then ");
  const verdict = `${good ? "ok" : "FAILED"}${flagged ? ", flagged" : ""}`;
  const median = `${(tries[0].median / c.repeat / 1000).toFixed(2)} us`;
  console.log(
    `${c.name.padEnd(44)} ${String(2 * c.samples).padStart(7)} ${median.padStart(9)} ${shown.padStart(7)}  ${verdict}`,
  );
}
console.log(
  wrong === 0 ? "no time depends on a secret as far as it was looked; the controls were found" : `${wrong} FAILED`,
);
process.exitCode = wrong === 0 ? 0 : 1;
