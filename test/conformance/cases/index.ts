/** Every case, in the order of the test suites. */
import type { Case } from "../case.ts";
import type { Config } from "../config.ts";
import { Ctx, memoryNew } from "../context.ts";
import { APPL_DATA } from "./appl_data.ts";
import { APPL_OPEN_INITIATE } from "./appl_initiate.ts";
import { APPL_OPEN_ACSE } from "./appl_open.ts";
import { ASYMSEC } from "./asymsec.ts";
import { COSEM_NAMED } from "./cosem_named.ts";
import { objectCases } from "./cosem_objects.ts";
import { COSEM_PROFILE } from "./cosem_profile.ts";
import { HDLC_FRAME } from "./hdlc_frame.ts";
import { HDLC_LINK } from "./hdlc_link.ts";
import { SYMSEC_DATA } from "./symsec_data.ts";
import { SYMSEC_KEYS, SYMSEC_POLICY } from "./symsec_keys.ts";

const LINK_AND_APPLICATION = [...HDLC_FRAME, ...HDLC_LINK, ...APPL_OPEN_ACSE, ...APPL_OPEN_INITIATE, ...APPL_DATA];
const OBJECTS = [...COSEM_NAMED, ...COSEM_PROFILE];
const SYMSEC = [...SYMSEC_DATA.slice(0, 3), ...SYMSEC_KEYS, ...SYMSEC_DATA.slice(3), ...SYMSEC_POLICY];

/** The cases with fixed names; those of the objects, COSEM_X_Y, depend on the meter. */
export const CASES: readonly Case[] = [...LINK_AND_APPLICATION, ...OBJECTS, ...SYMSEC, ...ASYMSEC];

/** All cases for this meter. Its object lists are read if a name can be one of COSEM_X_Y. */
export async function casesFor(config: Config, wanted: (name: string) => boolean): Promise<Case[]> {
  const named = CASES.filter((one) => wanted(one.name));
  const ctx = new Ctx(config, memoryNew());
  const objects = (await objectCases(ctx)).filter((one) => wanted(one.name));
  await ctx.end();
  await ctx.memory.serial?.end();
  const at = named.filter((one) => one.group === "HDLC" || one.group === "APPL").length;
  return [...named.slice(0, at), ...objects, ...named.slice(at)];
}
