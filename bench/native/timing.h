/* Times an operation: the fastest of short samples after a warm-up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES 400
#define SAMPLE_NS 5e5

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static double sample(long count, void (*operation)(void)) {
  double begin = now_ns();
  for (long i = 0; i < count; i++) operation();
  return now_ns() - begin;
}

/* Prints the nanoseconds of one run of `operation`, when `id` is what the program was asked for. */
static void measure(const char* wanted, const char* id, void (*operation)(void)) {
  double best = 1e18;
  long count = 1;
  if (strcmp(wanted, id) != 0) return;
  while (sample(count, operation) < SAMPLE_NS) count *= 2;
  for (int i = 0; i < SAMPLES; i++) {
    double ns = sample(count, operation) / count;
    if (ns < best) best = ns;
  }
  printf("%.1f\n", best);
}
