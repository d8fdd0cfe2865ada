// A runtime with no heap: any reachable allocation is a compile error, not a memory.grow.
// @ts-ignore: decorator
@global @unsafe export function __alloc(size: usize): usize { ERROR("this core has no heap (__alloc)"); return 0; }
// @ts-ignore: decorator
@global @unsafe export function __realloc(ptr: usize, size: usize): usize { ERROR("this core has no heap (__realloc)"); return 0; }
// @ts-ignore: decorator
@global @unsafe export function __free(ptr: usize): void { ERROR("this core has no heap (__free)"); }
// @ts-ignore: decorator
@global @unsafe export function __new(size: usize, id: u32): usize { ERROR("this core has no heap (__new)"); return 0; }
// @ts-ignore: decorator
@global @unsafe export function __renew(ptr: usize, size: usize): usize { ERROR("this core has no heap (__renew)"); return 0; }
// @ts-ignore: decorator
@global @unsafe export function __link(parent: usize, child: usize, many: bool): void {}
// @ts-ignore: decorator
@global @unsafe export function __collect(): void {}
