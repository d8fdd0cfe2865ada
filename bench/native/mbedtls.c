/*
 * mbed TLS as Debian ships it. Its answer to "has this processor AES instructions" is replaced by no (the linker takes the
 * first of two definitions), so that portable C is compared with portable code.
 */
#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/gcm.h>
#include "timing.h"

int mbedtls_aesni_has_support(unsigned int what) {
  (void)what;
  return 0;
}

static const char* wanted;
static mbedtls_gcm_context gcm;
static unsigned char octets[1040], tag[12], digest[48];
static size_t text_size, digest_size;
static mbedtls_md_type_t md;
static mbedtls_ecp_group group;
static mbedtls_mpi secret, r, s, z;
static mbedtls_ecp_point public_key;

/* Blinds the scalars of mbed TLS; a real generator would only add its own time. */
static int numbers(void* state, unsigned char* out, size_t size) {
  static unsigned seed = 1;
  (void)state;
  for (size_t i = 0; i < size; i++) out[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
  return 0;
}

static void seal(void) {
  mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, text_size, octets, 12, octets, 17, octets, octets, 12, tag);
}
static void sign(void) {
  mbedtls_ecdsa_sign_det_ext(&group, &r, &s, &secret, digest, digest_size, md, numbers, NULL);
}
static void verify(void) {
  if (mbedtls_ecdsa_verify(&group, digest, digest_size, &public_key, &r, &s) != 0) exit(1);
}
static void agree(void) {
  mbedtls_ecdh_compute_shared(&group, &z, &public_key, &secret, numbers, NULL);
}

static void curve(mbedtls_ecp_group_id which, size_t size, mbedtls_md_type_t hash, const char* name) {
  char id[32];
  mbedtls_ecp_group_load(&group, which);
  mbedtls_ecp_gen_keypair(&group, &secret, &public_key, numbers, NULL);
  digest_size = size;
  md = hash;
  memset(digest, 0x5a, size);
  sign();
  snprintf(id, sizeof id, "%s-sign", name);
  measure(wanted, id, sign);
  snprintf(id, sizeof id, "%s-verify", name);
  measure(wanted, id, verify);
  snprintf(id, sizeof id, "%s-ecdh", name);
  measure(wanted, id, agree);
}

int main(int argc, char** argv) {
  static const size_t sizes[] = {16, 64, 512, 1024};
  wanted = argc > 1 ? argv[1] : "";
  mbedtls_gcm_init(&gcm);
  mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, digest, 128);
  for (int i = 0; i < 4; i++) {
    char id[32];
    text_size = sizes[i];
    snprintf(id, sizeof id, "gcm-seal-%zu", text_size);
    measure(wanted, id, seal);
  }
  mbedtls_ecp_group_init(&group);
  mbedtls_mpi_init(&secret);
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  mbedtls_mpi_init(&z);
  mbedtls_ecp_point_init(&public_key);
  curve(MBEDTLS_ECP_DP_SECP256R1, 32, MBEDTLS_MD_SHA256, "P-256");
  curve(MBEDTLS_ECP_DP_SECP384R1, 48, MBEDTLS_MD_SHA384, "P-384");
  return 0;
}
