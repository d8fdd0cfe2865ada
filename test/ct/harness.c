/*
 * Runs the crypto room, translated to C by wasm2c, under valgrind with its secrets marked undefined, after Langley's
 * ctgrind. Memcheck then reports every branch and every address that depends on a secret. The translation checks each
 * address against the size of the memory, so an address made from a secret is a branch as well.
 *
 * Each case says how many reports it may cause: none, but for the controls, which leak on purpose. A case also checks
 * that its result is undefined still: that the marks went all the way through and nothing was proved about zeros.
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>
#include "core.h"

static wasm_rt_memory_t memory;
static Z_core_instance_t core;
static u32 next_free;
static int failures;

wasm_rt_memory_t* Z_envZ_memory(struct Z_env_instance_t* env) {
  (void)env;
  return &memory;
}

/* The one way out for a value made from secrets. */
u32 Z_ctZ_declassify(struct Z_ct_instance_t* ct, u32 value) {
  (void)ct;
  VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value);
  return value;
}

/* Reserves octets of the memory of the module. */
static u32 room(u32 size) {
  u32 at = (next_free + 15) & ~15u;
  next_free = at + size;
  memset(memory.data + at, 0, size);
  return at;
}

/* Octets that anybody may know: the same on every run, different from one call to the next. */
static u32 public_octets(u32 size) {
  static u32 state = 12345;
  u32 at = room(size);
  for (u32 i = 0; i < size; i++) {
    state = state * 1103515245 + 12345;
    memory.data[at + i] = (u8)(state >> 16);
  }
  return at;
}

static void hide(u32 at, u32 size) {
  VALGRIND_MAKE_MEM_UNDEFINED(memory.data + at, size);
}

static void reveal(u32 at, u32 size) {
  VALGRIND_MAKE_MEM_DEFINED(memory.data + at, size);
}

static u32 secret_octets(u32 size) {
  u32 at = public_octets(size);
  hide(at, size);
  return at;
}

/* Whether octets still carry the mark of a secret. */
static int is_secret(u32 at, u32 size) {
  u8 bits[512];
  if (VALGRIND_GET_VBITS(memory.data + at, bits, size) != 1) return 0;
  for (u32 i = 0; i < size; i++) {
    if (bits[i] != 0) return 1;
  }
  return 0;
}

static unsigned errors_before;

static void begin_case(void) {
  errors_before = VALGRIND_COUNT_ERRORS;
  next_free = Z_coreZ_freeFrom(&core);
}

static void end_case(const char* name, int marks_arrived, int code) {
  unsigned errors = VALGRIND_COUNT_ERRORS - errors_before;
  int good = errors == 0 && marks_arrived && code >= 0;
  printf("%-44s %s (%u reports, marks %s, code %d)\n", name, good ? "ok" : "FAILED", errors,
         marks_arrived ? "arrived" : "lost", code);
  if (!good) failures++;
}

static void gcm(u32 key_size) {
  char name[64];
  begin_case();
  u32 key = room(Z_coreZ_gcmKeySize(&core));
  Z_coreZ_gcmExpand(&core, key, secret_octets(key_size), key_size);
  u32 gcm = room(Z_coreZ_gcmSize(&core));
  u32 aad = secret_octets(1 + key_size);
  u32 iv = public_octets(12);
  u32 text = secret_octets(333);
  u32 tag = room(12);
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmAad(&core, gcm, key, aad, 1 + key_size);
  Z_coreZ_gcmSeal(&core, gcm, key, text, text, 333, tag);
  snprintf(name, sizeof name, "AES-GCM-%u: key schedule, seal", key_size * 8);
  end_case(name, is_secret(text, 333) && is_secret(tag, 12), 0);

  /* Ciphertext and tag travel; the key and what comes out stay secret. */
  u32 saved = next_free;
  begin_case();
  next_free = saved;
  reveal(text, 333);
  reveal(tag, 12);
  u32 out = room(333);
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmAad(&core, gcm, key, aad, 1 + key_size);
  int code = (int)Z_coreZ_gcmOpen(&core, gcm, key, text, out, 333, tag);
  snprintf(name, sizeof name, "AES-GCM-%u: open", key_size * 8);
  end_case(name, is_secret(out, 333), code);

  saved = next_free;
  begin_case();
  next_free = saved;
  memory.data[tag + 11] ^= 1;
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmAad(&core, gcm, key, aad, 1 + key_size);
  code = (int)Z_coreZ_gcmOpen(&core, gcm, key, text, out, 333, tag);
  snprintf(name, sizeof name, "AES-GCM-%u: open refuses", key_size * 8);
  end_case(name, code == -6, 0);
}

