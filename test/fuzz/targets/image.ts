/**
 * Template images with octets changed: plan() refuses them or lays out a block. What is behind an image that is accepted is not
 * run: the compiler vouches for its tables.
 */
import { PlanRefused } from "../../../host/core.ts";
import { core, template } from "../../device/rig.ts";
import { imageRead, rowSize } from "../../template/reader.ts";
import type { Input, Target } from "../target.ts";
import { patch, patchApply } from "./patches.ts";

const image = (): Uint8Array => template().image;

export const templateImage: Target = {
  name: "image",
  about: "plan() of template images with octets changed",
  seeds: () => {
    const { head, ...tables } = imageRead(image());
    const heads = Array.from({ length: rowSize("Template") / 2 }, (_, i) => [patch(2 * i, 0xff, 0xff)]);
    const rows = [
      ["objectsAt", "ObjectRow", tables.objects.length],
      ["classesAt", "ClassRow", head["classCount"]!],
      ["shapesAt", "ShapeRow", head["shapeCount"]!],
      ["attributesAt", "AttributeRow", tables.attributes.length],
      ["associationsAt", "AssociationRow", tables.associations.length],
      ["portsAt", "PortRow", tables.ports.length],
      ["profilesAt", "ProfileRow", tables.profiles.length],
      ["eventsAt", "EventRow", tables.events.length],
    ] as const;
    const inRows = rows.flatMap(([at, name, count]) =>
      Array.from({ length: rowSize(name) / 2 }, (_, i) => [
        patch(head[at]! + (i % count) * rowSize(name) + 2 * i, 0xff, 0xff),
      ]),
    );
    return [...heads, ...inRows];
  },
  fresh: (dice) => {
    const { head } = imageRead(image());
    const sections = [
      ...["objectsAt", "attributesAt", "classesAt", "shapesAt", "associationsAt", "portsAt", "profilesAt", "eventsAt"],
      ...["rangesAt", "extrasAt", "accessSetsAt", "accessAt", "octetsAt"],
    ];
    const at = sections[dice.roll(sections.length)]!;
    return patch(head[at]! + dice.roll(400), ...dice.octets(1 + dice.roll(4)));
  },
  run: (input: Input) => {
    const octets = Uint8Array.from(image());
    for (const message of input) patchApply(octets, message);
    try {
      const plan = core().plan(octets);
      if (plan.blockSize <= 0 || plan.slots <= 0) throw new Error(`a block of ${plan.blockSize}, ${plan.slots} slots`);
      return [`planned ${plan.slots}`];
    } catch (error) {
      if (!(error instanceof PlanRefused)) throw error;
      return [`limit ${error.limit}`];
    }
  },
};
