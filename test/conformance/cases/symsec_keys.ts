/** SYMSEC_0: key transfer and security policies. What the suite does in detail is not public. */
import { attribute, data, fromHex, objectList, type Client } from "../../../host/client/index.ts";
import { attemptOnce, expectAccepted } from "../aarq.ts";
import { answerWords, expectException, getNormal, resultOf } from "../answers.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";
import {
  cipheredAssociation,
  exchangeSealed,
  headerOf,
  KEY_ID,
  keyTransfer,
  keyWrap,
  SC,
  SECURITY_SETUP,
  securityActivate,
} from "../sealed.ts";

const NEW_GUEK = fromHex("A0A1A2A3A4A5A6A7A8A9AAABACADAEAF");
const NEW_GAK = fromHex("B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF");
const KEY_ID_NONE = 9;
const CURRENT = "0-0:40.0.0.255";
const STATUS = getNormal(15, CURRENT, 8);

type KeyName = "GUEK" | "GAK";
interface Keys {
  guek: Uint8Array;
  gak: Uint8Array;
}

function kekOf(ctx: Ctx): Uint8Array {
  return ctx.config.kek ?? ctx.inapplicable("no master key is declared (--kek)");
}

/** The meter lets this association transfer keys. */
async function requireTransfer(ctx: Ctx, client: Client, methodId: number, what: string): Promise<void> {
  const entries = await objectList(client);
  const setup = entries.find((entry) => entry.classId === 64 && entry.logicalName === SECURITY_SETUP);
  const access = setup?.methods.find((one) => one.method === methodId)?.mode ?? 0;
  if (access === 0) ctx.inapplicable(`the association may not invoke ${what}`);
}

const wrapped = (kek: Uint8Array, keys: Keys, names: readonly KeyName[]): [number, Uint8Array][] =>
  names.map((name) => [KEY_ID[name], keyWrap(kek, name === "GUEK" ? keys.guek : keys.gak)]);

/** Transfers keys, works with them, and transfers the declared ones back. */
async function transfer(ctx: Ctx, names: readonly KeyName[]): Promise<void> {
  const association = cipheredAssociation(ctx);
  const kek = kekOf(ctx);
  const old: Keys = { guek: ctx.config.guek!, gak: ctx.config.gak! };
  const fresh: Keys = {
    guek: names.includes("GUEK") ? NEW_GUEK : old.guek,
    gak: names.includes("GAK") ? NEW_GAK : old.gak,
  };
  const client = await ctx.associated(association);
  await requireTransfer(ctx, client, 2, "key_transfer");
  const code = await keyTransfer(client, wrapped(kek, fresh, names));
  ctx.require(code === 0, `${names.join(" and ")} is transferred`, String(code));
  await ctx.close(client);
  await keysTried(ctx, association, fresh, "the new keys", true);
  await keysTried(ctx, association, old, "the old keys", false);
  const back = await ctx.associated(association, { ...fresh });
  const restored = await keyTransfer(back, wrapped(kek, old, names));
  ctx.expect(restored === 0, `${names.join(" and ")} is restored`, String(restored));
  await ctx.close(back);
  // With another GUEK the counters began anew.
  if (names.includes("GUEK")) ctx.memory.counters.clear();
  await keysTried(ctx, association, old, "the keys restored", true);
}

/** An association with these keys is opened, or is not. */
async function keysTried(ctx: Ctx, a: Association, keys: Keys, what: string, good: boolean): Promise<void> {
  ctx.memory.counters.clear();
  const outcome = await attemptOnce(ctx, a, { options: { ...keys } });
  if (good) expectAccepted(ctx, outcome, `an association with ${what}`);
  else ctx.expect(outcome.kind !== "accepted", `an association with ${what} is not opened`, outcome.text);
}

async function wrongTransfer(ctx: Ctx, rows: (kek: Uint8Array) => [[number, Uint8Array][], string][]): Promise<void> {
  const association = cipheredAssociation(ctx);
  const kek = kekOf(ctx);
  const client = await ctx.associated(association);
  await requireTransfer(ctx, client, 2, "key_transfer");
  for (const [keys, what] of rows(kek)) {
    const code = await keyTransfer(client, keys);
    ctx.expect(code !== 0, `${what}: refused`, String(code));
  }
  const after = await exchangeSealed(client, client.security!.seal(STATUS));
  ctx.expect(resultOf(after!.apdu) === 0, "the association goes on under the old keys", answerWords(after));
  await ctx.close(client);
  expectAccepted(ctx, await attemptOnce(ctx, association), "a new association with the old keys");
}

const wrongId = (kek: Uint8Array): [[number, Uint8Array][], string][] => [
  [[[KEY_ID_NONE, keyWrap(kek, NEW_GUEK)]], `key_id ${KEY_ID_NONE}`],
  [
    [
      [KEY_ID.GUEK, keyWrap(kek, NEW_GUEK)],
      [KEY_ID_NONE, keyWrap(kek, NEW_GAK)],
    ],
    `a right key_id followed by ${KEY_ID_NONE}`,
  ],
];

