/** Replaces AssemblyScript's imported `env.abort`: a core with no imports can only trap, which the host treats as a watchdog reset. */
export function trap(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}
