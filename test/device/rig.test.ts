import { expect, it } from "vitest";
import { apduOf, associateGmac, associateLls, get } from "./apdus.ts";
import { RawMeter } from "./raw.ts";
import { energyAfter, energyRead, ENERGY, gmac, lls, Rig } from "./rig.ts";

const AN_HOUR = 3_600_000;

it.each(["wrapper", "hdlc"] as const)("a meter is read over %s, in the clear and ciphered", async (use) => {
  const rig = Rig.boot();
  const link = use === "hdlc" ? { hdlc: {} } : {};
  const plain = await rig.associated(0, lls(rig.identity(0), link));
  await rig.advance(AN_HOUR + 5000);
  expect(await energyRead(plain)).toBe(energyAfter(AN_HOUR + 5000));
  await plain.disconnect();
  const secret = await rig.associated(0, gmac(rig.identity(0), 1, "authenc", link));
  expect(await energyRead(secret)).toBe(energyAfter(AN_HOUR + 5000));
  await secret.release();
  await secret.disconnect();
  expect(rig.reports).toEqual([]);
});

it.each(["wrapper", "hdlc"] as const)("a raw meter is read over %s, in the clear and ciphered", (use) => {
  const meter = RawMeter.boot();
  const channel = meter[use]();
  if ("connect" in channel) channel.connect();
  meter.advance(AN_HOUR);
  const expected = { code: 0, data: { type: "double-long-unsigned", value: 1000 } };
  associateLls(channel, meter.identity);
  expect(apduOf("get-response-normal", channel.exchange(get(3, ENERGY, 2))).result).toEqual(expected);
  const secret = associateGmac(channel, meter.identity);
  expect(apduOf("get-response-normal", secret.exchange(get(3, ENERGY, 2))).result).toEqual(expected);
});
