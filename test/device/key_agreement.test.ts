/** key_agreement, C(2e,0s): global keys from ephemeral ones of both sides (GB9 9.2.3.4.6.3; Blue Book class 64 method 3). */
import { describe, expect, it } from "vitest";
import { ActionError, method } from "../../host/client/index.ts";
import { keyPairGenerate } from "../../host/client/ec.ts";
import { keyAgreementData, keyAgreementKeys, type Agreement } from "../../host/client/security_setup.ts";
import { curveOf } from "../../host/client/suite.ts";
import { energyRead, SECURITY_SETUP } from "./rig.ts";
import { CLIENT_TITLE, clientPair, suiteMeter, type SuiteMeter } from "./suites.ts";

const METHOD = method(64, SECURITY_SETUP, 3);
const KEYS = { 0: "guek", 1: "gbek", 2: "gak", 3: "master" } as const;

function agreementsOf(suite: number, ids: number[]): Agreement[] {
  return ids.map((keyId) => ({ keyId, ephemeral: keyPairGenerate(curveOf(suite)) }));
}

async function agree(meter: SuiteMeter, ids: number[], pduSizeMax = 1224): Promise<Uint8Array[]> {
  const { suite } = meter;
  const client = await meter.associated({ authentication: "ecdsa", pduSizeMax, counter: 1 });
  const agreements = agreementsOf(suite, ids);
  const answer = await client.action(METHOD, keyAgreementData(clientPair(suite, meter.client.signing), agreements));
  const parties = { suite, clientTitle: CLIENT_TITLE, serverTitle: meter.raw.identity.systemTitle };
  const partnerSigning = Uint8Array.from(meter.server.signing.publicKey);
  return keyAgreementKeys({ ...parties, partnerSigning }, agreements, answer!);
}

describe.each([1, 2])("suite %d", (suite) => {
  it.each([[[0]], [[2]], [[0, 1, 2, 3]]])("keys %j are those that both sides come to", async (ids) => {
    const meter = suiteMeter(suite);
    const keys = await agree(meter, ids);
    const fresh = Object.fromEntries(ids.map((id, i) => [KEYS[id as 0], keys[i]!]));
    const { guek = meter.keys.guek, gak = meter.keys.gak } = fresh;
    // Counters of a new unicast key begin anew.
    const counter = ids.includes(0) ? 0 : 1000;
    const client = await meter.associated({ guek: guek!, gak: gak!, counter });
    expect(await energyRead(client)).toBe(0);
    if (ids.includes(0)) await expect(meter.associated({ counter: 5000 }, 1)).rejects.toThrow();
  });

  it("a restart keeps the new keys", async () => {
    const meter = suiteMeter(suite);
    const [guek] = await agree(meter, [0]);
    meter.raw.reboot();
    const client = await meter.associated({ guek: guek!, counter: 0 });
    expect(await energyRead(client)).toBe(0);
  });

  it("an answer in blocks: the old key holds until all of it has left", async () => {
    const meter = suiteMeter(suite);
    const [guek, , gak] = await agree(meter, [0, 1, 2], 400);
    const client = await meter.associated({ guek: guek!, gak: gak!, counter: 0 });
    expect(await energyRead(client)).toBe(0);
  });

  it.each([
    ["an octet of the signature", (data: Uint8Array) => data.with(data.length - 1, data.at(-1)! ^ 1)],
    ["an octet of the key", (data: Uint8Array) => data.with(12, data[12]! ^ 1)],
  ])("%s changed: nothing changes", async (_, change) => {
    const meter = suiteMeter(suite);
    const client = await meter.associated({ authentication: "ecdsa" });
    const data = keyAgreementData(clientPair(suite, meter.client.signing), agreementsOf(suite, [2, 0]));
    const rows = (data as unknown as { value: { value: { value: Uint8Array }[] }[] }).value;
    rows[1]!.value[1]!.value = change(rows[1]!.value[1]!.value);
    await expect(client.action(METHOD, data)).rejects.toThrow(ActionError);
    expect(await energyRead(client)).toBe(0);
  });
});

it("suite 0 has no such method", async () => {
  const meter = suiteMeter(0);
  const client = await meter.associated();
  const data = keyAgreementData(clientPair(1, meter.client.signing), agreementsOf(1, [0]));
  await expect(client.action(METHOD, data)).rejects.toThrow(ActionError);
});
