/** The command `dlms-meter` with all it can be told to do. */
import { Command } from "commander";
import { callCommand } from "./call.ts";
import { injectCommand, statusCommand, timeCommand } from "./control.ts";
import { imageCommand } from "./image.ts";
import { keysCommand } from "./keys.ts";
import { listenCommand } from "./listen.ts";
import { metersCommand } from "./meters.ts";
import { objectsCommand } from "./objects.ts";
import { readCommand } from "./read.ts";
import { readoutCommand } from "./readout.ts";
import { serveCommand } from "./serve.ts";
import { setCommand } from "./set.ts";
import { stateCommand } from "./state.ts";
import { templateCommand } from "./template.ts";
import { updateCommand } from "./update.ts";

export function program(version: string): Command {
  return new Command("dlms-meter")
    .description("a DLMS/COSEM electricity meter after the IDIS Package 3 IP profile, and a client for it")
    .version(version)
    .showHelpAfterError("(--help tells more)")
    .addCommand(serveCommand())
    .addCommand(injectCommand())
    .addCommand(timeCommand())
    .addCommand(statusCommand())
    .addCommand(readCommand())
    .addCommand(readoutCommand())
    .addCommand(setCommand())
    .addCommand(callCommand())
    .addCommand(updateCommand())
    .addCommand(imageCommand())
    .addCommand(listenCommand())
    .addCommand(templateCommand())
    .addCommand(objectsCommand())
    .addCommand(metersCommand())
    .addCommand(keysCommand())
    .addCommand(stateCommand());
}
