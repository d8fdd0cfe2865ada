/** Client user identification: user_list, current_user, add_user, remove_user, and what an AARQ must name (Blue Book, class 15). */
import { beforeEach, describe, expect, it } from "vitest";
import { type Data } from "../../host/client/index.ts";
import { aarq, aarqLls, act, apduOf, associateLls, get, hex } from "./apdus.ts";
import { RawMeter, type WrapperChannel } from "./raw.ts";
import { CURRENT_ASSOCIATION } from "./rig.ts";

const MANAGEMENT = "0-0:40.0.1.255";
const PUBLIC = "0-0:40.0.2.255";
const ADD = 5;
const REMOVE = 6;
const DONE = "C701C10000";
const OTHER_REASON = "C701C1FA00";
const TYPE_UNMATCHED = "C701C10C00";

let meter: RawMeter;
let channel: WrapperChannel;

beforeEach(() => {
  meter = RawMeter.boot();
  channel = meter.wrapper();
  associateLls(channel, meter.identity);
});

const name = (letters: string): Data => ({ type: "octet-string", value: Uint8Array.from(Buffer.from(letters)) });
const entry = (id: number, who: Data): Data => ({ type: "structure", value: [{ type: "unsigned", value: id }, who] });
const add = (id: number, who: Data, object = MANAGEMENT): string =>
  hex(channel.exchange(act(15, object, ADD, entry(id, who))));
const remove = (id: number, object = MANAGEMENT): string =>
  hex(channel.exchange(act(15, object, REMOVE, entry(id, name("")))));
const read = (object: string, attribute: number): string => hex(channel.exchange(get(15, object, attribute))).slice(8);

/** Result and diagnostic of an AARQ of the management client with a user id. */
function open(userId: number | undefined, over = meter.wrapper({ index: 1 })): [number, number] {
  const more = userId === undefined ? {} : { callingAeInvocationId: userId };
  const aare = apduOf("aare", over.exchange(aarqLls(meter.identity.keys.lls, more)));
  return [aare.result, aare.diagnostic];
}

describe("user_list", () => {
  it("is empty as delivered: identification is off, whatever an AARQ names", () => {
    expect(read(MANAGEMENT, 10)).toBe("0100");
    expect(read(CURRENT_ASSOCIATION, 11)).toBe("020211000900");
    expect(open(undefined)).toEqual([0, 0]);
    expect(open(7)).toEqual([0, 0]);
  });

  it("takes users with names of either type, and shows them in both objects of the association", () => {
    expect(add(1, name("Ann"))).toBe(DONE);
    expect(add(255, { type: "visible-string", value: "Bo" })).toBe(DONE);
    const list = "0102020211010903416E6E020211FF0A02426F";
    expect(read(MANAGEMENT, 10)).toBe(list);
    expect(read(CURRENT_ASSOCIATION, 10)).toBe(list);
    expect(read(PUBLIC, 10)).toBe("0100");
  });

  it("loses the one that is removed, and keeps the others", () => {
    for (const id of [1, 2, 3]) add(id, name(`U${id}`));
    expect(remove(2)).toBe(DONE);
    expect(read(MANAGEMENT, 10)).toBe("010202021101090255310202110309025533");
    expect(remove(1)).toBe(DONE);
    expect(remove(3)).toBe(DONE);
    expect(read(MANAGEMENT, 10)).toBe("0100");
  });

  it("refuses an id twice, one that is not there, and what is no user", () => {
    add(1, name("Ann"));
    expect(add(1, name("Al"))).toBe(OTHER_REASON);
    expect(remove(2)).toBe(OTHER_REASON);
    for (const parameter of [
      { type: "null-data" },
      { type: "structure", value: [{ type: "unsigned", value: 1 }] },
      { type: "structure", value: [{ type: "long-unsigned", value: 1 }, name("x")] },
      {
        type: "structure",
        value: [
          { type: "unsigned", value: 2 },
          { type: "unsigned", value: 2 },
        ],
      },
    ] as Data[]) {
      for (const method of [ADD, REMOVE]) {
        expect(hex(channel.exchange(act(15, MANAGEMENT, method, parameter)))).toBe(TYPE_UNMATCHED);
      }
    }
    expect(hex(channel.exchange(act(15, MANAGEMENT, ADD)))).toBe(TYPE_UNMATCHED);
    expect(read(MANAGEMENT, 10)).toBe("0101020211010903416E6E");
  });

  it("refuses one too many and stays as it was", () => {
    let count = 0;
    while (add(count, name("twenty characters ab")) === DONE) count++;
    // 256 octets: array head 2, and {02 02 11 id 09 14 name}, 26 each.
    expect(count).toBe(9);
    expect(add(200, name("twenty characters ab"))).toBe(OTHER_REASON);
    expect(read(MANAGEMENT, 10).slice(0, 4)).toBe("0109");
    expect(open(8)).toEqual([0, 0]);
  });

  it("outlives a restart", () => {
    add(9, name("Kim"));
    meter.reboot();
    channel = meter.wrapper();
    expect(open(undefined, channel)).toEqual([1, 6]);
    expect(open(9, channel)).toEqual([0, 0]);
    expect(read(CURRENT_ASSOCIATION, 11)).toBe("0202110909034B696D");
  });

  it("is changed through objects that give the right, and through no other", () => {
    expect(add(1, name("x"), CURRENT_ASSOCIATION)).toBe("C701C10300");
    expect(add(1, name("x"), PUBLIC)).toBe(DONE);
    expect(read(PUBLIC, 10)).toBe("010102021101090178");
  });
});

describe("an AARQ while users are listed", () => {
  beforeEach(() => {
    add(1, name("Ann"));
    add(2, name("Bo"));
  });

  it("names one of them; others and nobody get diagnostic 6, before the password is looked at", () => {
    expect(open(1)).toEqual([0, 0]);
    expect(open(2)).toEqual([0, 0]);
    for (const id of [undefined, 0, 3, 255]) expect(open(id)).toEqual([1, 6]);
    const wrong = { callingAeInvocationId: 3 };
    const other = meter.wrapper({ index: 2 });
    expect(apduOf("aare", other.exchange(aarqLls(Uint8Array.of(1), wrong))).diagnostic).toBe(6);
    const right = { callingAeInvocationId: 1 };
    expect(apduOf("aare", other.exchange(aarqLls(Uint8Array.of(1), right))).diagnostic).toBe(13);
  });

  it("is shown as current_user, each in its own association; one removed stays until it leaves", () => {
    const second = meter.wrapper({ index: 1 });
    open(2, second);
    const current = get(15, CURRENT_ASSOCIATION, 11);
    expect(hex(second.exchange(current))).toBe("C401C100020211020902426F");
    expect(hex(channel.exchange(current))).toBe("C401C100020211000900");
    expect(remove(2)).toBe(DONE);
    expect(hex(second.exchange(current))).toBe("C401C100020211020900");
    expect(open(2)).toEqual([1, 6]);
  });

  it("of another client is not concerned", () => {
    const reader = meter.wrapper({ clientSap: 16, index: 1 });
    expect(apduOf("aare", reader.exchange(aarq())).result).toBe(0);
  });
});
