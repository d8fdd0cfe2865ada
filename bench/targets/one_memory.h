/*
 * Loads and stores of the core for a firmware that has one memory, at an address and of a size that the compiler knows. As wasm2c
 * writes them, each goes through two pointers that any store before it may have changed, and adds in 64 bits to compare with a size
 * that may have changed too. These check as much: an access traps unless all its octets lie within the memory. They buy a quarter of
 * the code, and of the instructions of a GET. scripts/targets.mjs writes them in place of the calls in core.c.
 */
#ifndef ONE_MEMORY_H
#define ONE_MEMORY_H
#include <string.h>
#include "core.h"

extern u8 octets[CORE_MEMORY];

#if WASM_RT_MEMCHECK_SIGNAL_HANDLER
#define ONE_CHECK(size)
#else
/* The offset is a constant and its part is decided by the compiler; what is left is one comparison. */
#define ONE_CHECK(size)                                                                                        \
  if (__builtin_expect(offset + (u64)size > CORE_MEMORY || address > CORE_MEMORY - offset - size, 0)) {        \
    wasm_rt_trap(WASM_RT_TRAP_OOB);                                                                            \
  }
#endif

/* A call would be as long, so that a compiler that is after size would make all of them calls. */
#define ONE_ACCESS static inline __attribute__((always_inline))

#define ONE_LOAD(name, kept, given)                              \
  ONE_ACCESS given one_##name(u32 address, u32 offset) {         \
    kept value;                                                  \
    ONE_CHECK(sizeof value)                                      \
    memcpy(&value, octets + offset + address, sizeof value);     \
    return (given)value;                                         \
  }
#define ONE_STORE(name, kept, taken)                                  \
  ONE_ACCESS void one_##name(u32 address, u32 offset, taken given) {  \
    kept value = (kept)given;                                         \
    ONE_CHECK(sizeof value)                                           \
    memcpy(octets + offset + address, &value, sizeof value);          \
  }

ONE_LOAD(i32_load, u32, u32)
ONE_LOAD(i32_load8_s, s8, u32)
ONE_LOAD(i32_load8_u, u8, u32)
ONE_LOAD(i32_load16_s, s16, u32)
ONE_LOAD(i32_load16_u, u16, u32)
ONE_LOAD(i64_load, u64, u64)
ONE_LOAD(i64_load8_s, s8, u64)
ONE_LOAD(i64_load8_u, u8, u64)
ONE_LOAD(i64_load16_s, s16, u64)
ONE_LOAD(i64_load16_u, u16, u64)
ONE_LOAD(i64_load32_s, s32, u64)
ONE_LOAD(i64_load32_u, u32, u64)
ONE_LOAD(f32_load, f32, f32)
ONE_LOAD(f64_load, f64, f64)
ONE_STORE(i32_store, u32, u32)
ONE_STORE(i32_store8, u8, u32)
ONE_STORE(i32_store16, u16, u32)
ONE_STORE(i64_store, u64, u64)
ONE_STORE(i64_store8, u8, u64)
ONE_STORE(i64_store16, u16, u64)
ONE_STORE(i64_store32, u32, u64)
ONE_STORE(f32_store, f32, f32)
ONE_STORE(f64_store, f64, f64)
#endif
