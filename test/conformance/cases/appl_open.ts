/** APPL_IDLE and the ACSE part of APPL_OPEN: how associations are opened and refused. */
import {
  attribute,
  CONTEXT,
  contextName,
  data,
  fromHex,
  MECHANISM,
  mechanismName,
  objectList,
  type Client,
} from "../../../host/client/index.ts";
import { ActionError, DlmsError } from "../../../host/client/errors.ts";
import { answerOf, answerWords, expectException, getNormal } from "../answers.ts";
import { attempt, attemptOnce, expectAccepted, expectRefused, type AarqChange } from "../aarq.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";

const CURRENT = "0-0:40.0.0.255";
const STATUS_ASSOCIATED = 2;
const ACTION_REQUEST = 0xc3;

export const isHls = (a: Association): boolean => a.authentication !== "none" && a.authentication !== "lls";
const isCipheredContext = (a: Association): boolean => a.security !== "none";

async function idle(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations.filter((a) => !isCipheredContext(a))) {
    const client = await ctx.open(association);
    const answer = await answerOf(client, getNormal(15, CURRENT, 8));
    expectException(ctx, answer, [1, 2], `GET without association, client ${association.clientSap}`, true);
    await ctx.close(client);
  }
  for (const association of ctx.config.shortNames.filter((a) => !isCipheredContext(a))) {
    const client = await ctx.open(association);
    const answer = await answerOf(client, fromHex("050102FA00"));
    const what = `Read without association, client ${association.clientSap}: initiateError, service-unsupported`;
    const apdu = answer?.apdu;
    const right =
      apdu?.kind === "confirmed-service-error" && apdu.service === 1 && apdu.choice === 3 && apdu.value === 2;
    if (right) ctx.expect(true, what);
    else if (apdu?.kind === "read-response") ctx.expect(false, what, answerWords(answer));
    else ctx.remark(`${what}; refused otherwise`, answerWords(answer));
    await ctx.close(client);
  }
}

/** association_status of the current association is "associated". */
async function isAssociated(client: Client): Promise<boolean> {
  const result = await client.getResult(attribute(15, CURRENT, 8));
  return result.data !== undefined && data.numberOf(result.data, "association_status") === STATUS_ASSOCIATED;
}

async function openDeclared(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const outcome = await attempt(ctx, association);
    if (!expectAccepted(ctx, outcome, association.name)) continue;
    ctx.expect(await isAssociated(outcome.client), `${association.name}: association_status is associated`);
    const name = outcome.aare!.applicationContextName;
    const context = contextName(isCipheredContext(association) ? CONTEXT.LN_CIPHERED : CONTEXT.LN);
    ctx.expect(name === context, `${association.name}: the AARE names the context that was proposed`, name);
    if (isHls(association)) {
      const hls = outcome.aare!.diagnostic === 14 && outcome.aare!.authenticationValue !== undefined;
      ctx.expect(hls, `${association.name}: the AARE asks for authentication (diagnostic 14) and holds StoC`);
    } else ctx.expect(outcome.aare!.diagnostic === 0, `${association.name}: diagnostic null`);
    await outcome.client.release();
    ctx.expect(!outcome.client.associated, `${association.name}: released`);
    await ctx.close(outcome.client);
  }
  await openShortNames(ctx);
}

/** Associations with short names: context 2 or 4, VAA name FA00, and an object list that names the current association. */
async function openShortNames(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.shortNames) {
    const { name } = association;
    const outcome = await attempt(ctx, association);
    if (!expectAccepted(ctx, outcome, name)) continue;
    const context = contextName(isCipheredContext(association) ? CONTEXT.SN_CIPHERED : CONTEXT.SN);
    const { applicationContextName } = outcome.aare!;
    ctx.expect(applicationContextName === context, `${name}: the AARE names the context`, applicationContextName);
    const vaa = outcome.client.initiateResponse!.vaaName;
    ctx.expect(vaa === 0xfa00, `${name}: VAA name FA00`, vaa.toString(16));
    const entries = await objectList(outcome.client);
    const current = entries.find((entry) => entry.baseName === 0xfa00);
    ctx.expect(current?.classId === 12 && current.logicalName === CURRENT, `${name}: FA00 is the current association`);
    await outcome.client.release();
    await ctx.close(outcome.client);
  }
}

async function userIdentification(ctx: Ctx): Promise<void> {
  let tried = 0;
  for (const association of ctx.config.associations) {
    const client = await ctx.associated(association);
    const users = await client.getResult(attribute(15, CURRENT, 10));
    await ctx.close(client);
    if (users.data === undefined || data.elementsOf(users.data, "user_list").length === 0) {
      ctx.skip(`${association.name}: no user_list, so users are not identified`);
      continue;
    }
    tried += 1;
    const known = data.elementsOf(users.data, "user_list").map((user) => data.elementsOf(user, "user", 2)[0]!);
    const ids = known.map((id) => data.numberOf(id, "user id"));
    const unknown = [...Array(256).keys()].find((id) => !ids.includes(id))!;
    const good = await attemptOnce(ctx, association, { options: { userId: ids[0]! } });
    expectAccepted(ctx, good, `${association.name}: user ${ids[0]} of the user_list`);
    const bad = await attemptOnce(ctx, association, { options: { userId: unknown } });
    expectRefused(ctx, bad, `${association.name}: user ${unknown}, not in the list`, { diagnostics: [6] });
  }
  if (tried === 0) ctx.inapplicable("no association identifies users");
}

