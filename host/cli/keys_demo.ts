/** `dlms-meter keys demo`: the files of a test world. */
import { certificatePem } from "../client/certificate.ts";
import { toHex } from "../client/octets.ts";
import { suiteOf } from "../client/suite.ts";
import { demoMeter, meterCertificates, worldOf, type DemoWorld } from "../keys/demo.ts";
import { RANDOM_SOURCE, seededSource } from "../keys/derive.ts";
import { KeyFileError, KeyFolder } from "../keys/files.ts";
import type { Entity } from "../keys/infrastructure.ts";
import { provisionText, type MeterProvision } from "../keys/provision.ts";
import { type ContextKeys, meterIdentity, type MeterIdentity, type MeterKeys } from "../template/identity.ts";
import { TEMPLATE_DEFAULT, templateRead } from "../template/load.ts";

export interface DemoOptions {
  suite: number;
  seed: number;
  meters: number;
  clientTitle: Uint8Array;
  random?: boolean;
  out: string;
  force?: boolean;
}

const PUBLISHED = "Published test values and keys made from a seed: known to everybody, never for a real meter.";
const RANDOM = "Random keys of a test world; whoever has this file can read and control these meters.";

/** Writes the authorities, the client, the meters, client.json (--keys) and provision.json (--provision). */
export function demoWrite(o: DemoOptions): KeyFolder {
  if (o.suite === 0) throw new KeyFileError("suite 0 has no certificates; its keys are printed by serve");
  const source = o.random === true ? RANDOM_SOURCE : seededSource(o.seed);
  const world = worldOf(o.suite, source, o.clientTitle);
  const folder = new KeyFolder(o.out, o.force === true);
  const { root, sub } = world.infrastructure;
  folder.certified("root", root.pair, root.certificate);
  folder.certified("sub", sub.pair, sub.certificate);
  folder.open("authorities.pem", certificatePem(root.certificate.der) + certificatePem(sub.certificate.der));
  folder.entity("client", world.client);
  const meters = metersOf(o, world);
  meters.forEach(({ entity }, i) => folder.entity(`meter-${i}`, entity));
  const pems = meters.flatMap(({ entity }) => [entity.signing, entity.agreement]).map((one) => one.certificate.der);
  folder.open("meters.pem", pems.map(certificatePem).join(""));
  const note = o.random === true ? RANDOM : PUBLISHED;
  folder.secret("client.json", clientText(o, meters[0]!.provision.keys, note));
  const provision = { suite: o.suite, meters: meters.map((meter) => meter.provision) };
  folder.secret("provision.json", provisionText(provision, note));
  return folder;
}

interface DemoMeter {
  entity: Entity;
  provision: MeterProvision;
}

function metersOf(o: DemoOptions, world: DemoWorld): DemoMeter[] {
  const { identity } = templateRead(TEMPLATE_DEFAULT);
  // One set of symmetric keys for all: client.json holds one.
  const random = o.random === true ? randomKeys(o.suite) : undefined;
  return Array.from({ length: o.meters }, (_, i) => {
    const meter: MeterIdentity = meterIdentity(identity, o.seed, i, "published", o.suite);
    const entity = demoMeter(world, meter.systemTitle);
    const certificates = meterCertificates(world, entity);
    return { entity, provision: { systemTitle: meter.systemTitle, keys: random ?? meter.keys, certificates } };
  });
}

function randomKeys(suite: number): MeterKeys {
  const { keySize } = suiteOf(suite);
  const key = (): Uint8Array => RANDOM_SOURCE.key(keySize, "");
  const text = (size: number): Uint8Array => Uint8Array.from(Buffer.from(toHex(RANDOM_SOURCE.key(size, ""))));
  const context = (): ContextKeys => ({ guek: key(), gbek: key(), gak: key(), master: key() });
  return { ...context(), lls: text(4), hls: text(8), consumer: context() };
}

/** A keys file for read, set and call; the files it names lie beside it. */
function clientText(o: DemoOptions, keys: MeterKeys, note: string): string {
  const file = {
    $comment: note,
    suite: o.suite,
    client: 1,
    auth: "ecdsa",
    security: "authenc",
    systemTitle: toHex(o.clientTitle),
    guek: toHex(keys.guek),
    gak: toHex(keys.gak),
    masterKey: toHex(keys.master),
    signingKey: "client-sign.key.pem",
    agreementKey: "client-agree.key.pem",
    certificate: "client-sign.pem",
    meterCertificates: "meters.pem",
    trust: "authorities.pem",
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
