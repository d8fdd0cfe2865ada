/** SYMSEC_0: protection of APDUs, counters, dedicated keys, release. What the suite does in detail is not public. */
import {
  attribute,
  CONFORMANCE,
  data,
  encodeApdu,
  equal,
  fromHex,
  type Client,
  type Data,
  type Family,
} from "../../../host/client/index.ts";
import { DlmsError } from "../../../host/client/errors.ts";
import { attemptOnce, expectAccepted, expectRefused } from "../aarq.ts";
import { answerWords, expectException, getNormal, INVOKE, resultOf, type Answer } from "../answers.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import {
  cipheredAssociation,
  exchangeSealed,
  headerOf,
  SC,
  sealWithCounter,
  securityActivate,
  SECURITY_SETUP,
  staticAttributes,
} from "../sealed.ts";

const CURRENT = "0-0:40.0.0.255";
const DECIPHERING: [number, number] = [1, 5];
const COUNTER: [number, number] = [1, 6];
const COUNTER_LAST = 0xffffffff;
const DEDICATED = fromHex("00112233445566778899AABBCCDDEEFF");
/** Requests and responses authenticated. */
const POLICY_AUTHENTICATED = 0x24;
const STATUS = getNormal(15, CURRENT, 8);

const served = (answer: Answer): boolean => answer !== undefined && resultOf(answer.apdu) === 0;

async function basic(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  const client = await ctx.associated(association);
  for (const [sc, what] of [
    [SC.AUTHENC, "authenticated and encrypted"],
    [SC.AUTH, "authenticated"],
  ] as const) {
    await basicGet(ctx, client, "glo", sc, `service-specific, ${what}`);
    if ((client.conformance & CONFORMANCE["general-protection"]) !== 0) {
      await basicGet(ctx, client, "general-glo", sc, `general-glo, ${what}`);
    } else ctx.skip(`general-glo, ${what}: general-protection is not negotiated`);
  }
  const title = await client.getResult(attribute(64, SECURITY_SETUP, 5));
  if (title.data === undefined) ctx.skip("server_system_title is not readable");
  else {
    const own = equal(data.octetsOf(title.data, "title"), client.aare?.respondingApTitle ?? new Uint8Array(0));
    ctx.expect(own, "server_system_title is the title in the AARE");
  }
  const suite = await client.getResult(attribute(64, SECURITY_SETUP, 3));
  if (suite.data !== undefined) ctx.expect(data.numberOf(suite.data, "suite") === 0, "security_suite is 0");
}

async function basicGet(ctx: Ctx, client: Client, family: Family, sc: number, what: string): Promise<void> {
  const answer = await exchangeSealed(client, client.security!.seal(STATUS, family, sc));
  const header = headerOf(answer);
  ctx.expect(served(answer), `${what}: GET is served`, answerWords(answer));
  const mirrored = header !== undefined && (header.securityControl & sc) === sc;
  ctx.expect(mirrored, `${what}: the answer is protected as much`, header?.securityControl.toString(16) ?? "plain");
}

async function replay(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  const client = await ctx.associated(association);
  const security = client.security!;
  const request = security.seal(STATUS);
  ctx.expect(served(await exchangeSealed(client, request)), "a request with a fresh counter is served");
  expectException(ctx, await exchangeSealed(client, request), COUNTER, "the same octets again", true);
  const next = security.counter;
  security.counter = next - 2;
  expectException(ctx, await exchangeSealed(client, security.seal(STATUS)), COUNTER, "a lower counter", true);
  security.counter = next;
  const known = await exchangeSealed(client, sealWithCounter(client, STATUS, next));
  ctx.expect(served(known), "sealed here, a fresh counter is served", answerWords(known));
  security.counter = next + 5;
  const last = await exchangeSealed(client, sealWithCounter(client, STATUS, COUNTER_LAST));
  expectException(ctx, last, DECIPHERING, "counter FFFFFFFF", true);
  const after = await exchangeSealed(client, security.seal(STATUS));
  ctx.expect(served(after), "a higher counter, with a gap, is served", answerWords(after));
  await ctx.close(client);
  const stale = await attemptOnce(ctx, association, { options: { counter: next } });
  ctx.expect(stale.kind !== "accepted", "an AARQ with a counter already used is not accepted", stale.text);
  expectAccepted(ctx, await attemptOnce(ctx, association), "an AARQ with a fresh counter");
}