/** The handshake stops before pass 3, with the association pending. */
class Stop extends DlmsError {}

async function pending(ctx: Ctx, association: Association): Promise<Client | undefined> {
  const client = await ctx.open(association);
  client.hooks.plain = (apdu) => {
    if (apdu[0] === ACTION_REQUEST) throw new Stop("before pass 3");
    return apdu;
  };
  try {
    await client.associate();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    delete client.hooks.plain;
    return client;
  }
  return undefined;
}

async function hlsWrong(ctx: Ctx, association: Association): Promise<void> {
  const client = await ctx.open(association);
  // The last octet of the ACTION request belongs to f(StoC).
  client.hooks.plain = (apdu) => {
    if (apdu[0] === ACTION_REQUEST) apdu[apdu.length - 1]! ^= 0x01;
    return apdu;
  };
  let text = "accepted";
  let refused = false;
  try {
    await client.associate();
  } catch (error) {
    text = (error as Error).message;
    refused = error instanceof DlmsError;
    if (error instanceof ActionError && error.code !== 3) ctx.remark("wrong pass 3: result 3 is usual", text);
  }
  ctx.expect(refused, `${association.name}: a wrong f(StoC) is refused`, text);
  delete client.hooks.plain;
  const answer = await answerOf(client, getNormal(8, "0-0:1.0.0.255", 2));
  const denied = answer === undefined || answer.apdu.kind === "exception-response";
  ctx.expect(denied, `${association.name}: nothing is served after it`, answerWords(answer));
  await ctx.close(client);
}

async function hls(ctx: Ctx): Promise<void> {
  const associations = ctx.config.associations.filter(isHls);
  if (associations.length === 0) ctx.inapplicable("no association with high level security is declared");
  for (const association of associations) {
    const outcome = await attemptOnce(ctx, association);
    expectAccepted(ctx, outcome, `${association.name}: passes 3 and 4 authenticate both sides`);
    const client = await pending(ctx, association);
    if (ctx.expect(client !== undefined, `${association.name}: pass 2 came`)) {
      const answer = await answerOf(client!, getNormal(8, "0-0:1.0.0.255", 2));
      expectException(ctx, answer, [1, 1], `${association.name}: GET before pass 3`);
      await ctx.close(client!);
    }
    await hlsWrong(ctx, association);
    const again = await attemptOnce(ctx, association);
    expectAccepted(ctx, again, `${association.name}: a right handshake afterwards`);
  }
}

async function protocolVersion(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    for (const octets of ["0284", "0780"]) {
      const good = await attemptOnce(ctx, association, { aarq: { protocolVersion: fromHex(octets) } });
      expectAccepted(ctx, good, `${association.name}: protocol-version ${octets} (version1 set)`);
    }
    const bad = await attemptOnce(ctx, association, { aarq: { protocolVersion: fromHex("0244") } });
    const what = `${association.name}: protocol-version 0244 (version1 not set)`;
    expectRefused(ctx, bad, what, { source: 2, diagnostics: [2] });
    expectAccepted(ctx, await attemptOnce(ctx, association), `${association.name}: without protocol-version`);
  }
}

async function applicationContext(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    for (const [name, what] of [
      [contextName(CONTEXT.SN), "short name context"],
      [contextName(9), "context 9, which is none"],
      [mechanismName(1), "a mechanism in place of a context"],
    ] as const) {
      const outcome = await attemptOnce(ctx, association, { aarq: { applicationContextName: name } });
      expectRefused(ctx, outcome, `${association.name}: ${what}`, { diagnostics: [2] });
    }
    expectAccepted(ctx, await attemptOnce(ctx, association), `${association.name}: the declared context`);
  }
}

const TITLES: [AarqChange, string][] = [
  [{ calledApTitle: fromHex("4D4D4D0000000001") }, "called-AP-title"],
  [{ calledAeQualifier: fromHex("01") }, "called-AE-qualifier"],
  [{ calledApInvocationId: 0x44 }, "called-AP-invocation-identifier"],
  [{ calledAeInvocationId: 0x44 }, "called-AE-invocation-identifier"],
  [{ callingApInvocationId: 0x44 }, "calling-AP-invocation-identifier"],
];

