/**
 * ASYMSEC: suites 1 and 2, in the manner of the SYMSEC suites. No public suite covers them: the names are ours. They run where a
 * client's keys are declared (--keys DIR, as `dlms-meter keys demo` writes it).
 */
import {
  attribute,
  data,
  decodeApdu,
  encodeApdu,
  equal,
  type Client,
  type ClientOptions,
  type Layer,
} from "../../../host/client/index.ts";
import { keyPairGenerate } from "../../../host/client/ec.ts";
import { DlmsError, TimeOutError } from "../../../host/client/errors.ts";
import type { GeneralCiphering } from "../../../host/client/general.ts";
import type { KeyEstablishment } from "../../../host/client/general_protection.ts";
import { isProtected } from "../../../host/client/security.ts";
import { curveOf } from "../../../host/client/suite.ts";
import { answerText, answerWords, apduOf, getNormal, INVOKE, resultOf, type Answer } from "../answers.ts";
import type { Asymmetric } from "../asymmetric.ts";
import type { Case } from "../case.ts";
import type { Association } from "../config.ts";
import type { Ctx } from "../context.ts";

const CURRENT = "0-0:40.0.0.255";
const STATUS = getNormal(15, CURRENT, 8);
/** Device ID 2, which the management client writes. */
const TEXT = attribute(1, "0-0:96.1.1.255", 2);

type Established = Exclude<KeyEstablishment, "none">;

const ECDSA: Association = { name: "HLS-ECDSA", clientSap: 1, authentication: "ecdsa", security: "authenc" };
const GMAC: Association = { name: "HLS-GMAC", clientSap: 1, authentication: "gmac", security: "authenc" };

function declared(ctx: Ctx): Asymmetric {
  return ctx.config.asymmetric ?? ctx.inapplicable("no keys of suite 1 or 2 are declared (--keys)");
}

async function associated(ctx: Ctx, association: Association, more: ClientOptions = {}): Promise<Client> {
  return ctx.associated(association, { ...declared(ctx), ...more });
}

/** Sends octets as they are; the answer is opened where it is protected. undefined = silence. */
async function exchange(client: Client, octets: Uint8Array): Promise<Answer> {
  let answer: Uint8Array;
  try {
    answer = await client.raw(octets);
  } catch (error) {
    if (error instanceof TimeOutError) return undefined;
    throw error;
  }
  const plain = isProtected(answer) ? client.security!.open(answer).text : answer;
  const apdu = apduOf(plain);
  return { apdu, octets: answer, text: answerText(apdu, plain) };
}

const isServed = (answer: Answer): boolean => answer !== undefined && resultOf(answer.apdu) === 0;

/** Nothing was served: an exception-response, or no answer at all. */
function expectRefused(ctx: Ctx, answer: Answer, what: string): void {
  const refused = answer === undefined || answer.apdu.kind === "exception-response";
  ctx.expect(refused, `${what}: refused`, refused ? "" : answerWords(answer));
}

async function hls(ctx: Ctx): Promise<void> {
  const { certificate, ...known } = declared(ctx);
  for (const [what, more] of [
    ["its certificate in the AARQ", certificate === undefined ? undefined : { certificate }],
    ["its certificate known to the meter", {}],
  ] as const) {
    if (more === undefined) {
      ctx.skip(`${what}: none is declared`);
      continue;
    }
    const client = await ctx.associated(ECDSA, { ...known, ...more });
    ctx.expect(client.associated, `${what}: both have authenticated each other`);
    const mechanism = client.aare?.mechanismName;
    ctx.expect(mechanism === "2.16.756.5.8.2.7", `${what}: the AARE names mechanism 7`, mechanism ?? "none");
    const size = client.aare?.authenticationValue?.octets.length ?? 0;
    ctx.expect(size >= 32 && size <= 64, `${what}: StoC has 32 to 64 octets`, String(size));
    ctx.expect(isServed(await exchange(client, client.security!.wrap(STATUS))), `${what}: GET is served`);
    await ctx.close(client);
  }
}

