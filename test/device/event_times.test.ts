/** Events that take more than one cause: failed authentications are an event each n-th time (`times` of the template). */
import { expect, it } from "vitest";
import { Client } from "../../host/client/index.ts";
import { templateRead } from "../../host/template/load.ts";
import { lls, template } from "./rig.ts";
import { Watched } from "./watching.ts";

const FRAUD_LOG = "0-0:99.98.1.255";
const AUTHENTICATION_FAILURE = 46;

async function failures(times: number, count: number): Promise<number[]> {
  const event = templateRead().events.find(({ code }) => code === AUTHENTICATION_FAILURE)!;
  const meter = await Watched.boot({ template: template({ events: [{ ...event, times }] }) });
  const slot = meter.raw.slotOf("wrapper", 1);
  for (let i = 0; i < count; i++) {
    meter.raw.open(slot);
    const client = new Client(meter.raw.transport(slot), {
      ...lls(meter.raw.identity),
      password: new TextEncoder().encode("wrong"),
    });
    await client.connect();
    await expect(client.associate()).rejects.toThrow();
    meter.raw.close(slot);
    // Events of one kind are a minute apart, and guesses have to wait.
    meter.raw.advance(120_000);
  }
  return meter.codes(FRAUD_LOG);
}

it("each failed authentication is an event by default, every third where the template says so", async () => {
  expect(await failures(1, 4)).toEqual([46, 46, 46, 46]);
  expect(await failures(3, 2)).toEqual([]);
  expect(await failures(3, 7)).toEqual([46, 46]);
});
