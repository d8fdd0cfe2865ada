/** What scripts/build.mjs may define for a build of the core (asc --use). */
declare const CORE_SUITE_MAX: number;
declare const CORE_WHOLE: number;