async function hlsWrong(ctx: Ctx): Promise<void> {
  const { certificate, ...known } = declared(ctx);
  const signing = keyPairGenerate(curveOf(known.suite));
  for (const [what, more] of [
    ["f(StoC) signed by another key", { signing }],
    ["a challenge of 16 octets", { challenge: new Uint8Array(16).fill(7) }],
    ["another client's title", { systemTitle: Uint8Array.from(Buffer.from("XYZ12345")) }],
  ] as const) {
    const client = await ctx.open(ECDSA, { ...known, ...(certificate === undefined ? {} : { certificate }), ...more });
    const outcome = await client.associate().then(
      () => "accepted",
      (error: unknown) => {
        if (error instanceof DlmsError) return "refused";
        throw error;
      },
    );
    ctx.expect(outcome === "refused", `${what}: no association`, outcome);
    await ctx.close(client);
  }
}

async function keyGood(ctx: Ctx, how: Established): Promise<void> {
  const client = await associated(ctx, GMAC, { family: "general", keyEstablishment: how });
  const security = client.security!;
  for (let round = 0; round < 2; round++) {
    const answer = await exchange(client, security.wrap(STATUS));
    ctx.expect(isServed(answer), `${how}, request ${round + 1}: GET is served`, answerWords(answer));
    const kind = answer === undefined ? "silence" : decodeApdu(answer.octets).kind;
    ctx.expect(kind === "general-ciphering", `${how}: the answer comes in general-ciphering`, kind);
  }
  if (how === "identified") return;
  security.keyEstablishment = "none";
  const more = await exchange(client, security.wrap(STATUS));
  ctx.expect(isServed(more), `${how}: the next request without key-info is served`, answerWords(more));
}

/** Every field of a general-ciphering APDU, one octet of it changed. */
function tampered(apdu: GeneralCiphering): [string, Uint8Array][] {
  const flip = (octets: Uint8Array, at = octets.length - 1): Uint8Array =>
    octets.map((octet, i) => (i === at ? octet ^ 1 : octet));
  const whole = encodeApdu(apdu);
  const head = 1;
  const keyAt = head + apdu.headerOctets.length;
  const bodyAt = whole.length - apdu.body.length;
  const { length } = apdu.headerOctets;
  const places: [string, number][] = [
    ["transaction-id", head + apdu.header.transactionId.length],
    ["originator-system-title", head + length - 12],
    ["recipient-system-title", head + length - 3],
    ["key-info", keyAt + 1],
    ["security control octet", bodyAt],
    ["invocation counter", bodyAt + 1],
    ["text", bodyAt + 6],
    ["tag", whole.length - 1],
  ];
  if (apdu.keyInfo?.choice === "wrapped" || (apdu.keyInfo?.choice === "agreed" && apdu.keyInfo.data.length > 0)) {
    places.push(["key-ciphered-data", bodyAt - 8]);
  }
  return places.map(([name, at]) => [name, flip(whole, at)]);
}

async function keyWrong(ctx: Ctx, how: Established): Promise<void> {
  const client = await associated(ctx, GMAC, { family: "general", keyEstablishment: how });
  const security = client.security!;
  const before = await client.get(TEXT);
  const value = data.octetString(Uint8Array.from(Buffer.from("altered")));
  const set = encodeApdu({ kind: "set-request-normal", invoke: INVOKE, descriptor: TEXT, value });
  const request = decodeApdu(security.wrap(set)) as GeneralCiphering;
  for (const [what, octets] of tampered(request)) {
    expectRefused(ctx, await exchange(client, octets), `${how}, ${what} altered`);
  }
  const after = await client.get(TEXT);
  const same = equal(data.octetsOf(before, "before"), data.octetsOf(after, "after"));
  ctx.expect(same, `${how}: nothing of it took effect`);
  const good = security.wrap(STATUS);
  ctx.expect(isServed(await exchange(client, good)), `${how}: a request as it must be is served afterwards`);
  expectRefused(ctx, await exchange(client, good), `${how}, the same octets again`);
}

const LAYERS: readonly [string, readonly Layer[]][] = [
  ["signed", ["sign"]],
  ["signed, then ciphered", ["sign", "cipher"]],
  ["ciphered, then signed", ["cipher", "sign"]],
];

