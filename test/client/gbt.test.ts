import { expect, test } from "vitest";
import { DlmsError } from "../../host/client/errors.ts";
import { decodeApdu } from "../../host/client/apdu.ts";
import { gbtExchange, type GbtOptions } from "../../host/client/gbt.ts";
import { concat, fromHex, toHex } from "../../host/client/octets.ts";
import { type ApduOf } from "../../host/client/apdu.ts";
import { protocolVectors } from "./vectors.ts";

const vector = (id: string): string => protocolVectors.find((v) => v.id === id)!.hex;

/** Plays the meter's blocks; the answers of a turn follow each APDU without the streaming bit. */
function scripted(turns: string[][]) {
  const sent: string[] = [];
  let ready: Uint8Array[] = [];
  const port = {
    send: async (octets: Uint8Array): Promise<void> => {
      sent.push(toHex(octets));
      if ((octets[1]! & 0x40) === 0) ready = (turns.shift() ?? []).map(fromHex);
    },
    receive: async (): Promise<Uint8Array> =>
      ready.shift() ?? Promise.reject(new Error("the meter has nothing to say")),
  };
  return { port, sent };
}

const OPTIONS: GbtOptions = { window: 5, blockSize: 2 };
const NOTHING = new Uint8Array(0);
const block = (hex: string): ApduOf<"general-block-transfer"> => decodeApdu(fromHex(hex)) as never;

// EnergyICT's published example: nine blocks, C402 and 01 to 0F, in streams of five after the first.
const SECOND_TO_SIXTH = [
  "E0450002000182000201 02",
  "E045000300018200020304",
  "E045000400018200020506",
  "E045000500018200020708",
];

test("the published example without loss: one acknowledgement a stream", async () => {
  const streams = [
    [...SECOND_TO_SIXTH, vector("F-GBT-E4")],
    ["E0450007000282 00020B0C", "E045000800028200020D0E", vector("F-GBT-E6")],
  ];
  const { port, sent } = scripted(streams);
  const answer = await gbtExchange(port, NOTHING, OPTIONS, block(vector("F-GBT-E1")));
  expect(toHex(answer)).toBe("C4020102030405060708090A0B0C0D0E0F");
  expect(sent).toEqual([vector("F-GBT-E2"), "E0850002000600"]);
});

test("the published example with block 4 lost: the gap is named and filled", async () => {
  const streams = [
    [...SECOND_TO_SIXTH, vector("F-GBT-E4")],
    [vector("F-GBT-E8")],
    [vector("F-GBT-E9"), "E045000800038200020D0E", "E085000900038200010F"],
  ];
  const { port, sent } = scripted(streams);
  const options = { ...OPTIONS, lose: new Set([4]) };
  const answer = await gbtExchange(port, NOTHING, options, block(vector("F-GBT-E1")));
  expect(toHex(answer)).toBe("C4020102030405060708090A0B0C0D0E0F");
  expect(sent).toEqual([vector("F-GBT-E2"), vector("F-GBT-E7"), "E0850003000600"]);
});

test("a long request: the first block alone, then streams as wide as the meter's window", async () => {
  const request = fromHex("C101C100080000010000FF0200");
  const ack = (window: number, number: number, confirmed: number): string =>
    toHex(concat(fromHex("E0"), Uint8Array.of(window, 0, number, 0, confirmed, 0)));
  const { port, sent } = scripted([[ack(2, 1, 1)], [ack(3, 2, 2)], [ack(3, 3, 5)], ["E0830004000704C501C100"]]);
  expect(toHex(await gbtExchange(port, request, OPTIONS))).toBe("C501C100");
  const sentBlocks = sent.map(block);
  expect(sentBlocks.map((b) => b.blockNumber)).toEqual([1, 2, 3, 3, 4, 5, 6, 7]);
  expect(sentBlocks.map((b) => b.streaming)).toEqual([false, true, false, true, true, false, true, false]);
  expect(sentBlocks.map((b) => b.lastBlock)).toEqual([false, false, false, false, false, false, false, true]);
  expect(sentBlocks.map((b) => b.blockNumberAck)).toEqual([0, 1, 1, 2, 2, 2, 3, 3]);
  expect(toHex(sentBlocks[7]!.data)).toBe("00");
});

test("an abort of the meter, a confirmation of what was not sent and another APDU end the transfer", async () => {
  const abort = scripted([[vector("F-GBT-6")]]);
  await expect(gbtExchange(abort.port, fromHex("C001"), OPTIONS)).rejects.toThrow(/aborts/);
  const nonsense = scripted([["E08100010009 00"]]);
  await expect(gbtExchange(nonsense.port, fromHex("C001"), OPTIONS)).rejects.toThrow(/never sent/);
  const other = scripted([["D80102"]]);
  await expect(gbtExchange(other.port, fromHex("C001"), OPTIONS)).rejects.toBeInstanceOf(DlmsError);
});
