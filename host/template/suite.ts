/** A template with its Security setups in another suite. */
import type { AssociationDocument, TemplateDocument } from "./document.ts";

const CLASS_SECURITY_SETUP = 64;
const SECURITY_SUITE = "3";

type Objects = TemplateDocument["objects"];

/** What suites 1 and 2 authenticate with besides: SHA-256 with the HLS secret, ECDSA with the key pairs. Both are mandatory in IDIS Package 3. */
const MECHANISMS: readonly string[] = ["hls-sha256", "hls-ecdsa"];

/** `document` in suite 0, 1 or 2: security_suite of every Security setup, and MECHANISMS wherever GMAC is accepted. */
export function suiteApply(document: TemplateDocument, suite: number): TemplateDocument {
  const objects = document.objects.map((object): Objects[number] => {
    if (object.class !== CLASS_SECURITY_SETUP) return object;
    const attribute = { ...object.attributes?.[SECURITY_SUITE], value: { enum: suite } };
    return { ...object, attributes: { ...object.attributes, [SECURITY_SUITE]: attribute } };
  });
  if (suite === 0) return { ...document, objects };
  const associations = Object.entries(document.associations).map(
    ([name, association]): [string, AssociationDocument] => {
      const { mechanisms } = association;
      const more = mechanisms.includes("gmac") ? MECHANISMS.filter((one) => !mechanisms.includes(one)) : [];
      return [name, { ...association, mechanisms: [...mechanisms, ...more] }];
    },
  );
  return { ...document, objects, associations: Object.fromEntries(associations) };
}

/** The suite of a template: that of its first Security setup, 0 without one. */
export function suiteOfTemplate(document: TemplateDocument): number {
  for (const object of document.objects) {
    if (object.class !== CLASS_SECURITY_SETUP) continue;
    const suite = object.attributes?.[SECURITY_SUITE]?.value?.["enum"];
    return typeof suite === "number" ? suite : Number(suite ?? 0);
  }
  return 0;
}