async function signGood(ctx: Ctx): Promise<void> {
  for (const [what, layers] of LAYERS) {
    for (const how of layers.includes("cipher") ? ESTABLISHED : ESTABLISHED.slice(0, 1)) {
      const client = await associated(ctx, ECDSA, { family: "general", keyEstablishment: how, layers });
      const answer = await exchange(client, client.security!.wrap(STATUS));
      ctx.expect(isServed(answer), `${what}, ${how}: GET is served`, answerWords(answer));
      await ctx.close(client);
    }
  }
}

async function signWrong(ctx: Ctx): Promise<void> {
  const client = await associated(ctx, ECDSA);
  const security = client.security!;
  const sign = (): Uint8Array => {
    security.general.transactionNext();
    return security.general.sign(STATUS);
  };
  const good = sign();
  const apdu = decodeApdu(good);
  if (apdu.kind !== "general-signing") throw new Error(apdu.kind);
  const altered = (change: (octets: Uint8Array) => void): Uint8Array => {
    const octets = good.slice();
    change(octets);
    return octets;
  };
  const signature = good.length - apdu.signature.length;
  expectRefused(
    ctx,
    await exchange(
      client,
      altered((o) => (o[9]! ^= 1)),
    ),
    "transaction-id altered",
  );
  expectRefused(
    ctx,
    await exchange(
      client,
      altered((o) => (o[signature - 4]! ^= 1)),
    ),
    "content altered",
  );
  expectRefused(
    ctx,
    await exchange(
      client,
      altered((o) => (o[good.length - 1]! ^= 1)),
    ),
    "signature altered",
  );
  expectRefused(
    ctx,
    await exchange(
      client,
      altered((o) => o.fill(0, signature)),
    ),
    "signature of zeros",
  );
  const own = security.general.credentials.signing;
  security.general.credentials.signing = keyPairGenerate(curveOf(declared(ctx).suite));
  expectRefused(ctx, await exchange(client, sign()), "signed by another key");
  if (own !== undefined) security.general.credentials.signing = own;
  ctx.expect(isServed(await exchange(client, sign())), "a good signature is served afterwards");
}

const ESTABLISHED: readonly Established[] = ["identified", "wrapped", "one-pass", "static"];
const NAMES: Readonly<Record<Established, string>> = {
  identified: "Ident",
  wrapped: "Wrap",
  "one-pass": "1e1s",
  static: "0e2s",
};

const ASYMSEC_CASE = { group: "ASYMSEC", source: "silent: our reading" } as const;

export const ASYMSEC: readonly Case[] = [
  {
    ...ASYMSEC_CASE,
    name: "ASYMSEC_HLS_P1",
    purpose: "Client and meter authenticate each other with ECDSA (our name).",
    clause: "GB9 9.2.7.4",
    run: hls,
  },
  {
    ...ASYMSEC_CASE,
    name: "ASYMSEC_HLS_N1",
    purpose: "A wrong signature, a short challenge or another title opens no association (our name).",
    clause: "GB9 9.2.7.4",
    run: hlsWrong,
  },
  ...ESTABLISHED.flatMap((how): Case[] => [
    {
      ...ASYMSEC_CASE,
      name: `ASYMSEC_Key${NAMES[how]}_P1`,
      purpose: `Requests and answers in general-ciphering, key ${how}, and without key-info afterwards (our name).`,
      clause: "GB9 9.2.7.2.4.8",
      run: (ctx) => keyGood(ctx, how),
    },
    {
      ...ASYMSEC_CASE,
      name: `ASYMSEC_Key${NAMES[how]}_N1`,
      purpose: `Each field of general-ciphering, key ${how}, altered; a replay: nothing takes effect (our name).`,
      clause: "GB9 9.2.7.2.4.8",
      run: (ctx) => keyWrong(ctx, how),
    },
  ]),
  {
    ...ASYMSEC_CASE,
    name: "ASYMSEC_Sign_P1",
    purpose: "Signed requests are served, alone and with ciphering inside and outside (our name).",
    clause: "GB9 9.2.7.2.4.9",
    run: signGood,
  },
  {
    ...ASYMSEC_CASE,
    name: "ASYMSEC_Sign_N1",
    purpose: "A request whose signature does not fit is not served (our name).",
    clause: "GB9 9.2.7.2.4.9",
    run: signWrong,
  },
];
