/** Two logical devices in one meter: each has its associations and its objects, over HDLC and the wrapper (GB9 4.4). */
import { describe, expect, it } from "vitest";
import { decodeApdu, type Data } from "../../host/client/index.ts";
import { TemplateError } from "../../host/template/error.ts";
import { templateRead } from "../../host/template/load.ts";
import type { TemplateDocument } from "../../host/template/document.ts";
import { aarq, aarqLls, apduOf, associateLls, get, hex, set } from "./apdus.ts";
import { HdlcChannel, RawMeter, WrapperChannel } from "./raw.ts";
import { CLOCK, CURRENT_ASSOCIATION, ENERGY, template } from "./rig.ts";

const NAME = "0-0:42.0.0.255";
const NOTE = "0-0:96.1.9.255";
const SAPS = "0-0:41.0.0.255";
const DEVICE = 17;

/** The default template with a second logical device at SAP 17, which has its own name and a note of its own. */
function twoDevices(change: Partial<TemplateDocument> = {}): Partial<TemplateDocument> {
  const { associations, ports, objects } = templateRead();
  const tenant = { tenant: { get: "all" as const, set: [2] } };
  const note = { class: 1, attributes: { "2": { type: "octet-string(48)", value: { text: "" } } } };
  const see = (logicalName: string) => {
    const { access } = objects.find((o) => o.logicalName === logicalName)!;
    const whole = typeof access === "string" ? templateRead().access![access] : access;
    return { logicalName, access: { ...whole, tenant: { get: "all" as const } } };
  };
  return {
    associations: {
      tenant: {
        clientSap: 32,
        serverSap: DEVICE,
        object: "0-0:40.0.1.255",
        securitySetup: null,
        mechanisms: ["lls"],
        contexts: ["ln"],
        conformance: associations["public"]!.conformance,
      },
    },
    ports: { tcp: { ...ports["tcp"]!, links: 3 } },
    objects: [
      {
        logicalName: NAME,
        device: DEVICE,
        class: 1,
        access: { tenant: { get: "all" } },
        attributes: { "2": { type: "octet-string(16)", value: { text: "MMM0170000000000" }, stored: true } },
      },
      {
        logicalName: "0-0:40.0.1.255",
        device: DEVICE,
        kind: "association",
        access: { tenant: { get: [1, 2, 3, 8], set: [7] } },
        attributes: { "7": { type: "octet-string(64)", value: { text: "00000000" } } },
      },
      { logicalName: NOTE, ...note, access: { management: { get: "all", set: [2] } } },
      { logicalName: NOTE, ...note, device: DEVICE, access: tenant },
      see(CURRENT_ASSOCIATION),
      see(CLOCK),
      see(SAPS),
    ],
    ...change,
  };
}

const text = (data: Data): string => Buffer.from((data as { value: Uint8Array }).value).toString("latin1");
const octets = (letters: string): Data => ({ type: "octet-string", value: Uint8Array.from(Buffer.from(letters)) });

function valueOf(answer: Uint8Array | undefined): Data {
  return apduOf("get-response-normal", answer).result.data!;
}

function links(meter: RawMeter) {
  return {
    wrapper: (clientSap: number, serverSap: number) => new WrapperChannel(meter, 0, { clientSap, serverSap }),
    hdlc: (clientSap: number, serverSap: number) => {
      const channel = new HdlcChannel(meter, meter.slotOf("hdlc", 0), { clientSap, serverSap });
      channel.connect();
      return channel;
    },
  };
}

