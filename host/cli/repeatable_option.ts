/** Options that may stand more than once. */
import { Option } from "commander";

/** Collects the values of an option in their order; `none` says in the help what holds without any. */
export function repeatableOption(flags: string, description: string, none: string): Option {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return new Option(flags, `${description} (repeatable)`).argParser(collect).default([], none);
}

export const overridesOption = (): Option =>
  repeatableOption("--override <change>", "change a value of the template: NAME:ATTRIBUTE=VALUE", "none");
