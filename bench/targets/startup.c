/* Start of a Cortex-M3 or M4: stack, vectors, data and bss, nothing else. */
#include <stdint.h>

extern uint32_t _stack, _data_from, _data, _data_end, _bss, _bss_end;
int main(void);
void systick_handler(void);

static void stop(void) {
  for (;;) {
  }
}

void reset_handler(void) {
  const uint32_t* from = &_data_from;
  for (uint32_t* to = &_data; to < &_data_end;) *to++ = *from++;
  for (uint32_t* to = &_bss; to < &_bss_end;) *to++ = 0;
  main();
  stop();
}

__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    &_stack, reset_handler, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, systick_handler,
};
