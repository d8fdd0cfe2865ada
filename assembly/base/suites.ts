/**
 * Which security suites this build carries (GB9 9.2.3.3.2): 0, 1 and 2, or 0 alone for a target that has no room for elliptic
 * curves. `npm run build -- --suite0` makes that build by naming CORE_SUITE_MAX; code behind ELLIPTIC is then not compiled.
 */
export const SUITE_MAX: u32 = isDefined(CORE_SUITE_MAX) ? CORE_SUITE_MAX : 2;
/** Suites 1 and 2: signatures, key agreement, general-signing, and general-ciphering with keys that are not agreed beforehand. */
export const ELLIPTIC: bool = SUITE_MAX > 0;
/** The build for targets of little room: where a table buys speed alone, it does without. */
export const SMALL: bool = !ELLIPTIC;