/* What else the protection layers do: a tag alone (GMAC), text without a tag, and APDUs that come in pieces. */
static void gcm_parts(u32 key_size) {
  char name[64];
  begin_case();
  u32 key = room(Z_coreZ_gcmKeySize(&core));
  Z_coreZ_gcmExpand(&core, key, secret_octets(key_size), key_size);
  u32 gcm = room(Z_coreZ_gcmSize(&core));
  u32 ak = secret_octets(key_size);
  u32 iv = public_octets(12);
  u32 tag = room(16);
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmAad(&core, gcm, key, public_octets(1), 1);
  Z_coreZ_gcmAad(&core, gcm, key, ak, key_size);
  Z_coreZ_gcmAad(&core, gcm, key, public_octets(37), 37);
  Z_coreZ_gcmSeal(&core, gcm, key, tag, tag, 0, tag);
  snprintf(name, sizeof name, "GMAC, %u bits", key_size * 8);
  end_case(name, is_secret(tag, 12), 0);

  u32 saved = next_free;
  begin_case();
  next_free = saved;
  u32 text = secret_octets(100);
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmCrypt(&core, gcm, key, text, text, 100);
  snprintf(name, sizeof name, "AES-GCM-%u: encryption alone", key_size * 8);
  end_case(name, is_secret(text, 100), 0);

  static const u32 pieces[] = {1, 15, 17, 64, 200};
  saved = next_free;
  begin_case();
  next_free = saved;
  u32 at = text = secret_octets(297);
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmAad(&core, gcm, key, ak, key_size);
  for (u32 i = 0; i < 5; at += pieces[i++]) Z_coreZ_gcmEncrypt(&core, gcm, key, at, at, pieces[i]);
  Z_coreZ_gcmTag(&core, gcm, key, tag);
  int marks = is_secret(text, 297) && is_secret(tag, 16);
  reveal(text, 297);
  reveal(tag, 16);
  Z_coreZ_gcmBegin(&core, gcm, iv);
  Z_coreZ_gcmAad(&core, gcm, key, ak, key_size);
  at = text;
  for (u32 i = 0; i < 5; at += pieces[i++]) Z_coreZ_gcmDecrypt(&core, gcm, key, at, at, pieces[i]);
  int code = (int)Z_coreZ_gcmVerify(&core, gcm, key, tag);
  snprintf(name, sizeof name, "AES-GCM-%u: in pieces, both ways", key_size * 8);
  end_case(name, marks && is_secret(text, 297), code);
}

static void key_wrap(u32 size) {
  char name[64];
  begin_case();
  u32 kek = room(Z_coreZ_aesKeySize(&core));
  Z_coreZ_aesExpand(&core, kek, secret_octets(size), size);
  u32 wrapped = room(size + 8);
  Z_coreZ_keyWrap(&core, kek, secret_octets(size), size, wrapped);
  snprintf(name, sizeof name, "key wrap, %u bits", size * 8);
  end_case(name, is_secret(wrapped, size + 8), 0);

  u32 saved = next_free;
  begin_case();
  next_free = saved;
  reveal(wrapped, size + 8);
  u32 key = room(size);
  int code = (int)Z_coreZ_keyUnwrap(&core, kek, wrapped, size + 8, key);
  snprintf(name, sizeof name, "key unwrap, %u bits", size * 8);
  end_case(name, is_secret(key, size), code);

  saved = next_free;
  begin_case();
  next_free = saved;
  memory.data[wrapped + size + 7] ^= 1;
  code = (int)Z_coreZ_keyUnwrap(&core, kek, wrapped, size + 8, key);
  snprintf(name, sizeof name, "key unwrap, %u bits: refuses", size * 8);
  end_case(name, code == -6, 0);
}

