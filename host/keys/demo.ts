/**
 * The test world of a seed: an infrastructure, one client and the certificates of any meter. `serve --suite` provisions
 * meters with it and `keys demo` writes the other half; both come to the same keys without a file between them.
 */
import { CLIENT_TITLE_DEFAULT } from "../client/association.ts";
import type { MeterCertificates } from "../template/identity.ts";
import { seededSource, type KeySource } from "./derive.ts";
import { entityOf, infrastructureOf, type Entity, type Infrastructure } from "./infrastructure.ts";

export interface DemoWorld {
  suite: number;
  source: KeySource;
  infrastructure: Infrastructure;
  client: Entity;
}

/** The world of a seed, in suite 1 or 2. */
export function demoWorld(suite: number, seed: number, clientTitle = CLIENT_TITLE_DEFAULT): DemoWorld {
  return worldOf(suite, seededSource(seed), clientTitle);
}

/** A world whose keys come from `source`. */
export function worldOf(suite: number, source: KeySource, clientTitle: Uint8Array): DemoWorld {
  const infrastructure = infrastructureOf(suite, source);
  return { suite, source, infrastructure, client: entityOf(suite, infrastructure.sub, clientTitle, source) };
}

/** The meter of a system title in this world. */
export function demoMeter(world: DemoWorld, systemTitle: Uint8Array): Entity {
  return entityOf(world.suite, world.infrastructure.sub, systemTitle, world.source);
}

/** What that meter is delivered with: its private keys, the Root-CA, and all certificates it needs to know. */
export function meterCertificates(world: DemoWorld, meter: Entity): MeterCertificates {
  const { root, sub } = world.infrastructure;
  const { client } = world;
  const certificates = [sub, meter.signing, meter.agreement, client.signing, client.agreement];
  return {
    privateKeys: [meter.signing.pair.privateKey, meter.agreement.pair.privateKey],
    anchors: [root.certificate.der],
    certificates: certificates.map(({ certificate }) => certificate.der),
  };
}
