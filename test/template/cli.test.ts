import type { Command } from "commander";
import { describe, expect, test, vi } from "vitest";
import { metersCommand } from "../../host/cli/meters.ts";
import { templateCommand } from "../../host/cli/template.ts";
import { compileTemplate } from "../../host/template/compile.ts";
import { templateLoad, templateRead } from "../../host/template/load.ts";

/** How many objects the default template has, and how many of them are profiles. */
/** Extension M is not chosen. */
const OBJECTS = templateRead().objects.filter(({ group }) => group !== "M");
const PROFILES = OBJECTS.filter((object) => object.profile !== undefined);

interface Outcome {
  out: string;
  err: string;
  code: number;
}

/** Runs a command with arguments and collects what it writes. */
async function run(command: Command, ...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { out: "", err: "", code: 0 };
  for (const c of [command, ...command.commands]) {
    c.exitOverride().configureOutput({
      writeErr: (text) => (outcome.err += text),
      writeOut: (text) => (outcome.out += text),
    });
  }
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    outcome.out += String(text);
    return true;
  });
  try {
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    outcome.code = (error as { exitCode?: number }).exitCode ?? -1;
  } finally {
    write.mockRestore();
  }
  return outcome;
}

describe("template", () => {
  test("print shows every object", async () => {
    const { out, code } = await run(templateCommand(), "print");
    expect(code).toBe(0);
    for (const object of templateLoad().model.objects) expect(out).toContain(object.logicalName);
    expect(out).toMatch(/0-0:1\.0\.0\.255 .*8 v0 Clock .*get 1-9 .*get 1-9 set 2-3,5-6,8 act 1-6 .*S O M .*high/);
    expect(out).toMatch(
      new RegExp(
        `idis-p3: ${OBJECTS.length} objects, \\d+ attribute rows, 18 slots, ${PROFILES.length} profiles of \\d+ octets, image \\d+ octets\n$`,
      ),
    );
  });

  test("print --object shows attributes, values and rights", async () => {
    const { out } = await run(templateCommand(), "print", "--object", "Clock", "--override", "Clock:3=-120");
    expect(out).toContain('0-0:1.0.0.255 "Clock", class 8 v0 Clock');
    expect(out).toMatch(/3 .*time_zone .*long .*10FF88 .*-720 to 840/);
    expect(out).toMatch(/2 .*time .*clock-time/);
    expect(out).toContain("6 shift_time");
    expect(out).toContain("public: get 1-9\n");
  });

  test("print --json gives a document that compiles to the same image", async () => {
    const { out } = await run(templateCommand(), "print", "--json");
    expect(compileTemplate(JSON.parse(out)).image).toEqual(templateLoad().image);
  });

  test("check says what a template holds, or one line and exit code 1", async () => {
    expect((await run(templateCommand(), "check")).out).toMatch(new RegExp(`^idis-p3: ${OBJECTS.length} objects.*\n$`));
    const bad = await run(templateCommand(), "check", "--override", "Clock:3=1000");
    expect(bad.code).toBe(1);
    expect(bad.err).toBe(
      'error: object 0-0:1.0.0.255 "Clock": attributes.3 (time_zone): value: 1000 is outside min -720 to max 840\n',
    );
    expect((await run(templateCommand(), "check", "nowhere")).code).toBe(1);
    expect((await run(templateCommand(), "print", "--object", "Cuckoo")).err).toBe(
      "error: there is no object Cuckoo\n",
    );
  });
});

describe("meters", () => {
  test("a table of distinct meters on consecutive ports, and the published keys", async () => {
    const { out } = await run(metersCommand(), "--meters", "3", "--tcp", "5000");
    expect(out).toMatch(/0 .*127\.0\.0\.1:5000 .*MMM1030300000001 .*4D4D4D6730000001 .*00000001/);
    expect(out).toMatch(/2 .*127\.0\.0\.1:5002 .*MMM1030300000003 .*4D4D4D6730000003 .*00000003/);
    expect(out).toContain("GUEK        000102030405060708090A0B0C0D0E0F");
    expect(out).toContain("password    00000000");
  });

  test("--json", async () => {
    const { out } = await run(metersCommand(), "--json", "--meters", "2", "--seed", "2");
    const rows = JSON.parse(out) as Record<string, unknown>[];
    expect(rows).toHaveLength(2);
    expect(rows[1]).toEqual({
      index: 1,
      address: "127.0.0.1:4060",
      logicalDeviceName: "MMM1030301000002",
      systemTitle: "4D4D4D67300F4242",
      serialNumber: "01000002",
      keys: {
        guek: "000102030405060708090A0B0C0D0E0F",
        gbek: "0F0E0D0C0B0A09080706050403020100",
        gak: "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
        master: "00112233445566778899AABBCCDDEEFF",
        lls: "00000000",
        hls: "0123456789ABCDEF",
        consumer: {
          guek: "404142434445464748494A4B4C4D4E4F",
          gbek: "4F4E4D4C4B4A49484746454443424140",
          gak: "B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF",
          master: "8899AABBCCDDEEFF0011223344556677",
        },
      },
    });
  });

  test("--keys derive shows the keys of each meter", async () => {
    const { out } = await run(metersCommand(), "--keys", "derive", "--meters", "2", "--json");
    const keys = (JSON.parse(out) as { keys: { guek: string } }[]).map((row) => row.keys.guek);
    expect(new Set(keys).size).toBe(2);
    const table = await run(metersCommand(), "--keys", "derive", "--meters", "2");
    for (const key of keys) expect(table.out).toContain(key);
  });

  test("refusals", async () => {
    expect((await run(metersCommand(), "--meters", "2", "--tcp", "65535")).err).toBe(
      "error: meter 1 would listen on port 65536 (limit 65535)\n",
    );
    expect((await run(metersCommand(), "--meters", "0")).err).toMatch(/a whole number from 1 to 100000000 is wanted/);
    expect((await run(metersCommand(), "--keys", "mine")).err).toMatch(/one of published, derive is wanted/);
    expect((await run(metersCommand(), "--seed", "-1")).code).not.toBe(0);
  });
});
