/** A small template for tests, and what changes it. */
import type { ObjectDocument, TemplateDocument } from "../../host/template/document.ts";

/** A fresh document with one client, one port, one register, one profile. */
export function smallTemplate(): TemplateDocument {
  return {
    name: "small",
    identity: { manufacturer: "MMM", deviceType: 103, functions: [] },
    associations: {
      client: { clientSap: 16, mechanisms: ["none"], contexts: ["ln"], conformance: ["get"] },
    },
    ports: { tcp: { kind: "wrapper", connections: 1, setup: "0-0:25.0.0.255" } },
    objects: [
      {
        logicalName: "0-0:25.0.0.255",
        name: "TCP-UDP setup",
        class: 41,
        access: { client: { get: "all" } },
        attributes: {
          2: { value: { "long-unsigned": 4059 } },
          3: { value: { ln: "0-0:25.1.0.255" } },
          4: { value: { "long-unsigned": 576 } },
          5: { value: { unsigned: 1 } },
          6: { value: { "long-unsigned": 180 } },
        },
      },
      { logicalName: "0-0:1.0.0.255", name: "Clock", class: 8, attributes: { 2: { quantity: "clock-time" } } },
      {
        logicalName: "1-0:1.8.0.255",
        name: "Energy",
        class: 3,
        quantity: "active-energy-import",
        scaler: 0,
        unit: "Wh",
        access: { client: { get: "all" } },
      },
      {
        logicalName: "1-0:99.1.0.255",
        name: "Profile",
        class: 7,
        version: 1,
        access: { client: { get: "all" } },
        profile: { columns: ["0-0:1.0.0.255:2", "1-0:1.8.0.255:2"], period: 900, depth: 10 },
      },
      {
        logicalName: "0-0:96.1.0.255",
        name: "ID",
        class: 1,
        access: { client: { get: [2], set: [2] } },
        attributes: { 2: { type: "octet-string(8)", value: { text: "A" } } },
      },
    ],
    events: [{ code: 1, name: "power down", log: "1-0:99.1.0.255" }],
  };
}

/** The object of the small template with a name. */
export function objectOf(document: TemplateDocument, name: string): ObjectDocument {
  return document.objects.find((object) => object.name === name)!;
}