describe.each(["wrapper", "hdlc"] as const)("two logical devices over %s", (kind) => {
  function both() {
    const meter = RawMeter.boot({ template: template(twoDevices()) });
    const open = links(meter)[kind];
    const management = open(1, 1);
    const tenant = open(32, DEVICE);
    associateLls(management, meter.identity);
    associateLls(tenant, meter.identity);
    return { meter, management, tenant };
  }

  it("have their own names, and the management one lists both", () => {
    const { meter, management, tenant } = both();
    const own = meter.identity.logicalDeviceName;
    const other = `MMM017${own.slice(6)}`;
    expect(text(valueOf(management.exchange(get(1, NAME, 2))))).toBe(own);
    expect(text(valueOf(tenant.exchange(get(1, NAME, 2))))).toBe(other);
    for (const channel of [management, tenant]) {
      const list = valueOf(channel.exchange(get(17, SAPS, 2))) as unknown as { value: { value: Data[] }[] };
      const rows = list.value.map(({ value }) => [(value[0] as { value: number }).value, text(value[1]!)]);
      expect(rows).toEqual([
        [1, own],
        [DEVICE, other],
      ]);
    }
  });

  it("keep values of one name apart, also over a restart", () => {
    const { meter, management, tenant } = both();
    expect(hex(management.exchange(set(1, NOTE, 2, octets("landlord"))))).toBe("C501C100");
    expect(hex(tenant.exchange(set(1, NOTE, 2, octets("tenant"))))).toBe("C501C100");
    expect(text(valueOf(management.exchange(get(1, NOTE, 2))))).toBe("landlord");
    expect(text(valueOf(tenant.exchange(get(1, NOTE, 2))))).toBe("tenant");
    meter.reboot();
    const open = links(meter)[kind];
    for (const [client, server, value] of [
      [32, DEVICE, "tenant"],
      [1, 1, "landlord"],
    ] as const) {
      const channel = open(client, server);
      associateLls(channel, meter.identity);
      expect(text(valueOf(channel.exchange(get(1, NOTE, 2))))).toBe(value);
    }
  });

  it("show each client its own association and its own objects", () => {
    const { management, tenant } = both();
    expect(hex(management.exchange(get(15, CURRENT_ASSOCIATION, 3)))).toBe("C401C10002020F01120001");
    expect(hex(tenant.exchange(get(15, CURRENT_ASSOCIATION, 3)))).toBe("C401C10002020F20120011");
    expect(hex(tenant.exchange(get(3, ENERGY, 2)))).toBe("C401C10104");
    expect(hex(tenant.exchange(get(15, "0-0:40.0.1.255", 3)))).toBe("C401C10002020F20120011");
    expect(hex(management.exchange(get(15, "0-0:40.0.1.255", 3)))).toBe("C401C10002020F01120001");
  });

  it("offer an association only where it belongs", () => {
    const meter = RawMeter.boot({ template: template(twoDevices()) });
    const open = links(meter)[kind];
    expect(apduOf("aare", open(32, 1).exchange(aarqLls(meter.identity.keys.lls))).result).toBe(1);
    expect(apduOf("aare", open(16, DEVICE).exchange(aarq())).result).toBe(1);
    expect(apduOf("aare", open(32, DEVICE).exchange(aarqLls(meter.identity.keys.lls))).result).toBe(0);
  });
});

describe("HDLC with two logical devices", () => {
  it("does not know a third one", () => {
    const meter = RawMeter.boot({ template: template(twoDevices()) });
    const channel = new HdlcChannel(meter, meter.slotOf("hdlc", 0), { serverSap: 18 });
    expect(channel.send(0x93)).toEqual([]);
  });

  it("ends the link to one of them and leaves the other", () => {
    const meter = RawMeter.boot({ template: template(twoDevices()) });
    const open = links(meter).hdlc;
    const [management, tenant] = [open(1, 1), open(32, DEVICE)];
    associateLls(management, meter.identity);
    associateLls(tenant, meter.identity);
    management.send(0x53);
    expect(hex(tenant.exchange(get(8, CLOCK, 9)))).toBe("C401C1001601");
    expect(decodeApdu(tenant.exchange(get(1, NAME, 2))!).kind).toBe("get-response-normal");
  });
});

describe("a template with several logical devices is refused", () => {
  const refusal = (change: Partial<TemplateDocument>): string => {
    try {
      template(twoDevices(change));
    } catch (error) {
      if (error instanceof TemplateError) return error.message;
      throw error;
    }
    return "compiled";
  };
  const name = (access: object, device = DEVICE, more: object = {}) => ({
    objects: [
      { logicalName: NAME, device, class: 1, access, attributes: { "2": { value: { text: "X" } } }, ...more },
    ] as TemplateDocument["objects"],
  });

  it("when an object of one is shown to a client of another", () => {
    expect(refusal(name({ public: { get: [2] } }))).toContain("access.public: server SAP 1 is not device 17");
  });

  it("when a client sees two objects of one name", () => {
    expect(refusal(name({ management: { get: [2] } }, 1))).toContain("access.management: sees another of its name");
  });

  it("when objects of one name differ in class", () => {
    const other = name({ tenant: { get: [2] } }, DEVICE, {
      class: 3,
      unit: "Wh",
      attributes: { "2": { value: { unsigned: 1 } } },
    });
    expect(refusal(other)).toContain("objects of one name in several devices have one class");
  });
});
