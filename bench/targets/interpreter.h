/*
 * What main.c needs where the core runs under an interpreter: calls by name, and nanoseconds for its figures. interpreter.cc has the
 * functions, so that another runtime takes one file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef double f64;

/* Loads CORE_WASM with CORE_MEMORY octets, in whole pages. */
void core_start(void);
u8* core_memory(void);
/* Calls an export; numbers of either type that it takes fit a double, and it gives an i32. Ends the process at a trap. */
u32 core_call(const char* name, u32 count, const f64* values);

#define CALL(name, ...) core_call(name, sizeof((f64[]){__VA_ARGS__}) / sizeof(f64), (f64[]){__VA_ARGS__})
#define core_region(...) CALL("region", __VA_ARGS__)
#define core_plan(...) CALL("plan", __VA_ARGS__)
#define core_planned(...) CALL("planned", __VA_ARGS__)
#define core_boot(...) CALL("boot", __VA_ARGS__)
#define core_entropy(...) CALL("entropy", __VA_ARGS__)
#define core_lineEvent(...) CALL("lineEvent", __VA_ARGS__)
#define core_receive(...) CALL("receive", __VA_ARGS__)
#define core_transmitPoll(...) CALL("transmitPoll", __VA_ARGS__)
#define core_sample(...) CALL("sample", __VA_ARGS__)
#define core_tick(...) CALL("tick", __VA_ARGS__)
#define core_flashPoll(...) CALL("flashPoll", __VA_ARGS__)
#define core_flashDone(...) CALL("flashDone", __VA_ARGS__)

static void say(const char* text) {
  fputs(text, stdout);
}
static void say_number(u64 number, const char* after) {
  printf("%llu%s", (unsigned long long)number, after);
}
static void leave(int status) {
  exit(status);
}

static u64 ticks(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}
static void ticks_begin(void) {
}
/* One line of a figure: its name, and nanoseconds. */
static void tell(const char* figure, u64 from) {
  u64 spent = ticks() - from;
  say(figure);
  say("|");
  say_number(spent, "\n");
}
