/** What receive and transmitPoll leave to be asked for: never less than there is, and of a reading nothing but its answer. */
import { describe, expect, it } from "vitest";
import {
  attribute,
  type AttributeDescriptor,
  type Client,
  type Data,
  entrySelection,
} from "../../host/client/index.ts";
import { NEWS_EVERYTHING, NEWS_SENT, NEWS_TRANSMIT } from "../../host/core.ts";
import { coreOctets } from "../../host/files.ts";
import { WatchedCore } from "./news_watch.ts";
import { CURRENT_ASSOCIATION, energyRead, fullTemplate, gmac, LOAD_PROFILE, lls, Rig, TEXT } from "./rig.ts";

const QUARTER_MS = 900_000;
const ROWS = attribute(7, LOAD_PROFILE, 2);
const EVERYTHING = NEWS_EVERYTHING | NEWS_SENT;
const core = new WatchedCore(coreOctets());
const rig = Rig.boot({ core, template: fullTemplate() });

/** What the core had left, and what the host had called, while `run` ran. */
async function during(run: () => Promise<unknown>): Promise<{ news: number[]; calls: string[] }> {
  [core.heard.length, core.calls.length] = [0, 0];
  await run();
  return { news: core.heard.map(({ news }) => news), calls: [...core.calls] };
}

/** Every attribute of every object that the client may see. */
async function attributesOf(client: Client): Promise<AttributeDescriptor[]> {
  const list = (await client.get(attribute(15, CURRENT_ASSOCIATION, 2))) as { value: Data[] };
  return list.value.flatMap((element) => {
    const [classId, , name, rights] = (element as { value: Data[] }).value as [
      { value: number },
      Data,
      { value: Uint8Array },
      { value: [{ value: unknown[] }, Data] },
    ];
    return rights.value[0].value.map((_, i) => attribute(classId.value, [...name.value].join("."), i + 1));
  });
}

describe("a GET over the wrapper", () => {
  it("costs two calls: the octets in, the answer out", async () => {
    const client = await rig.associated(0, lls(rig.identity(0)));
    await energyRead(client);
    const { news, calls } = await during(() => energyRead(client));
    expect(calls).toEqual(["receive", "transmitPoll"]);
    expect(news).toEqual([NEWS_TRANSMIT, 0]);
    await client.disconnect();
  });

  it("costs no more when it is ciphered, until it has to reserve counters", async () => {
    const client = await rig.associated(0, gmac(rig.identity(0)));
    const costs: number[] = [];
    for (let i = 0; i < 200; i++) costs.push((await during(() => energyRead(client))).calls.length);
    expect(costs.filter((calls) => calls === 2).length).toBeGreaterThan(190);
    expect(Math.max(...costs)).toBeGreaterThan(2);
    await client.disconnect();
  });

  it("leaves nothing unsaid, whatever it reads", async () => {
    const client = await rig.associated(0, lls(rig.identity(0)));
    const attributes = await attributesOf(client);
    expect(attributes.length).toBeGreaterThan(1000);
    const { news } = await during(async () => {
      for (const one of attributes) await client.get(one).catch(() => undefined);
    });
    expect(news.length).toBeGreaterThan(2 * attributes.length - 1);
    expect(news.filter((one) => one === EVERYTHING).length).toBeLessThan(attributes.length / 10);
    await client.disconnect();
  });

  it("leaves nothing unsaid in blocks, in streams of blocks, and of rows", async () => {
    await rig.advance(100 * QUARTER_MS);
    const identity = rig.identity(0);
    for (const options of [gmac(identity, 10_000), lls(identity, { gbt: "always", gbtWindow: 3 })]) {
      const client = await rig.associated(0, options);
      const rows = (await client.get(ROWS)) as { value: Data[] };
      expect(rows.value.length).toBeGreaterThan(99);
      await client.get(ROWS, entrySelection(1, 5));
      await client.disconnect();
    }
  });
});

describe("whatever may have changed something", () => {
  it("would be missed by a host that does not hear all of it", async () => {
    const deaf = new WatchedCore(coreOctets());
    const meter = Rig.boot({ core: deaf });
    const client = await meter.associated(0, lls(meter.identity(0)));
    deaf.heardBits = NEWS_TRANSMIT;
    const value: Data = { type: "octet-string", value: Uint8Array.of(1, 2, 3) };
    await client.set(attribute(1, TEXT, 2), value).catch(() => undefined);
    expect(meter.reports.join()).toMatch("says nothing of the flash");
  });

  it("leaves everything to be asked for", async () => {
    const client = await rig.associated(0, lls(rig.identity(0)));
    const value: Data = { type: "octet-string", value: Uint8Array.of(1, 2, 3) };
    const { news } = await during(() => client.set(attribute(1, TEXT, 2), value));
    expect(news[0]).toBe(EVERYTHING);
    const released = await during(() => client.release());
    expect(released.news[0]).toBe(EVERYTHING);
    const hdlc = await rig.associated(0, lls(rig.identity(0), { hdlc: {} }));
    const read = await during(() => energyRead(hdlc));
    expect(new Set(read.news)).toEqual(new Set([EVERYTHING]));
  });
});
