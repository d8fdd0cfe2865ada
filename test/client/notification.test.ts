/** The receiver of notifications, against published captures and both ways. */
import { describe, expect, it } from "vitest";
import {
  concat,
  confirmationOf,
  cosemXml,
  decodeApdu,
  encodeApdu,
  encodeData,
  fromHex,
  NotificationReader,
  protect,
  toHex,
  type Data,
} from "../../host/client/index.ts";
import { readFileSync } from "node:fs";

interface SecurityVector {
  id: string;
  inputs: Record<string, string>;
  output: { plain_apdu: string };
}
const security = JSON.parse(readFileSync("test/vectors/security-vectors.json", "utf8")) as
  SecurityVector[] | { vectors: SecurityVector[] };
const vectors = Array.isArray(security) ? security : security.vectors;
const pushed = vectors.find((v) => v.id === "u9n-general-glo-push")!;
const keys = { guek: fromHex(pushed.inputs["EK"]!), gak: fromHex(pushed.inputs["AK"]!) };
const captured = fromHex(pushed.inputs["apdu"]!);
const plain = fromHex(pushed.output.plain_apdu);

/** An APDU in blocks of `size` octets, as the unconfirmed procedure sends them. */
function blocksOf(apdu: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(apdu.length / size);
  return Array.from({ length: count }, (_, i) =>
    encodeApdu({
      kind: "general-block-transfer",
      lastBlock: i === count - 1,
      streaming: false,
      window: 0,
      blockNumber: i + 1,
      blockNumberAck: 0,
      data: apdu.subarray(i * size, (i + 1) * size),
    }),
  );
}

describe("a captured push", () => {
  it("opens with its keys", () => {
    const notification = new NotificationReader(keys).take(captured)!;
    expect(notification.octets).toEqual(plain);
    expect(notification.apdu).toMatchObject({ kind: "data-notification", invoke: { id: 475, confirmed: false } });
    expect(notification.protection).toEqual({
      systemTitle: fromHex("2F19229199164103"),
      securityControl: 0x30,
      invocationCounter: 0x1e5,
    });
    expect(encodeApdu(notification.apdu)).toEqual(plain);
  });

  it("is refused without a key, with another one, and with any octet changed or missing", () => {
    expect(() => new NotificationReader({}).take(captured)).toThrow("no guek");
    expect(() => new NotificationReader({ guek: keys.guek }).take(captured)).toThrow("no gak");
    expect(() => new NotificationReader({ ...keys, guek: keys.gak.map((x) => x ^ 1) }).take(captured)).toThrow();
    for (let i = 0; i < captured.length; i++) {
      const changed = captured.map((octet, at) => (at === i ? octet ^ 1 : octet));
      expect(() => new NotificationReader(keys).take(changed), `octet ${i}`).toThrow();
      expect(() => new NotificationReader(keys).take(captured.subarray(0, i)), `${i} octets`).toThrow();
    }
  });

  it("is put together from blocks of any size, and a lost block is noticed", () => {
    for (const size of [1, 7, 30, 200]) {
      const reader = new NotificationReader(keys);
      const blocks = blocksOf(captured, size);
      const found = blocks.map((block) => reader.take(block));
      expect(found.slice(0, -1).every((one) => one === undefined)).toBe(true);
      expect(found.at(-1)).toMatchObject({ octets: plain, blocks: blocks.length });
    }
    const reader = new NotificationReader(keys);
    const [first, , third] = blocksOf(captured, 30);
    reader.take(first!);
    expect(() => reader.take(third!)).toThrow("block 3 came where 2 was to come");
    expect(reader.take(captured)!.blocks).toBe(1);
  });
});

describe("an event notification", () => {
  const event = fromHex("C20000010000616100FF020600000001");

  it("is read plain and in its glo- form, which needs the meter's title", () => {
    expect(new NotificationReader().take(event)!.apdu).toMatchObject({ kind: "event-notification-request" });
    const systemTitle = fromHex("4D4D4D6700000001");
    const common = { systemTitle, encryptionKey: keys.guek, authenticationKey: keys.gak };
    const body = protect({ securityControl: 0x30, invocationCounter: 7, ...common }, event);
    const sealed = encodeApdu({ kind: "service-ciphered", tag: 0xca, body });
    expect(new NotificationReader({ ...keys, systemTitle }).take(sealed)!.octets).toEqual(event);
    expect(() => new NotificationReader(keys).take(sealed)).toThrow("system title");
    const forged = encodeApdu({ kind: "service-ciphered", tag: 0xc8, body });
    expect(() => new NotificationReader({ ...keys, systemTitle }).take(forged)).toThrow("hides");
  });
});

describe("confirmation", () => {
  it("answers a notification that asks for it, with its invoke id", () => {
    const asking = decodeApdu(fromHex("0F40000007000912AA".slice(0, 12) + "00"));
    if (asking.kind !== "data-notification") throw new Error(asking.kind);
    expect(toHex(confirmationOf(asking)!)).toBe("104000000700");
    const silent = decodeApdu(plain);
    expect(silent.kind === "data-notification" && confirmationOf(silent)).toBeUndefined();
  });
});

describe("XML", () => {
  const value = (data: Data): string => {
    const apdu = concat(fromHex("0F0000000100"), encodeData(data));
    return /<x:data-value>(.*)<\/x:data-value>/.exec(cosemXml(apdu))![1]!;
  };

  it("has the identifiers of the module", () => {
    expect(cosemXml(plain)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<x:xDLMS-APDU xmlns:x="http://www.dlms.com/COSEMpdu"><x:data-notification>' +
        "<x:long-invoke-id-and-priority>475</x:long-invoke-id-and-priority><x:date-time/><x:notification-body><x:data-value>" +
        `<x:octet-string>${toHex(plain.subarray(8))}</x:octet-string>` +
        "</x:data-value></x:notification-body></x:data-notification></x:xDLMS-APDU>\n",
    );
    expect(cosemXml(captured)).toContain(
      "<x:general-glo-ciphering><x:system-title>2F19229199164103</x:system-title><x:ciphered-content>30000001E5",
    );
    expect(cosemXml(blocksOf(captured, 4)[1]!)).toContain("<x:block-number>2</x:block-number>");
  });

  it("writes each type", () => {
    expect(value({ type: "null-data" })).toBe("<x:null-data/>");
    expect(value({ type: "boolean", value: true })).toBe("<x:boolean>true</x:boolean>");
    expect(value({ type: "bit-string", value: "1010" })).toBe("<x:bit-string>1010</x:bit-string>");
    expect(value({ type: "long64", value: -5n })).toBe("<x:long64>-5</x:long64>");
    expect(value({ type: "float32", value: 1 })).toBe("<x:float32>3F800000</x:float32>");
    expect(value({ type: "visible-string", value: "a<b&c" })).toBe("<x:visible-string>a&lt;b&amp;c</x:visible-string>");
    expect(
      value({
        type: "structure",
        value: [
          { type: "array", value: [] },
          { type: "enum", value: 3 },
        ],
      }),
    ).toBe("<x:structure><x:array/><x:enum>3</x:enum></x:structure>");
  });

  it("refuses what is never pushed", () => {
    expect(() => cosemXml(fromHex("C001C100080000010000FF0200"))).toThrow("no XML form");
    expect(() => cosemXml(plain.subarray(0, 20))).toThrow();
  });
});