/* HLS: the hash of challenge and secret (mechanisms 3, 4, 6), a block under the secret (2), and what came against it. */
static void answers(void) {
  static const struct { u32 kind, size; const char* name; } rows[] = {
      {3, 16, "HLS 3: MD5, comparison"}, {2, 20, "HLS 4: SHA-1, comparison"}, {0, 32, "HLS 6: SHA-256, comparison"},
      {1, 48, "SHA-384, comparison"}};
  for (u32 i = 0; i < 4; i++) {
    begin_case();
    u32 hash = room(Z_coreZ_hashSize(&core));
    u32 out = room(48);
    Z_coreZ_hashBegin(&core, hash, rows[i].kind);
    Z_coreZ_hashUpdate(&core, hash, public_octets(16), 16);
    Z_coreZ_hashUpdate(&core, hash, secret_octets(20), 20);
    Z_coreZ_hashUpdate(&core, hash, public_octets(150), 150);
    Z_coreZ_hashFinish(&core, hash, out);
    int marks = is_secret(out, rows[i].size);
    u32 wrong = Z_coreZ_ctEqual(&core, out, public_octets(rows[i].size), rows[i].size);
    u32 right = Z_coreZ_ctEqual(&core, out, out, rows[i].size);
    end_case(rows[i].name, marks && wrong == 0 && right == 1, 0);
  }
  begin_case();
  u32 key = room(Z_coreZ_aesKeySize(&core));
  u32 blocks = public_octets(64);
  Z_coreZ_aesExpand(&core, key, secret_octets(16), 16);
  Z_coreZ_aesEncrypt4(&core, key, blocks);
  end_case("HLS 2: AES-128", is_secret(blocks, 64), 0);

  begin_case();
  u32 password = secret_octets(24);
  u32 equal = Z_coreZ_ctEqual(&core, password, public_octets(24), 24);
  end_case("LLS: password", is_secret(password, 24) && equal == 0, 0);
}

static void randomness(void) {
  begin_case();
  u32 drbg = room(Z_coreZ_drbgSize(&core));
  u32 out = room(100);
  int code = (int)Z_coreZ_drbgSeed(&core, drbg, secret_octets(48), 48);
  if (code == 0) code = (int)Z_coreZ_drbgGenerate(&core, drbg, out, 16);
  if (code == 0) code = (int)Z_coreZ_drbgSeed(&core, drbg, secret_octets(32), 32);
  if (code == 0) code = (int)Z_coreZ_drbgGenerate(&core, drbg, out, 100);
  end_case("HMAC_DRBG: seed, reseed, octets", is_secret(out, 100), code);
}

static void hashes(void) {
  static const char* const names[] = {"HMAC-SHA-256", "HMAC-SHA-384", "HMAC-SHA-1", "HMAC-MD5"};
  for (u32 kind = 0; kind < 4; kind++) {
    begin_case();
    u32 hmac = room(Z_coreZ_hmacSize(&core));
    u32 out = room(48);
    Z_coreZ_hmacBegin(&core, hmac, kind, secret_octets(40), 40);
    Z_coreZ_hmacUpdate(&core, hmac, secret_octets(300), 300);
    Z_coreZ_hmacFinish(&core, hmac, out);
    end_case(names[kind], is_secret(out, 16), 0);
  }
}

/* `arc` and `counted` are the readings of D1 and D2. */
static void derivation(u32 algorithm, u32 arc, u32 counted, const char* name) {
  begin_case();
  u32 kdf = room(Z_coreZ_kdfSize(&core));
  u32 out = room(32);
  Z_coreZ_kdfBegin(&core, kdf, algorithm, secret_octets(48), 48, arc, counted);
  Z_coreZ_kdfParty(&core, kdf, public_octets(16), 16);
  Z_coreZ_kdfFinish(&core, kdf, out);
  end_case(name, is_secret(out, 16), 0);
}