const wrongWrap = (kek: Uint8Array): [[number, Uint8Array][], string][] => {
  const good = keyWrap(kek, NEW_GUEK);
  const flipped = good.slice();
  flipped[0]! ^= 0x01;
  const other = keyWrap(kek.slice().reverse(), NEW_GUEK);
  return [
    [[[KEY_ID.GUEK, flipped]], "GUEK with one octet of its wrapping changed"],
    [[[KEY_ID.GUEK, other]], "GUEK wrapped under another key"],
    [[[KEY_ID.GUEK, good.subarray(0, 16)]], "GUEK wrapped too short"],
    [[[KEY_ID.GUEK, NEW_GUEK]], "GUEK not wrapped"],
  ];
};

interface Policy {
  /** security_policy of version 0 */
  v0: number;
  /** security_policy of version 1: request and response bits */
  v1: number;
  /** What a request needs */
  needs: number;
}

const POLICIES: Policy[] = [
  { v0: 1, v1: 0x24, needs: SC.AUTH },
  { v0: 2, v1: 0x48, needs: SC.ENC },
  { v0: 3, v1: 0x6c, needs: SC.AUTHENC },
];

async function policy(ctx: Ctx, { v0, v1, needs }: Policy): Promise<void> {
  const association = cipheredAssociation(ctx);
  if (ctx.config.reset === undefined) ctx.inconclusive("a policy cannot be lowered again: give --reset");
  const client = await ctx.associated(association);
  await requireTransfer(ctx, client, 1, "security_activate");
  const entries = await objectList(client);
  const version = entries.find((entry) => entry.classId === 64)?.version ?? 1;
  const value = version === 0 ? v0 : v1;
  const before = data.numberOf(await client.get(attribute(64, SECURITY_SETUP, 2)), "security_policy");
  if (before !== 0) ctx.inconclusive(`security_policy is ${before} already`);
  const code = await securityActivate(client, value);
  ctx.require(code === 0, `security_policy ${value} is activated`, String(code));
  const now = await client.get(attribute(64, SECURITY_SETUP, 2));
  ctx.expect(data.numberOf(now, "security_policy") === value, `security_policy reads ${value}`);
  await policyKept(ctx, client, needs);
  const lowered = await securityActivate(client, 0);
  ctx.expect(lowered !== 0, "the policy cannot be lowered", String(lowered));
}

async function policyKept(ctx: Ctx, client: Client, needs: number): Promise<void> {
  const security = client.security!;
  expectException(ctx, await exchangeSealed(client, STATUS), [1, 1], "a plain GET");
  for (const sc of [SC.AUTH, SC.ENC, SC.AUTHENC]) {
    const answer = await exchangeSealed(client, security.seal(STATUS, "glo", sc));
    const what = `GET with security control ${sc.toString(16)}`;
    if ((sc & needs) !== needs) {
      expectException(ctx, answer, [1, 1], `${what}, less than demanded`);
      continue;
    }
    const header = headerOf(answer);
    const enough = header !== undefined && (header.securityControl & needs) === needs;
    ctx.expect(answer !== undefined && resultOf(answer.apdu) === 0, `${what} is served`, answerWords(answer));
    ctx.expect(enough, `${what}: the answer is protected as the policy demands`);
  }
}

const SYMSEC = { group: "SYMSEC_0", source: "silent: our reading", changes: true } as const;
const KEY_CLAUSE = "Blue Book 4.4.7, key_transfer; GB9 9.2.5";
const TRANSFERS: [string, readonly KeyName[]][] = [
  ["SYMSEC_0_Key_Tx_P1", ["GUEK"]],
  ["SYMSEC_0_Key_Tx_P2", ["GAK"]],
  ["SYMSEC_0_Key_Tx_P3", ["GUEK", "GAK"]],
];

export const SYMSEC_KEYS: Case[] = [
  ...TRANSFERS.map(([name, names]): Case => ({
    ...SYMSEC,
    name,
    purpose: `${names.join(" and ")} transferred, used, and restored.`,
    clause: KEY_CLAUSE,
    run: (ctx) => transfer(ctx, names),
  })),
  {
    ...SYMSEC,
    name: "SYMSEC_0_Key_Tx_N1",
    purpose: "A key transfer with a wrong key_id changes nothing.",
    clause: KEY_CLAUSE,
    run: (ctx) => wrongTransfer(ctx, wrongId),
  },
  {
    ...SYMSEC,
    name: "SYMSEC_0_Key_Tx_N2",
    purpose: "A key that is wrongly wrapped is not taken.",
    clause: KEY_CLAUSE,
    run: (ctx) => wrongTransfer(ctx, wrongWrap),
  },
];

export const SYMSEC_POLICY: Case[] = POLICIES.map((one, i): Case => ({
  ...SYMSEC,
  name: `SYMSEC_0_SecPol_${i + 1}`,
  purpose: `Security policy ${one.v0} (version 1: ${one.v1.toString(16).toUpperCase()} hex) is activated and kept.`,
  clause: "Blue Book 4.4.7, security_activate; GB9 9.2.7.2.2",
  run: (ctx) => policy(ctx, one),
}));