async function sendCounter(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  const counters: number[] = [];
  for (let round = 0; round < 2; round++) {
    const client = await ctx.associated(association);
    for (let i = 0; i < 5; i++) {
      const header = headerOf(await exchangeSealed(client, client.security!.seal(STATUS)));
      ctx.require(header !== undefined, "the answer is ciphered");
      counters.push(header!.counter);
    }
    await ctx.close(client);
  }
  const rising = counters.every((counter, i) => i === 0 || counter > counters[i - 1]!);
  ctx.expect(rising, "the meter's counter rises, from answer to answer and over associations", counters.join(", "));
}

async function dedicatedWrong(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  const short = await attemptOnce(ctx, association, { options: { dedicatedKey: DEDICATED.subarray(0, 8) } });
  expectRefused(ctx, short, "dedicated key of 8 octets", { diagnostics: [1], initiateError: 4 });
  const plain = encodeApdu({
    ...{ kind: "initiate-request", responseAllowed: true, version: 6, conformance: 0x60fedf, pduSizeMax: 0xffff },
    dedicatedKey: DEDICATED,
  });
  const open = await attemptOnce(ctx, association, { aarq: { userInformation: plain } });
  ctx.expect(open.kind !== "accepted", "dedicated key in a plain InitiateRequest is not accepted", open.text);
  const client = await ctx.associated(association);
  client.security!.dedicatedKey = DEDICATED;
  const unknown = await exchangeSealed(client, client.security!.seal(STATUS, "ded"));
  expectException(ctx, unknown, DECIPHERING, "ded-get-request where no dedicated key is agreed", true);
  ctx.expect(served(await exchangeSealed(client, client.security!.seal(STATUS))), "the association goes on");
  await ctx.close(client);
  const agreed = await ctx.associated(association, { dedicatedKey: DEDICATED });
  agreed.security!.dedicatedKey = DEDICATED.slice().reverse();
  const wrong = await exchangeSealed(agreed, agreed.security!.seal(STATUS, "ded"));
  expectException(ctx, wrong, DECIPHERING, "ded-get-request under another key", true);
}

async function dataExchange(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  for (const [what, options] of [
    ["global key", {}],
    ["dedicated key", { dedicatedKey: DEDICATED }],
    ["global key, general-glo", { family: "general-glo" as const }],
    ["dedicated key, general-ded", { dedicatedKey: DEDICATED, family: "general-ded" as const }],
  ] as const) {
    const client = await ctx.associated(association, options);
    const general = "family" in options;
    if (general && (client.conformance & CONFORMANCE["general-protection"]) === 0) {
      ctx.skip(`${what}: general-protection is not negotiated`);
    } else await writeAndRead(ctx, client, association, what);
    await ctx.close(client);
  }
}

async function writeAndRead(ctx: Ctx, client: Client, association: Association, what: string): Promise<void> {
  const values = await staticAttributes(client, association, 2);
  if (values.length === 0) return ctx.unknown(`${what}: no octet-string is readable and writable`);
  for (const one of values) {
    const size = Math.max(1, data.octetsOf(one.value, "value").length);
    const other: Data = data.octetString(new Uint8Array(size).fill(0x5a));
    const set = await client.setResult(one, other);
    const got = await client.getResult(one);
    const kept = got.data !== undefined && data.toText(got.data) === data.toText(other);
    ctx.expect(set === 0 && kept, `${what}: ${one.logicalName} is written and read`, `result ${set}`);
    ctx.expect((await client.setResult(one, one.value)) === 0, `${what}: ${one.logicalName} is restored`);
  }
}

/** A SET of a value that must not arrive, with its protection spoiled. */
async function dataWrong(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  const client = await ctx.associated(association);
  const security = client.security!;
  const [one] = await staticAttributes(client, association, 1);
  if (one === undefined) ctx.inconclusive("no octet-string is readable and writable");
  const value = data.octetString(fromHex("5A"));
  const plain = encodeApdu({ kind: "set-request-normal", invoke: INVOKE, descriptor: one!, value });
  const flipped = (at: number): Uint8Array => {
    const octets = security.seal(plain);
    octets[at < 0 ? octets.length + at : at]! ^= 0x01;
    return octets;
  };
  const SC_AT = 2;
  for (const [octets, what] of [
    [() => flipped(-1), "last octet of the tag"],
    [() => flipped(-13), "last octet of the ciphertext"],
    [() => flipped(SC_AT), "suite in the security control octet"],
    [() => security.seal(plain).subarray(0, -1), "tag one octet short"],
  ] as const) {
    const answer = await exchangeSealed(client, octets());
    expectException(ctx, answer, DECIPHERING, `wrong: ${what}`, true);
  }
  const kept = await client.getResult(one!);
  const same = kept.data !== undefined && data.toText(kept.data) === data.toText(one!.value);
  ctx.expect(same, "nothing was written, and the association goes on", `result ${kept.code}`);
  if (!same) await client.setResult(one!, one!.value);
}

