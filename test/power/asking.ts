/** One question to a meter, over an association of its own. */
import { Client } from "../../host/client/index.ts";
import type { RawMeter } from "../device/raw.ts";
import { lls } from "../device/rig.ts";

/** Lets `ask` work with the management client, and closes the connection behind it. */
export async function asked<T>(meter: RawMeter, ask: (client: Client) => Promise<T>): Promise<T> {
  const slot = meter.slotOf("wrapper", 0);
  meter.open(slot);
  const client = new Client(meter.transport(slot), { timeOut: 1000, ...lls(meter.identity) });
  await client.connect();
  await client.associate();
  const answer = await ask(client);
  meter.close(slot);
  return answer;
}
