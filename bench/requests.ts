/** Clients of a seat, and requests made ahead of the time that is measured. */
import { encodeApdu, type Apdu } from "../host/client/apdu.ts";
import type { Data } from "../host/client/axdr.ts";
import type { AttributeDescriptor, Invoke, Selection } from "../host/client/apdu_parts.ts";
import { attribute, Client, type ClientOptions } from "../host/client/session.ts";
import { wpduEncode } from "../host/client/wrapper.ts";
import { PUBLISHED_KEYS } from "../host/template/identity.ts";
import type { Seat } from "./seat.ts";

export const REGISTER = attribute(3, "1-0:1.8.0.255", 2);
export const CLOCK = attribute(8, "0-0:1.0.0.255", 2);
export const PROFILE = attribute(7, "1-0:99.1.0.255", 2);

/** Octets of the answer to a GET of the register, wrapper header included; ciphered with head, security header and tag. */
export const PLAIN_ANSWER_SIZE = 8 + 9;
export const CIPHERED_ANSWER_SIZE = PLAIN_ANSWER_SIZE + 2 + 5 + 12;

/** What figures of a request are compared with. */
export const FLOOR = "the same octets through calls that do nothing";

const INVOKE: Invoke = { id: 1, confirmed: true, high: true };

export const PUBLIC: ClientOptions = { clientSap: 16 };
/** The management client in the clear, and with every APDU authenticated and encrypted in suite 0. */
export const PLAIN: ClientOptions = { clientSap: 1, authentication: "lls", password: PUBLISHED_KEYS.lls };
export const CIPHERED: ClientOptions = {
  clientSap: 1,
  authentication: "gmac",
  security: "authenc",
  guek: PUBLISHED_KEYS.guek,
  gak: PUBLISHED_KEYS.gak,
  counter: 1,
};

/** A client that has an association on connection `connection` of the seat. */
export async function associated(seat: Seat, options: ClientOptions, connection = 0): Promise<Client> {
  const use = options.hdlc === undefined ? "wrapper" : "hdlc";
  const client = new Client(seat.open(seat.slotOf(use, connection)), options);
  await client.connect();
  await client.associate();
  return client;
}

export function getRequest(descriptor: AttributeDescriptor, selection?: Selection): Apdu {
  const whole = selection === undefined ? descriptor : { ...descriptor, selection };
  return { kind: "get-request-normal", invoke: INVOKE, descriptor: whole };
}

export function setRequest(descriptor: AttributeDescriptor, value: Data): Apdu {
  return { kind: "set-request-normal", invoke: INVOKE, descriptor, value };
}

/** Asks for the block behind block `block`. */
export function nextRequest(block: number): Apdu {
  return { kind: "get-request-next", invoke: INVOKE, block };
}

/** The request as it goes over the line: sealed with the client's next counter where the association is ciphered. */
export function onWrapper(client: Client, apdu: Apdu): Uint8Array {
  const plain = encodeApdu(apdu);
  const octets = client.protecting ? client.security!.seal(plain) : plain;
  return wpduEncode({ source: client.options.clientSap ?? 16, destination: 1, apdu: octets });
}
