/** A template with its Security setups in another suite. */
import type { TemplateDocument } from "./document.ts";

const CLASS_SECURITY_SETUP = 64;
const SECURITY_SUITE = "3";

type Objects = TemplateDocument["objects"];

/**
 * `document` in suite 0, 1 or 2: security_suite of every Security setup, and HLS with ECDSA wherever GMAC is accepted, since
 * the suites 1 and 2 bring the keys for it.
 */
export function suiteApply(document: TemplateDocument, suite: number): TemplateDocument {
  const objects = document.objects.map((object): Objects[number] => {
    if (object.class !== CLASS_SECURITY_SETUP) return object;
    const attribute = { ...object.attributes?.[SECURITY_SUITE], value: { enum: suite } };
    return { ...object, attributes: { ...object.attributes, [SECURITY_SUITE]: attribute } };
  });
  if (suite === 0) return { ...document, objects };
  const associations = Object.entries(document.associations).map(([name, association]) => {
    const { mechanisms } = association;
    const signs = mechanisms.includes("gmac") && !mechanisms.includes("hls-ecdsa");
    return [name, signs ? { ...association, mechanisms: [...mechanisms, "hls-ecdsa"] } : association] as const;
  });
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
