/* AES-GCM of the core on a Cortex-M: one sealed message of 512 octets, the key ready. */
#include "board.h"

enum { SIZE = 512 };

static u32 next_free;
static u32 room(u32 size) {
  u32 at = (next_free + 15) & ~15u;
  next_free = at + size;
  return at;
}

int main(void) {
  ticks_begin();
  core_start();
  next_free = Z_coreZ_freeFrom(&core);
  u32 key = room(Z_coreZ_gcmKeySize(&core)), gcm = room(Z_coreZ_gcmSize(&core));
  u32 iv = room(12), aad = room(17), text = room(SIZE + 16);
  Z_coreZ_gcmExpand(&core, key, aad, 16);
  u64 from = ticks();
  Z_coreZ_gcmSeal(&core, gcm, key, iv, aad, 17, text, SIZE);
  tell("seal of 512 octets", from);
  say("whole\n");
  leave(0);
}
