/** The xDLMS part of APPL_OPEN: what the InitiateRequest may hold. */
import { CONFORMANCE, conformanceNames, fromHex, objectList } from "../../../host/client/index.ts";
import type { ConformanceBit, InitiateRequest } from "../../../host/client/initiate.ts";
import { attempt, attemptOnce, expectAccepted, expectRefused, type Outcome } from "../aarq.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";

const INCOMPATIBLE_CONFORMANCE = 2;
const VERSION_TOO_LOW = 1;
const PDU_TOO_SHORT = 3;
const ALL_BITS = 0xffffff;

type InitiateChange = Partial<InitiateRequest>;

function propose(ctx: Ctx, association: Association, change: InitiateChange): Promise<Outcome> {
  return attempt(ctx, association, { initiate: (request) => ({ ...request, ...change }) });
}

async function proposeOnce(ctx: Ctx, association: Association, change: InitiateChange): Promise<Outcome> {
  const outcome = await propose(ctx, association, change);
  await ctx.close(outcome.client);
  return outcome;
}

async function dedicatedKey(ctx: Ctx): Promise<void> {
  const key = fromHex("00112233445566778899AABBCCDDEEFF");
  for (const association of ctx.config.associations) {
    if (association.security === "none") {
      const outcome = await proposeOnce(ctx, association, { dedicatedKey: key });
      const what = `${association.name}: dedicated-key in the clear`;
      expectRefused(ctx, outcome, what, { diagnostics: [1], initiateError: 4 });
      continue;
    }
    const outcome = await attemptOnce(ctx, association, { options: { dedicatedKey: key } });
    expectAccepted(ctx, outcome, `${association.name}: dedicated-key in a ciphered initiate`);
  }
}

async function qualityOfService(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    for (const value of [0, 1, 127]) {
      const outcome = await proposeOnce(ctx, association, { qualityOfService: value });
      if (!expectAccepted(ctx, outcome, `${association.name}: quality-of-service ${value}`)) continue;
      const echoed = outcome.client.initiateResponse?.qualityOfService;
      if (echoed !== value) ctx.remark(`${association.name}: quality-of-service is usually echoed`, String(echoed));
    }
  }
}

async function versionNumber(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    for (const version of [0, 5]) {
      const outcome = await proposeOnce(ctx, association, { version });
      const what = `${association.name}: dlms-version-number ${version}`;
      expectRefused(ctx, outcome, what, { diagnostics: [1], initiateError: VERSION_TOO_LOW });
    }
    const good = await proposeOnce(ctx, association, { version: 6 });
    expectAccepted(ctx, good, `${association.name}: dlms-version-number 6`);
    ctx.expect(good.client.initiateResponse?.version === 6, `${association.name}: the meter answers version 6`);
    const above = await proposeOnce(ctx, association, { version: 7 });
    const downgraded = above.kind === "accepted" && above.client.initiateResponse?.version === 6;
    const text = `${association.name}: dlms-version-number 7 is answered with 6, or refused`;
    ctx.expect(downgraded || above.kind === "refused", text, above.text);
  }
}

async function conformanceBlock(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const { name } = association;
    const none = await proposeOnce(ctx, association, { conformance: 0 });
    const refusal = { diagnostics: [1], initiateError: INCOMPATIBLE_CONFORMANCE };
    expectRefused(ctx, none, `${name}: empty conformance block`, refusal);
    const all = await proposeOnce(ctx, association, { conformance: ALL_BITS });
    if (!expectAccepted(ctx, all, `${name}: every bit proposed`)) continue;
    const offered = all.client.initiateResponse!.conformance;
    const names = conformanceNames(offered);
    ctx.note(`${name}: the meter offers ${names.join(", ")}`);
    const known = names.reduce((sum, bit) => sum | CONFORMANCE[bit], 0);
    ctx.expect((offered & ~known) === 0, `${name}: no reserved bit is negotiated`, offered.toString(16));
    await conformanceSubsets(ctx, association, names);
  }
}

/** What is negotiated is what both sides can do: proposed and offered. */
async function conformanceSubsets(ctx: Ctx, association: Association, offered: ConformanceBit[]): Promise<void> {
  const all = offered.reduce((sum, bit) => sum | CONFORMANCE[bit], 0);
  for (const proposed of [CONFORMANCE.get, CONFORMANCE.get | CONFORMANCE.action, all & ~CONFORMANCE["bt-get-read"]]) {
    // Pass 3 of HLS is an ACTION, so that bit has to be there.
    const conformance = association.authentication === "none" ? proposed : proposed | (all & CONFORMANCE.action);
    const outcome = await proposeOnce(ctx, association, { conformance });
    const what = `${association.name}: ${conformanceNames(conformance).length} bits proposed`;
    if (!expectAccepted(ctx, outcome, what)) continue;
    const got = outcome.client.initiateResponse!.conformance;
    ctx.expect(got === (conformance & all), `${what}: negotiated = proposed and offered`, got.toString(16));
  }
}

async function pduSize(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const { name } = association;
    for (const pduSizeMax of [1, 11]) {
      const outcome = await proposeOnce(ctx, association, { pduSizeMax });
      const what = `${name}: client-max-receive-pdu-size ${pduSizeMax}`;
      expectRefused(ctx, outcome, what, { diagnostics: [1], initiateError: PDU_TOO_SHORT });
    }
    for (const pduSizeMax of [0, 0xffff]) {
      const outcome = await proposeOnce(ctx, association, { pduSizeMax });
      expectAccepted(ctx, outcome, `${name}: client-max-receive-pdu-size ${pduSizeMax}`);
    }
    await pduSizeKept(ctx, association, 128);
  }
}

/** No APDU of the association is longer than the client can receive. */
async function pduSizeKept(ctx: Ctx, association: Association, size: number): Promise<void> {
  const outcome = await propose(ctx, association, { pduSizeMax: size });
  const what = `${association.name}: client-max-receive-pdu-size ${size}`;
  if (!expectAccepted(ctx, outcome, what)) return;
  let longest = 0;
  outcome.client.hooks.received = (apdu) => (longest = Math.max(longest, apdu.length));
  const entries = await objectList(outcome.client);
  ctx.expect(entries.length > 0, `${what}: the object list comes in ${entries.length} entries`);
  ctx.expect(longest <= size, `${what}: no APDU is longer`, `${longest} octets`);
  await ctx.close(outcome.client);
}

const APPL = { group: "APPL", source: "sheet" } as const;

export const APPL_OPEN_INITIATE: Case[] = [
  {
    ...APPL,
    name: "APPL_OPEN_9",
    purpose: "A dedicated key is only taken from a ciphered InitiateRequest.",
    clause: "GB9 9.4.4.1, 9.2.5",
    run: dedicatedKey,
  },
  {
    ...APPL,
    name: "APPL_OPEN_11",
    purpose: "Any proposed quality of service is accepted.",
    clause: "GB9 9.4.4.1",
    run: qualityOfService,
  },
  {
    ...APPL,
    name: "APPL_OPEN_12",
    purpose: "DLMS version 6 is accepted, lower ones are refused.",
    clause: "GB9 9.1.4.6, 9.4.4.1",
    run: versionNumber,
  },
  {
    ...APPL,
    name: "APPL_OPEN_13",
    purpose: "The conformance block negotiated is what both sides can do.",
    clause: "GB9 9.4.6.1",
    run: conformanceBlock,
  },
  {
    ...APPL,
    name: "APPL_OPEN_14",
    purpose: "The client's receive size is respected, and refused below 12 octets.",
    clause: "GB9 9.1.4.8, 9.4.4.1",
    run: pduSize,
  },
];
