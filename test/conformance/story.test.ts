/**
 * The life of a meter's keys over TCP: delivered with one set, given new ones, told to demand protection, given a new signing key
 * by its authority, brought to keys that never travel, and read in signed and ciphered requests.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificateParse, USAGE } from "../../host/client/certificate.ts";
import { ExceptionResponseError } from "../../host/client/errors.ts";
import {
  attribute,
  Client,
  CLIENT_TITLE_DEFAULT,
  connectTcp,
  data,
  type ClientOptions,
} from "../../host/client/index.ts";
import { CERTIFICATE_ENTITY, CERTIFICATE_TYPE, KEY_ID, SecuritySetup } from "../../host/client/security_setup.ts";
import { demoMeter, demoWorld, type DemoWorld } from "../../host/keys/demo.ts";
import { RANDOM_SOURCE } from "../../host/keys/derive.ts";
import { certificateIssue, requestParse } from "../../host/keys/issue.ts";
import { ROOT } from "../tidy/sources.ts";
import { configDefault, PUBLISHED, type Config } from "./config.ts";
import { SocketMeter } from "./meter.ts";

const SERVER = Uint8Array.from(Buffer.from("4D4D4D6730000001", "hex"));
const NAME = attribute(1, "0-0:42.0.0.255", 2);
const CLOCK = attribute(8, "0-0:1.0.0.255", 2);
/** Requests and responses authenticated and encrypted. */
const POLICY = 0x6c;

