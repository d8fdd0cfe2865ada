#!/usr/bin/env node
/** Runs the command `dlms-meter`. */
import { readFileSync } from "node:fs";
import { packageFile } from "../files.ts";
import { program } from "./program.ts";

// `dlms-meter read … | head` ends the reader first; that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string };
await program(version).parseAsync();
