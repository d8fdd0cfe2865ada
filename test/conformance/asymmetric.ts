/** What the ASYMSEC cases need of suites 1 and 2: the client's side of a folder that `dlms-meter keys demo` wrote. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, type ClientOptions } from "../../host/client/index.ts";
import { securityOptions } from "../../host/client/command_security.ts";
import type { Config } from "./config.ts";

interface ClientFile {
  suite: number;
  systemTitle: string;
  guek: string;
  gak: string;
  masterKey: string;
  signingKey: string;
  agreementKey: string;
  certificate: string;
  meterCertificates: string;
  trust: string;
}

/** Keys and certificates of a client in suite 1 or 2. */
export interface Asymmetric extends ClientOptions {
  suite: number;
}

/** The declarations that come from DIR/client.json. */
export function asymmetricRead(folder: string): Pick<Config, "asymmetric" | "guek" | "gak" | "kek" | "systemTitle"> {
  const file = JSON.parse(readFileSync(join(folder, "client.json"), "utf8")) as ClientFile;
  const beside = (name: string): string => join(folder, name);
  const asymmetric = securityOptions({
    suite: file.suite,
    masterKey: fromHex(file.masterKey),
    signingKey: beside(file.signingKey),
    agreementKey: beside(file.agreementKey),
    certificate: beside(file.certificate),
    meterCertificates: beside(file.meterCertificates),
    trust: beside(file.trust),
  });
  return {
    asymmetric: { ...asymmetric, suite: file.suite },
    guek: fromHex(file.guek),
    gak: fromHex(file.gak),
    kek: fromHex(file.masterKey),
    systemTitle: fromHex(file.systemTitle),
  };
}
