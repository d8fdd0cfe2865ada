#!/usr/bin/env node
/** The command `dlms-meter`. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { packageFile } from "../files.ts";
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

// `dlms-meter read … | head` ends the reader first; that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string };
const program = new Command("dlms-meter")
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

await program.parseAsync();
