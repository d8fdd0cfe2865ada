import { describe, expect, test } from "vitest";
import { LinkError, TimeOutError } from "../../host/client/errors.ts";
import { HdlcLink, type HdlcOptions } from "../../host/client/hdlc.ts";
import { CONTROL, controlOfRr, frameDecode, frameEncode, parametersEncode } from "../../host/client/hdlc_frame.ts";
import { fromHex, toHex } from "../../host/client/octets.ts";
import { attribute, Client } from "../../host/client/session.ts";
import { memoryPair } from "../../host/client/transport.ts";
import { FakeMeter, furnish, GAK, GUEK } from "./fake_meter.ts";
import { Secondary, type SecondaryOptions } from "./fake_secondary.ts";
import { protocolVectors } from "./vectors.ts";

const vector = (id: string): string => protocolVectors.find((v) => v.id === id)!.hex;

/** Plays the answers of a recorded session, and keeps what the client sent. */
function recorded(answers: string[], options: Partial<HdlcOptions> = {}) {
  const [near, far] = memoryPair();
  const sent: string[] = [];
  far.onData((octets) => {
    sent.push(toHex(octets));
    const answer = answers.shift();
    if (answer !== undefined && answer !== "") far.write(fromHex(answer));
  });
  const server = { upper: 1, size: 1 as const };
  const link = new HdlcLink(near, { clientSap: 16, server, timeOut: 100, retries: 0, parameters: null, ...options });
  return { link, sent };
}

describe("a real session with a Landis+Gyr meter, frame by frame", () => {
  test("the client sends the recorded frames and reads the recorded answers", async () => {
    const server = { upper: 1, lower: 3380, size: 4 as const };
    // Frames 2, 9, 10 and 14 of the record are not published: the two UA and one exchange are made up here.
    const address = { destination: { upper: 16, size: 1 as const }, source: server, segmented: false };
    const limits = { informationTransmitMax: 248, informationReceiveMax: 62, windowTransmit: 1, windowReceive: 1 };
    const ua = toHex(frameEncode({ ...address, control: CONTROL.UA, information: parametersEncode(limits, 1) }));
    const exchange = toHex(frameEncode({ ...address, control: 0x96, information: fromHex("E6E7000C0100") }));
    const { link, sent } = recorded(
      [ua, vector("D-AARE-10"), vector("A-SES-6"), vector("A-SES-8"), exchange, vector("A-SES-12"), ua],
      { server, parameters: { informationTransmitMax: 1500, informationReceiveMax: 1500 } },
    );
    await link.open();
    expect(link.parameters).toMatchObject({ informationTransmitMax: 62, informationReceiveMax: 248 });
    const ask = async (frame: string): Promise<string> => {
      await link.send(frameDecode(fromHex(frame.slice(2, -2))).information.subarray(3));
      return toHex(await link.receive());
    };
    expect(await ask(vector("A-SES-3"))).toMatch(/^6128A1090607608574050801/);
    expect(await ask(vector("A-SES-5"))).toBe("0C020009104C475A35313238323338300000000000000A03423332");
    expect(await ask(vector("A-SES-7"))).toMatch(/^0C01000A25422E4D34/);
    await link.send(fromHex("0501020000"));
    await link.receive();
    expect(await ask(vector("A-SES-11"))).toBe("0C01000A083531323832333830");
    await link.close();
    for (const [i, id] of ["A-SES-1", "A-SES-3", "A-SES-5", "A-SES-7"].entries()) expect(sent[i]).toBe(vector(id));
    expect(sent.slice(5)).toEqual([vector("A-SES-11"), vector("A-SES-13")]);
  });

  test("a segmented answer of the vectors is put together: two frames under one poll, one flag between them", async () => {
    const { link, sent } = recorded(["7EA00721037301407E", vector("A-2F-1")]);
    await link.open();
    await link.send(fromHex("C001C100080000010000FF0200"));
    const answer = await link.receive();
    expect(answer.length).toBe(157);
    expect(toHex(answer.subarray(0, 9))).toBe("C401C1000981960102");
    expect(answer.at(-1)).toBe(0x96);
    expect(sent[0]).toBe("7EA0070321930F017E");
  });

  test("DM, FRMR and a wrong LLC are errors by name", async () => {
    const ua = "7EA00721037301407E";
    for (const [answer, message] of [
      [vector("A-DM-1"), /DM: the link is gone/],
      [vector("A-FRMR-3"), /FRMR for control FF: undefined or not implemented control/],
      [vector("A-FRMR-4"), /FRMR for control 10: information too long/],
      [vector("A-AARQ-2"), /TimeOut|answer/],
    ] as const) {
      const { link } = recorded([ua, answer]);
      await link.open();
      await expect(link.send(fromHex("C001")).then(() => link.receive(50))).rejects.toThrow(message);
    }
    const { link } = recorded([vector("A-DM-1")]);
    await expect(link.open()).rejects.toBeInstanceOf(LinkError);
  });
});

