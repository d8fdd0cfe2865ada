/**
 * What a fuzz target is. An input is a list of messages: APDUs, frames, datagrams, answers of a server or a whole image, as the
 * target says. The same input always does the same: a target begins each run from one state, and nothing in it is random.
 */
import type { Dice } from "../testing.ts";

export type Input = readonly Uint8Array[];

export interface Target {
  readonly name: string;
  /** One line: what goes in. */
  readonly about: string;
  /** Inputs that mean something: the pool begins with them. */
  seeds(): Input[];
  /** A message after the grammar of the target, where it has one. */
  fresh?(dice: Dice): Uint8Array;
  /**
   * Takes an input and returns what came of it, message by message, in a few words each: two runs differ in what they exercise
   * when their words differ. Throws when something happens that must never happen.
   */
  run(input: Input): string[] | Promise<string[]>;
  /** Comes directly behind a run: an honest peer is served as if nothing had been. Throws when it is not. */
  visit?(): void | Promise<void>;
}

/** An input as the text of a kept file: a line of hexadecimal for each message, `-` for an empty one. */
export function inputText(input: Input): string {
  return input.map((octets) => `${Buffer.from(octets).toString("hex") || "-"}\n`).join("");
}

/** Reads inputText(); lines that begin with # say what it is about. */
export function inputParse(text: string): Input {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => Uint8Array.from(Buffer.from(line === "-" ? "" : line, "hex")));
}
