/** One flash operation, as the core asks for it. */
import { FlashOperation, type CoreCalls } from "./core.ts";
import type { Flash } from "./flash/flash.ts";

/**
 * Does the operation that flashPoll() gave; throws where the flash does.
 * @param relaxed a sync promises nothing: what is written can be made anew
 * @returns a promise of its end, undefined when it is over
 */
export function flashOperate(
  core: CoreCalls,
  flash: Flash,
  operation: number,
  relaxed: boolean,
): Promise<void> | undefined {
  const { flashAddress: address, flashSize: size } = core;
  switch (operation) {
    case FlashOperation.READ:
      flash.read(address, core.flashData(size));
      return undefined;
    case FlashOperation.PROGRAM:
      flash.program(address, core.flashData(size));
      return undefined;
    case FlashOperation.ERASE:
      flash.erase(address, size);
      return undefined;
    default:
      return relaxed ? undefined : flash.sync();
  }
}
