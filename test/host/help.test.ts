/** What `--help` of each command says of its defaults. */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { program } from "../../host/cli/program.ts";

const withBelow = (command: Command): Command[] => [command, ...command.commands.flatMap(withBelow)];
const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
const commands = withBelow(program("0")).map((command) => ({ name: pathOf(command), command }));

describe.each(commands)("--help of $name", ({ command }) => {
  it("says each default once, in words", () => {
    const help = command.createHelp();
    const texts = command.options.map((option) => help.optionDescription(option));
    expect(texts.filter((text) => /default.*default|default: [[{]/.test(text))).toEqual([]);
  });
});
