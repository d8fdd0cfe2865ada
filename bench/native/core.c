/* The crypto of the core, translated from build/testing_bench.wasm by wasm2c. */
#include "core.h"
#include "timing.h"

static wasm_rt_memory_t memory;
static Z_core_instance_t core;
static u32 next_free;
static const char* wanted;
static u32 gcm, key, iv, aad, text, text_size;
static u32 kind, secret, public_key, digest, signature, z;

wasm_rt_memory_t* Z_envZ_memory(struct Z_env_instance_t* env) {
  (void)env;
  return &memory;
}

static u32 room(u32 size) {
  u32 at = (next_free + 15) & ~15u;
  next_free = at + size;
  for (u32 i = 0; i < size; i++) memory.data[at + i] = (u8)(i * 29 + 17);
  return at;
}

static void seal(void) {
  Z_coreZ_gcmSeal(&core, gcm, key, iv, aad, 17, text, text_size);
}
static void sign(void) {
  Z_coreZ_ecdsaSign(&core, kind, secret, digest, signature);
}
static void verify(void) {
  Z_coreZ_ecdsaVerify(&core, kind, public_key, digest, signature);
}
static void agree(void) {
  Z_coreZ_ecdhAgree(&core, kind, secret, public_key, z);
}

static void curve(u32 which, u32 size, const char* name) {
  char id[32];
  kind = which;
  secret = room(size);
  public_key = room(2 * size);
  digest = room(size);
  signature = room(2 * size);
  z = room(size);
  int bad = (int)Z_coreZ_ecPublicOf(&core, kind, secret, public_key);
  bad |= (int)Z_coreZ_ecdsaSign(&core, kind, secret, digest, signature);
  bad |= (int)Z_coreZ_ecdsaVerify(&core, kind, public_key, digest, signature);
  bad |= (int)Z_coreZ_ecdhAgree(&core, kind, secret, public_key, z);
  if (bad) exit(1);
  snprintf(id, sizeof id, "%s-sign", name);
  measure(wanted, id, sign);
  snprintf(id, sizeof id, "%s-verify", name);
  measure(wanted, id, verify);
  snprintf(id, sizeof id, "%s-ecdh", name);
  measure(wanted, id, agree);
}

int main(int argc, char** argv) {
  static const u32 sizes[] = {16, 64, 512, 1024};
  wanted = argc > 1 ? argv[1] : "";
  wasm_rt_init();
  wasm_rt_allocate_memory(&memory, 4, 4);
  Z_core_init_module();
  Z_core_instantiate(&core, 0);
  next_free = Z_coreZ_freeFrom(&core);
  key = room(Z_coreZ_gcmKeySize(&core));
  gcm = room(Z_coreZ_gcmSize(&core));
  iv = room(12);
  aad = room(17);
  text = room(1040);
  Z_coreZ_gcmExpand(&core, key, aad, 16);
  for (int i = 0; i < 4; i++) {
    char id[32];
    text_size = sizes[i];
    snprintf(id, sizeof id, "gcm-seal-%u", text_size);
    measure(wanted, id, seal);
  }
  curve(0, 32, "P-256");
  curve(1, 48, "P-384");
  return 0;
}
