/** Every case, in the order of the test suites. */
import type { Case } from "../case.ts";
import { HDLC_FRAME } from "./hdlc_frame.ts";
import { HDLC_LINK } from "./hdlc_link.ts";

export const CASES: readonly Case[] = [...HDLC_FRAME, ...HDLC_LINK];