async function titles(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    for (const [aarq, what] of TITLES) {
      const outcome = await attemptOnce(ctx, association, { aarq });
      expectAccepted(ctx, outcome, `${association.name}: ${what} present`);
    }
    if (!isCipheredContext(association)) {
      const outcome = await attemptOnce(ctx, association, { aarq: { callingApTitle: ctx.config.systemTitle } });
      expectAccepted(ctx, outcome, `${association.name}: calling-AP-title present, though nothing needs it`);
      continue;
    }
    for (const [title, what] of [
      [undefined, "no calling-AP-title"],
      [ctx.config.systemTitle.subarray(0, 7), "calling-AP-title of 7 octets"],
    ] as const) {
      const outcome = await attemptOnce(ctx, association, { aarq: { callingApTitle: title } });
      expectRefused(ctx, outcome, `${association.name}: ${what} in a ciphered context`, { diagnostics: [3] });
    }
  }
}

const NO_AUTHENTICATION: AarqChange = {
  acseRequirements: undefined,
  mechanismName: undefined,
  authenticationValue: undefined,
};

async function authenticationUnit(ctx: Ctx): Promise<void> {
  for (const association of ctx.config.associations) {
    const { name } = association;
    const unknown = [{ tag: 0xbd, octets: fromHex("040101") }];
    const others = await attemptOnce(ctx, association, { aarq: { others: unknown } });
    expectAccepted(ctx, others, `${name}: implementation-information present`);
    if (association.authentication === "none") continue;
    const required = { diagnostics: [14, 1, 11, 12, 13] };
    const without = await attemptOnce(ctx, association, { aarq: NO_AUTHENTICATION });
    expectRefused(ctx, without, `${name}: no authentication functional unit`, required);
    const off = await attemptOnce(ctx, association, { aarq: { acseRequirements: fromHex("0700") } });
    expectRefused(ctx, off, `${name}: authentication functional unit not selected`, required);
    const unnamed = await attemptOnce(ctx, association, { aarq: { mechanismName: undefined } });
    expectRefused(ctx, unnamed, `${name}: no mechanism-name`, { diagnostics: [12, 11] });
    const other = await attemptOnce(ctx, association, { aarq: { mechanismName: mechanismName(MECHANISM.HLS) } });
    expectRefused(ctx, other, `${name}: another mechanism`, { diagnostics: [11, 2] });
    if (association.authentication === "lls") await passwords(ctx, association);
    expectAccepted(ctx, await attemptOnce(ctx, association), `${name}: the declared authentication`);
  }
}

async function passwords(ctx: Ctx, association: Association): Promise<void> {
  const password = association.password ?? new Uint8Array(0);
  const last = password.slice();
  last[last.length - 1]! ^= 0x01;
  for (const [octets, what] of [
    [last, "wrong in its last octet"],
    [password.subarray(0, -1), "one octet too short"],
    [new Uint8Array(0), "empty"],
  ] as const) {
    const aarq = { authenticationValue: { tag: 0x80, octets } };
    const outcome = await attemptOnce(ctx, association, { aarq });
    expectRefused(ctx, outcome, `${association.name}: password ${what}`, { diagnostics: [13] });
  }
}

const APPL = { group: "APPL", source: "sheet" } as const;

export const APPL_OPEN_ACSE: Case[] = [
  {
    ...APPL,
    name: "APPL_IDLE_N1",
    purpose: "No data without an association.",
    clause: "GB9 9.4.1.2",
    run: idle,
  },
  {
    ...APPL,
    name: "APPL_OPEN_1",
    purpose: "Each declared association is opened with its declared parameters, and released.",
    clause: "GB9 9.4.4.1",
    run: openDeclared,
  },
  {
    ...APPL,
    name: "APPL_OPEN_2",
    purpose: "Users of the client are identified where there is a user list.",
    clause: "GB9 9.4.2.1; Blue Book 4.4.4, user_list",
    run: userIdentification,
  },
  {
    ...APPL,
    name: "APPL_OPEN_3",
    purpose: "HLS passes 3 and 4: both sides are authenticated before anything is served.",
    clause: "GB9 9.2.2.2.2.4",
    run: hls,
  },
  {
    ...APPL,
    name: "APPL_OPEN_4",
    purpose: "ACSE protocol version 1 is accepted, others are refused.",
    clause: "GB9 9.4.2.1",
    run: protocolVersion,
  },
  {
    ...APPL,
    name: "APPL_OPEN_5",
    purpose: "Only the declared application contexts are accepted.",
    clause: "GB9 9.4.2.2.2",
    run: applicationContext,
  },
  {
    ...APPL,
    name: "APPL_OPEN_6",
    purpose: "Titles, qualifiers and invocation identifiers are taken; a ciphered context needs the client's title.",
    clause: "GB9 9.4.2.1, 9.4.4.1",
    run: titles,
  },
  {
    ...APPL,
    name: "APPL_OPEN_7",
    purpose: "The authentication functional unit is demanded where the association needs it, with the right secret.",
    clause: "GB9 9.4.2.1, 9.4.2.2.3",
    run: authenticationUnit,
  },
];
