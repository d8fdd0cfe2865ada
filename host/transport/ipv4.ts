/** IPv4 addresses as numbers, so that meters can be counted by them. */
import { isIPv4 } from "node:net";

const ADDRESSES = 2 ** 32;

/** The address as a number, undefined when it is none. */
export function ipv4Parse(text: string | undefined): number | undefined {
  if (text === undefined || !isIPv4(text)) return undefined;
  return text.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** The address of a number. @throws RangeError beyond 255.255.255.255 */
export function ipv4Text(number: number): string {
  if (number < 0 || number >= ADDRESSES) throw new RangeError(`${number} is no IPv4 address`);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}
