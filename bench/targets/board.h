/*
 * What both programs need of the board: text by semihosting, the runtime that wasm2c wants, and a count of instructions. With
 * -icount shift=0 qemu executes one each nanosecond, and the processor's clock of mps2 boards is 25 MHz: a tick is 40 instructions.
 */
#include <string.h>
#include "one_memory.h"

enum { INSTRUCTIONS_PER_TICK = 40 };

/* All that the core ever touches. memory.size counts pages; the bounds checks use the octets there are. */
enum { PAGES = (CORE_MEMORY + 65535) / 65536 };
u8 octets[CORE_MEMORY] __attribute__((aligned(16)));
static wasm_rt_memory_t memory = {octets, PAGES, PAGES, CORE_MEMORY};
static Z_core_instance_t core;

wasm_rt_memory_t* Z_envZ_memory(struct Z_env_instance_t* env) {
  (void)env;
  return &memory;
}

/* The core as main.c calls it. */
static u8* core_memory(void) {
  return memory.data;
}
static void core_start(void) {
  Z_core_init_module();
  Z_core_instantiate(&core, 0);
}
#define core_region(...) Z_coreZ_region(&core, __VA_ARGS__)
#define core_plan(...) Z_coreZ_plan(&core, __VA_ARGS__)
#define core_planned(...) Z_coreZ_planned(&core, __VA_ARGS__)
#define core_boot(...) Z_coreZ_boot(&core, __VA_ARGS__)
#define core_entropy(...) Z_coreZ_entropy(&core, __VA_ARGS__)
#define core_lineEvent(...) Z_coreZ_lineEvent(&core, __VA_ARGS__)
#define core_receive(...) Z_coreZ_receive(&core, __VA_ARGS__)
#define core_transmitPoll(...) Z_coreZ_transmitPoll(&core, __VA_ARGS__)
#define core_sample(...) Z_coreZ_sample(&core, __VA_ARGS__)
#define core_tick(...) Z_coreZ_tick(&core, __VA_ARGS__)
#define core_flashPoll(...) Z_coreZ_flashPoll(&core, __VA_ARGS__)
#define core_flashDone(...) Z_coreZ_flashDone(&core, __VA_ARGS__)

/* Semihosting. */
static int host_call(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static void say(const char* text) {
  host_call(4, text);
}
/* A number and what stands behind it: there is no stdio here. */
static void say_number(u64 number, const char* after) {
  char digits[24];
  char* at = digits + sizeof digits - 1;
  *at = 0;
  do *--at = (char)('0' + number % 10), number /= 10;
  while (number);
  say(at);
  say(after);
}
static void leave(int status) {
  u32 block[2] = {0x20026, (u32)status};
  host_call(0x20, block);
  for (;;) {
  }
}

/* The runtime that wasm2c wants: one memory, no table, and a trap that ends the run. */
u32 wasm_rt_call_stack_depth;
bool wasm_rt_is_initialized(void) {
  return true;
}
u32 wasm_rt_register_func_type(u32 parameters, u32 results, ...) {
  (void)parameters, (void)results;
  return 0;
}
void wasm_rt_trap(wasm_rt_trap_t code) {
  say("trap ");
  say_number((u64)code, "\n");
  leave(1);
  for (;;) {
  }
}
void abort(void) {
  wasm_rt_trap(WASM_RT_TRAP_UNREACHABLE);
}

/* SysTick counts down from 2^24 - 1. */
#define SYSTICK ((volatile u32*)0xe000e010)
static u32 wraps;
void systick_handler(void) {
  wraps++;
}
static u64 ticks(void) {
  u32 before, now;
  do {
    before = wraps;
    now = 0xffffff - SYSTICK[2];
  } while (before != wraps);
  return ((u64)before << 24) + now;
}
static void ticks_begin(void) {
  SYSTICK[1] = 0xffffff;
  SYSTICK[2] = 0;
  SYSTICK[0] = 7;
}

/* One line of a figure: its name, and instructions. */
static void tell(const char* figure, u64 from) {
  u64 spent = (ticks() - from) * INSTRUCTIONS_PER_TICK;
  say(figure);
  say("|");
  say_number(spent, "\n");
}
