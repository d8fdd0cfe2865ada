/** AARQs that differ from those of an honest client, and what a meter makes of them. */
import {
  decodeApdu,
  toHex,
  type Aare,
  type Aarq,
  type Apdu,
  type ApduOf,
  type Client,
} from "../../host/client/index.ts";
import { AssociationError, ExceptionResponseError, TimeOutError } from "../../host/client/errors.ts";
import type { InitiateRequest } from "../../host/client/initiate.ts";
import type { Association } from "./config.ts";
import type { Ctx, OpenOptions } from "./context.ts";

type ServiceError = ApduOf<"confirmed-service-error">;

export interface Outcome {
  kind: "accepted" | "refused" | "exception" | "silence" | "other";
  client: Client;
  aare?: Aare;
  /** confirmedServiceError of a refusal */
  error?: ServiceError;
  /** In words */
  text: string;
}

/** A change of the AARQ; a field that is undefined is taken out. */
export type AarqChange = { [K in keyof Aarq]?: Aarq[K] | undefined };

export interface Changes {
  aarq?: AarqChange;
  initiate?: (request: InitiateRequest) => InitiateRequest;
  options?: OpenOptions;
}

function changed(aarq: Aarq, change: AarqChange): Aarq {
  const entries = Object.entries({ ...aarq, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as Aarq;
}

/** Opens an association with changes, and says what came of it. The connection ends with the case or with ended(). */
export async function attempt(ctx: Ctx, association: Association, changes: Changes = {}): Promise<Outcome> {
  const client = await ctx.open(association, {
    ...changes.options,
    ...(changes.aarq === undefined ? {} : { aarq: (aarq: Aarq) => changed(aarq, changes.aarq!) }),
    ...(changes.initiate === undefined ? {} : { initiate: changes.initiate }),
  });
  try {
    const aare = await client.associate();
    return { kind: "accepted", client, aare, text: "accepted" };
  } catch (error) {
    return outcomeOf(client, error as Error);
  }
}

/** attempt() for cases that want nothing more of the connection. */
export async function attemptOnce(ctx: Ctx, association: Association, changes: Changes = {}): Promise<Outcome> {
  const outcome = await attempt(ctx, association, changes);
  await ctx.close(outcome.client);
  return outcome;
}

function outcomeOf(client: Client, error: Error): Outcome {
  const text = error.message;
  if (error instanceof AssociationError && client.aare !== undefined) {
    const inner = innerOf(client.aare);
    const found = inner?.kind === "confirmed-service-error" ? { error: inner } : {};
    return { kind: "refused", client, aare: client.aare, ...found, text };
  }
  if (error instanceof ExceptionResponseError) return { kind: "exception", client, text };
  if (error instanceof TimeOutError) return { kind: "silence", client, text: "no answer" };
  return { kind: "other", client, text };
}

/** The plain APDU in the user information of an AARE. */
export function innerOf(aare: Aare): Apdu | undefined {
  if (aare.userInformation === undefined) return undefined;
  try {
    return decodeApdu(aare.userInformation);
  } catch {
    return undefined;
  }
}

export interface Refusal {
  /** 1 acse-service-user (default), 2 acse-service-provider */
  source?: number;
  /** Preferred diagnostic first; the others are seen in the field and get a remark */
  diagnostics: number[];
  /** Value of initiateError (choice 6) that the user information should hold */
  initiateError?: number;
}

/** The AARE refuses as the standard has it; any other refusal gets a remark, everything else fails. */
export function expectRefused(ctx: Ctx, outcome: Outcome, what: string, refusal: Refusal): void {
  const { aare, error } = outcome;
  const { source = 1, diagnostics, initiateError } = refusal;
  const wanted = `${what}: refused with ${source === 1 ? "user" : "provider"} diagnostic ${diagnostics[0]}`;
  if (outcome.kind !== "refused" || aare === undefined) {
    const tolerated = outcome.kind === "exception" || outcome.kind === "silence";
    if (tolerated) ctx.remark(`${wanted}; refused otherwise`, outcome.text);
    else ctx.expect(false, wanted, outcome.text);
    return;
  }
  ctx.expect(aare.result === 1 || aare.result === 2, `${what}: result is a rejection`, String(aare.result));
  if (aare.diagnosticSource !== source || !diagnostics.includes(aare.diagnostic)) {
    ctx.remark(`${wanted}; another diagnostic came`, outcome.text);
  } else if (aare.diagnostic !== diagnostics[0]) ctx.remark(wanted, outcome.text);
  else ctx.expect(true, wanted);
  if (initiateError === undefined) return;
  const text = `${what}: initiateError ${initiateError} in the user information`;
  const inner = aare.userInformation === undefined ? "no user information" : toHex(aare.userInformation);
  if (error?.service === 1 && error.choice === 6 && error.value === initiateError) ctx.expect(true, text);
  else ctx.remark(`${text}; something else came`, inner);
}

export function expectAccepted(ctx: Ctx, outcome: Outcome, what: string): boolean {
  return ctx.expect(outcome.kind === "accepted", `${what}: accepted`, outcome.kind === "accepted" ? "" : outcome.text);
}
