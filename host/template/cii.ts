/** A template whose meters push consumer information every minute. */
import type { AttributeDocument, ObjectDocument, TemplateDocument } from "./document.ts";
import { TemplateError } from "./error.ts";
import { logicalNameWhole } from "./logical_name.ts";

/** Push setup of consumer information, and the schedule that runs script 5 of the push scripts (idis-p3/push.json). */
const PUSH_SETUP = "0-8:25.9.0.255";
const SCHEDULE = "0-4:15.0.4.255";
const DESTINATION = "3";
const EXECUTION_TIME = "4";
/** transport_service TCP, message A-XDR. */
const TCP = { enum: 0 };
const A_XDR = { enum: 0 };
/** Second 0 of every minute of every day (Blue Book, class_id 22, execution_time). */
const EVERY_MINUTE = { structure: [{ "octet-string": "FFFF0000" }, { "octet-string": "FFFFFFFFFF" }] };

function changed(object: ObjectDocument, attribute: string, value: AttributeDocument["value"]): ObjectDocument {
  const whole = { ...object.attributes?.[attribute], value } as AttributeDocument;
  return { ...object, attributes: { ...object.attributes, [attribute]: whole } };
}

/** The document with `destination` in the push setup; what a client has set in a meter stays above it. */
export function ciiApply(document: TemplateDocument, destination: string): TemplateDocument {
  const named = (object: ObjectDocument, name: string): boolean => logicalNameWhole(object.logicalName) === name;
  if (!document.objects.some((object) => named(object, PUSH_SETUP))) {
    throw new TemplateError(`consumer information: the template has no ${PUSH_SETUP}`);
  }
  const octets = Buffer.from(destination, "latin1").toString("hex");
  const objects = document.objects.map((object) => {
    if (named(object, PUSH_SETUP)) {
      return changed(object, DESTINATION, { structure: [TCP, { "octet-string": octets }, A_XDR] });
    }
    return named(object, SCHEDULE) ? changed(object, EXECUTION_TIME, { array: [EVERY_MINUTE] }) : object;
  });
  return { ...document, objects };
}