function pair(options: Partial<HdlcOptions>, secondary: SecondaryOptions) {
  const [near, far] = memoryPair();
  const meter = furnish(new FakeMeter());
  const station = new Secondary(far, (apdu) => meter.answer(apdu), secondary);
  const client = new Client(near, { hdlc: { timeOut: 2000, retries: 3, ...options }, pduSizeMax: 1000 });
  return { client, meter, station };
}

const LONG = attribute(7, "1-0:99.1.0.255", 2);

describe("windows, segments and losses", () => {
  test.each([
    [1, 128],
    [3, 128],
    [7, 40],
    [7, 2000],
  ])("window %d, information field %d", async (window, size) => {
    const limits = {
      informationTransmitMax: size,
      informationReceiveMax: size,
      windowTransmit: window,
      windowReceive: window,
    };
    const { client, meter, station } = pair({ parameters: limits }, {});
    await client.connect();
    await client.associate();
    expect(await client.get(LONG)).toEqual(meter.values.get("7/1-0:99.1.0.255/2"));
    const long = { type: "octet-string", value: new Uint8Array(700).fill(0x7e) } as const;
    await client.set(attribute(1, "0-0:96.1.1.255", 2), long);
    expect(meter.values.get("1/0-0:96.1.1.255/2")).toEqual(long);
    await client.release();
    await client.disconnect();
    expect(client.hdlc!.counts).toMatchObject({ repetitions: 0, outOfSequence: 0 });
    for (const frame of station.received) expect(frame.information.length).toBeLessThanOrEqual(size);
    const inWindow = longestRunWithoutPoll(station);
    expect(inWindow).toBeLessThanOrEqual(window);
    if (window > 1 && size === 40) expect(inWindow).toBe(window);
  });

  function longestRunWithoutPoll(station: Secondary): number {
    let run = 0;
    let longest = 0;
    for (const frame of station.received) {
      run += 1;
      longest = Math.max(longest, run);
      if (frame.control.pf) run = 0;
    }
    return longest;
  }

  test.each([1, 4])(
    "window %d: any one frame lost, either way, is made good and nothing is executed twice",
    async (window) => {
      const limits = {
        informationTransmitMax: 50,
        informationReceiveMax: 50,
        windowTransmit: window,
        windowReceive: window,
      };
      for (const direction of ["loseIn", "loseOut"] as const) {
        for (let lost = 0; lost < 24; lost++) {
          const { client, meter, station } = pair(
            { parameters: limits, timeOut: 25 },
            { [direction]: (n: number) => n === lost },
          );
          await client.connect();
          await client.associate();
          const value = { type: "octet-string", value: new Uint8Array(120).fill(lost) } as const;
          await client.set(attribute(1, "0-0:96.1.1.255", 2), value);
          expect(meter.values.get("1/0-0:96.1.1.255/2"), `${direction} ${lost}`).toEqual(value);
          expect(await client.get(attribute(1, "0-0:96.1.1.255", 2)), `${direction} ${lost}`).toEqual(value);
          expect(station.executed.length).toBe(3);
          await client.disconnect();
        }
      }
    },
  );

  test("every fifth frame lost both ways, ciphered", async () => {
    const [near, far] = memoryPair();
    const meter = furnish(new FakeMeter());
    const lose = (n: number): boolean => n % 5 === 4;
    new Secondary(far, (apdu) => meter.answer(apdu), { loseIn: lose, loseOut: lose });
    const client = new Client(near, {
      hdlc: { timeOut: 20, retries: 5 },
      security: "authenc",
      authentication: "gmac",
      guek: GUEK,
      gak: GAK,
      pduSizeMax: 300,
    });
    await client.connect();
    await client.associate();
    expect(await client.get(LONG)).toEqual(meter.values.get("7/1-0:99.1.0.255/2"));
    expect(client.hdlc!.counts.repetitions).toBeGreaterThan(3);
    await client.disconnect();
  });

  test("a meter that is late: answers from before a repetition change nothing and are executed once", async () => {
    const [near, far] = memoryPair();
    const meter = furnish(new FakeMeter());
    let n = 0;
    // Every fourth frame takes longer than the client waits.
    const late = {
      ...far,
      write: (octets: Uint8Array) => {
        if (n++ % 4 === 3) setTimeout(() => far.write(octets), 60);
        else far.write(octets);
      },
    };
    const station = new Secondary(late, (apdu) => meter.answer(apdu));
    const client = new Client(near, { hdlc: { timeOut: 40, retries: 5 }, pduSizeMax: 400 });
    await client.connect();
    await client.associate();
    expect(await client.get(LONG)).toEqual(meter.values.get("7/1-0:99.1.0.255/2"));
    expect(station.executed.length).toBe(meter.requests.length);
    expect(client.hdlc!.counts.repetitions).toBeGreaterThan(0);
    await client.disconnect();
  });

  test("a meter that needs time says RR; a meter that never answers is given up", async () => {
    const { client } = pair({}, { slow: 3 });
    await client.connect();
    await client.associate();
    await client.disconnect();
    const never = pair({ answerTimeOut: 60 }, { slow: 1e9 });
    await never.client.connect();
    await expect(never.client.associate()).rejects.toThrow(/acknowledges, but sends no answer/);
  });

  test("silence is a time-out after the repetitions", async () => {
    const { client, station } = pair({ retries: 2, timeOut: 25 }, { loseIn: () => true });
    await expect(client.connect()).rejects.toBeInstanceOf(TimeOutError);
    expect(station.received.map((f) => f.control.type)).toEqual(["SNRM", "SNRM", "SNRM"]);
  });

  test("RFC 1662 framing", async () => {
    const { client, meter } = pair({ framing: "rfc1662" }, { framing: "rfc1662" });
    await client.connect();
    await client.associate();
    expect(await client.get(LONG)).toEqual(meter.values.get("7/1-0:99.1.0.255/2"));
    await client.disconnect();
  });

  test("frames of one's own and altered frames, for tests of the link", async () => {
    const { client, station } = pair({}, {});
    await client.connect();
    const frames = await client.hdlc!.exchangeFrames(controlOfRr(0, true));
    expect(frames.map((f) => f.control.type)).toEqual(["RR"]);
    client.hdlc!.tamper = (frame) => {
      const changed = frame.slice();
      changed[changed.length - 2]! ^= 0xff;
      return changed;
    };
    const before = station.received.length;
    expect(await client.hdlc!.exchangeFrames(controlOfRr(0, true), undefined, 30)).toEqual([]);
    expect(station.received.length).toBe(before);
    client.hdlc!.tamper = undefined;
    await client.disconnect();
  });
});