async function releaseWrong(ctx: Ctx): Promise<void> {
  const association = cipheredAssociation(ctx);
  const client = await ctx.associated(association);
  const initiate = encodeApdu({
    ...{ kind: "initiate-request", responseAllowed: true, version: 6, conformance: client.conformance },
    pduSizeMax: 0xffff,
  });
  const sealed = client.security!.seal(initiate, "glo");
  sealed[sealed.length - 1]! ^= 0x01;
  const answer = await exchangeSealed(client, encodeApdu({ kind: "rlrq", reason: 0, userInformation: sealed }));
  expectException(ctx, answer, DECIPHERING, "RLRQ whose user information cannot be deciphered", true);
  const after = await exchangeSealed(client, client.security!.seal(STATUS));
  ctx.expect(served(after), "the association is still there", answerWords(after));
  if (!(await policyDemands(ctx, client))) {
    ctx.skip("security_policy is 0 and cannot be raised here (--reset): a plain RLRQ is protected enough");
    await client.release().catch((error: Error) => void (error instanceof DlmsError));
    ctx.expect(!client.associated, "a protected RLRQ is answered with RLRE");
    return;
  }
  const plain = await exchangeSealed(client, encodeApdu({ kind: "rlrq", reason: 0 }));
  expectException(ctx, plain, [1, 1], "plain RLRQ where the policy demands protection", true);
  const still = await exchangeSealed(client, client.security!.seal(STATUS));
  ctx.expect(served(still), "the association is still there", answerWords(still));
}

/** Whether requests must be protected; a meter that can be restored is told so, as version 1 of the setup has it. */
async function policyDemands(ctx: Ctx, client: Client): Promise<boolean> {
  const policy = await client.getResult(attribute(64, SECURITY_SETUP, 2));
  if (policy.data !== undefined && data.numberOf(policy.data, "security_policy") !== 0) return true;
  if (ctx.config.reset === undefined) return false;
  return (await securityActivate(client, POLICY_AUTHENTICATED)) === 0;
}

const SYMSEC = { group: "SYMSEC_0", source: "silent: our reading" } as const;

export const SYMSEC_DATA: Case[] = [
  {
    ...SYMSEC,
    name: "SYMSEC_0_BasicCap_1",
    purpose: "Requests with each kind of protection are served, with answers protected as much.",
    clause: "GB9 9.2.7.2.2, 9.2.7.2.3",
    run: basic,
  },
  {
    ...SYMSEC,
    name: "SYMSEC_0_FraCount_1",
    purpose: "A message that is repeated, or whose counter is too low, is not processed.",
    clause: "GB9 9.2.7.2.4.5",
    run: replay,
  },
  {
    ...SYMSEC,
    name: "SYMSEC_0_FraCount_3",
    purpose: "The meter's own invocation counter never repeats.",
    clause: "GB9 9.2.7.2.4.5",
    run: sendCounter,
  },
  {
    ...SYMSEC,
    name: "SYMSEC_0_DedKey_N1",
    purpose: "Dedicated keys that are wrong, unprotected or not agreed are refused.",
    clause: "GB9 9.2.5, 9.2.7.2.4.4",
    run: dedicatedWrong,
  },
  {
    ...SYMSEC,
    name: "SYMSEC_0_SecDataX_P1",
    purpose: "Values are written and read under the global and the dedicated key.",
    clause: "GB9 9.2.7.2.3, 9.2.7.2.4.4",
    run: dataExchange,
  },
  {
    ...SYMSEC,
    name: "SYMSEC_0_SecDataX_N1",
    purpose: "A SET that is wrongly protected changes nothing.",
    clause: "GB9 9.2.7.2.4",
    run: dataWrong,
  },
  {
    ...SYMSEC,
    name: "SYMSEC_REL_N1",
    purpose: "A release that is not protected as it must be does not end the association.",
    clause: "GB9 9.4.5.2",
    changes: true,
    run: releaseWrong,
  },
];