static void curve(u32 kind, u32 size, const char* curve_name) {
  char name[64];
  begin_case();
  u32 drbg = room(Z_coreZ_drbgSize(&core));
  Z_coreZ_drbgSeed(&core, drbg, secret_octets(48), 48);
  u32 key = room(size);
  u32 public_key = room(2 * size);
  int code = (int)Z_coreZ_ecGenerate(&core, kind, drbg, key, public_key);
  snprintf(name, sizeof name, "%s: random numbers, key pair", curve_name);
  end_case(name, is_secret(key, size) && is_secret(public_key, 2 * size), code);

  u32 kept = next_free;
  begin_case();
  next_free = kept;
  code = (int)Z_coreZ_ecPublicOf(&core, kind, key, public_key);
  snprintf(name, sizeof name, "%s: public key of a stored one", curve_name);
  end_case(name, is_secret(public_key, 2 * size), code);

  u32 saved = next_free;
  begin_case();
  next_free = saved;
  u32 partner = room(2 * size);
  u32 other = public_octets(size);
  memory.data[other] &= 0x7f;
  Z_coreZ_ecPublicOf(&core, kind, other, partner);
  u32 z = room(size);
  code = (int)Z_coreZ_ecdhAgree(&core, kind, key, partner, z);
  snprintf(name, sizeof name, "%s: ECDH", curve_name);
  end_case(name, is_secret(z, size), code);

  saved = next_free;
  begin_case();
  next_free = saved;
  u32 signature = room(2 * size);
  u32 digest = secret_octets(size);
  code = (int)Z_coreZ_ecdsaSign(&core, kind, key, digest, secret_octets(32), 32, signature);
  snprintf(name, sizeof name, "%s: ECDSA sign, hedged", curve_name);
  end_case(name, is_secret(signature, 2 * size), code);

  saved = next_free;
  begin_case();
  next_free = saved;
  signature = room(2 * size);
  code = (int)Z_coreZ_ecdsaSign(&core, kind, key, digest, 0, 0, signature);
  snprintf(name, sizeof name, "%s: ECDSA sign, RFC 6979 alone", curve_name);
  end_case(name, is_secret(signature, 2 * size), code);
}

/* What must be found: a loop as long as a secret says, and a secret address. */
static void controls(void) {
  u32 a = public_octets(32);
  u32 b = public_octets(32);
  u32 secret = 7;
  VALGRIND_MAKE_MEM_UNDEFINED(&secret, sizeof secret);
  unsigned before = VALGRIND_COUNT_ERRORS;
  Z_coreZ_ctEqual(&core, a, b, secret);
  unsigned branch = VALGRIND_COUNT_ERRORS - before;
  before = VALGRIND_COUNT_ERRORS;
  Z_coreZ_ctEqual(&core, a + secret, b, 8);
  unsigned address = VALGRIND_COUNT_ERRORS - before;
  int good = branch != 0 && address != 0;
  printf("%-44s %s (%u and %u reports)\n", "controls: secret length, secret address", good ? "ok" : "FAILED", branch,
         address);
  if (!good) failures++;
}

int main(void) {
  if (!RUNNING_ON_VALGRIND) {
    puts("run me under valgrind");
    return 2;
  }
  wasm_rt_init();
  wasm_rt_allocate_memory(&memory, 4, 4);
  Z_core_init_module();
  Z_core_instantiate(&core, 0, 0);
  gcm(16);
  gcm(32);
  gcm_parts(16);
  gcm_parts(32);
  key_wrap(16);
  key_wrap(32);
  hashes();
  answers();
  randomness();
  derivation(0, 5, 1, "key derivation, suite 1");
  derivation(3, 5, 1, "key derivation, suite 2");
  derivation(2, 6, 0, "key derivation, other readings");
  curve(0, 32, "P-256");
  curve(1, 48, "P-384");
  controls();
  printf(failures ? "%d case(s) FAILED\n" : "no branch and no address depends on a secret\n", failures);
  return failures != 0;
}
