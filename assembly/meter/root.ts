/** The root of a sum of two squares: apparent power and energy. */

/**
 * The root of a² + b², rounded down; both within ±2^53, so that the estimate is off by a few units at most. The squares may
 * exceed 64 bits: the remainder does not, and arithmetic modulo 2^64 gives it exactly.
 */
export function rootFloor(a: i64, b: i64): i64 {
  const x = <f64>a;
  const y = <f64>b;
  let root = <i64>Math.sqrt(x * x + y * y);
  let rest = a * a + b * b - root * root;
  while (rest < 0) {
    root--;
    rest += 2 * root + 1;
  }
  while (rest > 2 * root) {
    rest -= 2 * root + 1;
    root++;
  }
  return root;
}
