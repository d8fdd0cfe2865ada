/** `--extensions`, which several commands have. */
import { type Command, InvalidArgumentError } from "commander";
import type { Extension } from "../template/document.ts";
import { extensionsParse } from "../template/extensions.ts";

function extensions(text: string): Extension[] {
  try {
    return extensionsParse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Adds the option to a command. */
export function extensionsOption(command: Command): Command {
  const text =
    "extensions of the profile the meter has: D disconnector, L load management (D,L; none; default: the template's)";
  return command.option("--extensions <letters>", text, extensions);
}