describe.runIf(existsSync(join(ROOT, "build/core.wasm")))("the life of a meter's keys", () => {
  const meter = new SocketMeter([], 1);
  const config: Config = configDefault();
  const world: DemoWorld = demoWorld(1, 1);
  const { root, sub } = world.infrastructure;
  const trust = { anchors: [root.certificate, sub.certificate] };
  const keys = { guek: PUBLISHED.guek, gak: PUBLISHED.gak, masterKey: PUBLISHED.kek };
  let counter = 1;

  beforeAll(() => meter.start(config));
  afterAll(() => meter.stop());

  /** A management client: by default GMAC with the keys of the moment. */
  async function visit<T>(more: ClientOptions, work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client(await connectTcp(config.target!.host, config.target!.port), {
      clientSap: 1,
      suite: 1,
      authentication: "gmac",
      security: "authenc",
      systemTitle: CLIENT_TITLE_DEFAULT,
      signing: world.client.signing.pair,
      agreement: world.client.agreement.pair,
      trust,
      counter,
      ...keys,
      ...more,
    });
    try {
      await client.connect();
      await client.associate();
      return await work(client);
    } finally {
      counter = client.security?.counter ?? counter;
      await client.disconnect();
    }
  }

  const reads = (client: Client): Promise<string> => client.get(NAME).then((value) => data.toText(value));

  it("is delivered with keys that its owner replaces", async () => {
    const guek = RANDOM_SOURCE.key(16, "");
    const gak = RANDOM_SOURCE.key(16, "");
    await visit({}, async (client) => {
      expect(await reads(client)).toBe('"MMM1030300000001"');
      await new SecuritySetup(client).transfer([KEY_ID.GUEK, guek], [KEY_ID.GAK, gak]);
      expect(await reads(client), "the next request goes under the new keys").toBe('"MMM1030300000001"');
    });
    await expect(visit({ counter: 1000 }, reads), "the delivery keys open nothing any more").rejects.toThrow();
    Object.assign(keys, { guek, gak });
    expect(await visit({}, reads)).toBe('"MMM1030300000001"');
  });

  it("demands protection from then on", async () => {
    await visit({}, (client) => new SecuritySetup(client).activate(POLICY));
    const plain = { authentication: "lls", security: "none", password: Buffer.from(PUBLISHED.password) } as const;
    await expect(visit(plain, (client) => client.get(CLOCK))).rejects.toThrow(ExceptionResponseError);
    await expect(visit({ security: "auth" }, (client) => client.get(CLOCK))).rejects.toThrow();
    expect(await visit({}, reads)).toBe('"MMM1030300000001"');
    await expect(
      visit({}, (client) => new SecuritySetup(client).activate(0)),
      "never weaker",
    ).rejects.toThrow();
  });

  it("gets a signing key of its own making, certified by its authority", async () => {
    const before = await visit({}, async (client) => {
      const setup = new SecuritySetup(client);
      const own = {
        by: "entity",
        entity: CERTIFICATE_ENTITY.SERVER,
        type: CERTIFICATE_TYPE.SIGNATURE,
        title: SERVER,
      } as const;
      const old = await setup.exportCertificate(own);
      await setup.generateKeyPair(CERTIFICATE_TYPE.SIGNATURE);
      const request = requestParse(await setup.generateCertificateRequest(CERTIFICATE_TYPE.SIGNATURE));
      expect(request.commonName).toBe("4D4D4D6730000001");
      expect(certificateParse(old).publicKey).not.toEqual(request.publicKey);
      const serial = RANDOM_SOURCE.serial("");
      const issued = certificateIssue({ ...request, usage: USAGE.digitalSignature, serial }, sub);
      await setup.importCertificate(issued.der);
      expect(await setup.exportCertificate(own)).toEqual(issued.der);
      expect(await setup.certificates()).toHaveLength(6);
      return certificateParse(old);
    });
    const ecdsa = { authentication: "ecdsa", certificate: world.client.signing.certificate.der } as const;
    expect(await visit(ecdsa, reads), "the AARE brings the new certificate").toBe('"MMM1030300000001"');
    const { certificate, ...known } = ecdsa;
    expect(certificate.length).toBeGreaterThan(300);
    await expect(visit({ ...known, certificates: [before] }, reads), "the old key proves nothing").rejects.toThrow(
      /failed to authenticate itself/,
    );
  });

  it("agrees on new keys that never travel", async () => {
    const meters = [demoMeter(world, SERVER).agreement.certificate];
    const known = await visit({}, (client) => {
      const setup = new SecuritySetup(client);
      const title = SERVER;
      return setup.exportCertificate({
        by: "entity",
        entity: CERTIFICATE_ENTITY.SERVER,
        type: CERTIFICATE_TYPE.SIGNATURE,
        title,
      });
    });
    const [guek, gak, masterKey] = await visit(
      { certificates: [...meters, certificateParse(known)] },
      async (client) => {
        const made = await new SecuritySetup(client).agree(KEY_ID.GUEK, KEY_ID.GAK, KEY_ID.MASTER);
        expect(await reads(client), "the next request goes under the agreed keys").toBe('"MMM1030300000001"');
        return made;
      },
    );
    await expect(visit({ counter: 2000 }, reads), "those before open nothing any more").rejects.toThrow();
    Object.assign(keys, { guek, gak, masterKey });
    expect(await visit({}, reads)).toBe('"MMM1030300000001"');
  });

  it("is read in requests that are signed and ciphered, and answers so", async () => {
    const meters = await visit({}, async (client) => {
      const setup = new SecuritySetup(client);
      const which = (type: number) =>
        ({ by: "entity", entity: CERTIFICATE_ENTITY.SERVER, type, title: SERVER }) as const;
      return Promise.resolve([
        certificateParse(await setup.exportCertificate(which(CERTIFICATE_TYPE.SIGNATURE))),
        certificateParse(await setup.exportCertificate(which(CERTIFICATE_TYPE.AGREEMENT))),
      ]);
    });
    for (const keyEstablishment of ["identified", "wrapped", "one-pass", "static"] as const) {
      const layers = ["sign", "cipher"] as const;
      const options = { authentication: "ecdsa", family: "general", layers, answerSigned: true } as const;
      await visit({ ...options, keyEstablishment, certificates: meters }, async (client) => {
        expect(await reads(client), keyEstablishment).toBe('"MMM1030300000001"');
        expect(client.answerLayers.map(({ kind }) => kind)).toEqual(["cipher", "sign"]);
      });
    }
  });
});
