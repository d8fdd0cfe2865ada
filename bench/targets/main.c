/*
 * One meter and the steps that record.ts wrote down; ends at the first octet that differs. On a Cortex-M without an operating system
 * the core is there through wasm2c (board.h), on a computer under an interpreter (interpreter.h).
 */
#ifdef INTERPRETER
#include "interpreter.h"
#else
#include "board.h"
#endif

struct step {
  int kind;
  const char* figure;
  f64 time;
  const u8* given;
  const u8* expected;
  u32 given_size, expected_size;
};

#include "session.h"

enum { OPEN = 1, EXCHANGE = 2, TICK = 3 };
enum { REGION_TEMPLATE, REGION_IN, REGION_OUT, REGION_SAMPLE, REGION_FLASH, REGION_STATUS, REGION_PROVISION };
enum { FLASH_READ = 1 };
static const f64 LINE_TIME = 1000.0;

static u8* region(u32 kind) {
  return core_memory() + core_region(kind);
}

static void must(int good, const char* what, u32 step) {
  if (good) return;
  say("step ");
  say_number(step, ": ");
  say(what);
  say("\n");
  leave(1);
}

/* A flash that reads erased: what is programmed is not needed before the next boot, and there is none. */
static void settle(f64 time, u32 step) {
  u32 operation;
  while ((operation = core_flashPoll(0)) != 0) {
    u32 size = ((u32*)region(REGION_STATUS))[2];
    if (operation == FLASH_READ) memset(region(REGION_FLASH), 0xff, size);
    must((int)core_flashDone(0, 0, time) >= 0, "the core cannot use its flash", step);
  }
}

static void exchange(const struct step* s, u32 number) {
  const u8* given = s->given;
  const u8* expected = s->expected;
  u32 left = s->given_size, wanted = s->expected_size;
  do {
    memcpy(region(REGION_IN), given, left);
    int taken = left ? (int)core_receive(0, SLOT, left, LINE_TIME, s->time) : 0;
    must(taken >= 0, "the core refuses octets", number);
    int size;
    while ((size = (int)core_transmitPoll(0, SLOT, LINE_TIME)) > 0) {
      must((u32)size <= wanted && memcmp(region(REGION_OUT), expected, (u32)size) == 0, "other octets", number);
      expected += size;
      wanted -= (u32)size;
    }
    settle(s->time, number);
    if (taken == 0) break;
    given += taken;
    left -= (u32)taken;
  } while (left);
  must(wanted == 0 && left == 0, "octets are missing", number);
}

static void run(const struct step* s, u32 number) {
  switch (s->kind) {
    case OPEN:
      must((int)core_lineEvent(0, SLOT, 1, LINE_TIME, s->time) >= 0, "the line does not open", number);
      break;
    case EXCHANGE:
      exchange(s, number);
      break;
    case TICK:
      memcpy(region(REGION_SAMPLE), s->given, s->given_size);
      must((int)core_sample(0, s->time) == 0, "the sample is refused", number);
      while ((int)core_tick(0, LINE_TIME, s->time) > 0) settle(s->time, number);
      settle(s->time, number);
      break;
  }
}

/* One line a figure, of all its steps. */
static void measure(void) {
  u32 count = sizeof steps / sizeof *steps;
  for (u32 i = 0; i < count;) {
    const char* figure = steps[i].figure;
    u64 from = ticks();
    u32 end = i;
    do run(&steps[end], end), end++;
    while (end < count && *figure && strcmp(steps[end].figure, figure) == 0 && steps[end].kind != TICK);
    if (*figure) tell(figure, from);
    i = end;
  }
}

int main(void) {
  ticks_begin();
  core_start();
  memcpy(region(REGION_TEMPLATE), template_image, TEMPLATE_SIZE);
  must(core_plan(TEMPLATE_SIZE) == 0, "the template does not fit", 0);
  must(core_planned(0) + core_planned(1) <= CORE_MEMORY, "the seat does not fit", 0);
  memcpy(region(REGION_PROVISION), provision, PROVISION_SIZE);
  u32 flash = core_planned(5);
  must((int)core_boot(0, PROVISION_SIZE, flash, LINE_TIME, START) == 0, "the meter does not boot", 0);
  settle(START, 0);
  memcpy(region(REGION_PROVISION), entropy, sizeof entropy);
  must((int)core_entropy(0, sizeof entropy) == sizeof entropy, "entropy is refused", 0);
  measure();
  say("whole\n");
  leave(0);
}
