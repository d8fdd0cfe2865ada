import { Command } from "commander";
import { describe, expect, it } from "vitest";
import {
  isLoopback,
  ServeError,
  serveOptions,
  withServeOptions,
  type ServeOptions,
} from "../../host/cli/serve_options.ts";

/** Parses a command line; commander's complaint becomes the error. */
function parse(...words: string[]): ServeOptions {
  const command = withServeOptions(new Command("serve"))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(words, { from: "user" });
  return serveOptions(command.opts());
}

describe("ports", () => {
  it.each([
    ["", 4059, 4060],
    ["--meters 3", 4059, 4062],
    ["--tcp 5000", 5000, 5001],
    ["--tcp 5000 --meters 10", 5000, 5010],
    ["--tcp 0 --meters 10", 0, 0],
    ["--tcp 5000 --hdlc-tcp 0 --meters 10", 5000, 0],
    ["--hdlc-tcp 6000 --meters 10", 4059, 6000],
    ["--tcp 5010 --hdlc-tcp 5000 --meters 10", 5010, 5000],
  ])("of %j are %d and %d", (line, tcp, hdlcTcp) => {
    expect(parse(...line.split(" ").filter(Boolean))).toMatchObject({ tcp, hdlcTcp });
  });

  it.each([
    ["", 4059],
    ["--tcp 5000", 5000],
    ["--tcp 0", 0],
    ["--tcp 0 --udp 4059", 4059],
    // A number of HDLC over TCP is free for UDP.
    ["--udp 4060", 4060],
    ["--udp none", undefined],
  ])("of %j are %s for UDP", (line, udp) => {
    expect(parse(...line.split(" ").filter(Boolean)).udp).toBe(udp);
  });

  it.each([
    ["--udp 65530 --tcp 0 --meters 10", "--udp 65530 for 10 meters ends at port 65539"],
    ["--tcp 5000 --hdlc-tcp 5000", "--tcp 5000 to 5000 and --hdlc-tcp 5000 to 5000 overlap"],
    ["--hdlc-tcp 4060 --meters 2", "--tcp 4059 to 4060 and --hdlc-tcp 4060 to 4061 overlap"],
    ["--tcp 5009 --hdlc-tcp 5000 --meters 10", "overlap"],
    ["--tcp 65530 --meters 10", "--tcp 65530 for 10 meters ends at port 65539"],
    ["--tcp 65535", "--hdlc-tcp 65536 for 1 meter ends"],
    ["--meters 40000", "beyond 65535"],
  ])("refuses %j in one line", (line, message) => {
    expect(() => parse(...line.split(" "))).toThrow(ServeError);
    expect(() => parse(...line.split(" "))).toThrow(message);
  });

  it("refuses a UDP port that is neither a number nor none", () => {
    expect(() => parse("--udp", "some")).toThrow("--udp");
  });
});

describe("values", () => {
  it("takes times without a zone as UTC", () => {
    expect(parse("--start", "2026-01-01").start).toBe(Date.UTC(2026, 0, 1));
    expect(parse("--start", "2026-01-01T12:00").start).toBe(Date.UTC(2026, 0, 1, 12));
    expect(parse("--start", "2026-01-01T12:00:00.5Z").start).toBe(Date.UTC(2026, 0, 1, 12, 0, 0, 500));
    expect(parse("--start", "2026-01-01T12:00+01:00").start).toBe(Date.UTC(2026, 0, 1, 11));
    expect(parse().start).toBeUndefined();
  });

  it("collects overrides", () => {
    expect(parse("--override", "a=1", "--override", "b=2").override).toEqual(["a=1", "b=2"]);
  });

  it.each([
    "--tcp 65536",
    "--tcp -1",
    "--tcp x",
    "--meters 0",
    "--meters 1.5",
    "--start yesterday",
    "--start 2026-13-01",
    "--speed 0",
    "--speed -1",
    "--speed fast",
    "--backfill -1",
    "--baud 9",
    "--seed 4294967296",
    "--sped 1",
    "surplus",
  ])("refuses %j", (line) => {
    expect(() => parse(...line.split(" "))).toThrow();
  });

  it.each([
    ["127.0.0.1", true],
    ["127.5.5.5", true],
    ["::1", true],
    ["localhost", true],
    ["0.0.0.0", false],
    ["192.168.1.5", false],
    ["::", false],
  ])("knows whether %s is this machine alone", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

describe("many meters", () => {
  it.each([
    ["", "all"],
    ["--meters 1000", "all"],
    ["--meters 1001", "contact"],
    ["--meters 1001 --seat all", "all"],
    ["--seat contact", "contact"],
  ])("of %j take their seats: %s", (line, seat) => {
    expect(parse(...line.split(" ").filter(Boolean)).seat).toBe(seat);
  });

  it("share ports where each has an address, and have no UDP", () => {
    expect(parse("--each-address", "--meters", "100000")).toMatchObject({ tcp: 4059, hdlcTcp: 4060, udp: undefined });
  });

  it.each([
    ["--each-address --host localhost", "localhost is no IPv4 address to count from"],
    ["--each-address --host 127.255.255.250 --meters 7", "there are no 7 addresses from 127.255.255.250 on"],
    ["--each-address --host 255.255.255.250 --meters 7", "there are no 7 addresses"],
    ["--each-address --udp 4059", "there is no UDP"],
    ["--each-address --multi-drop", "not with --multi-drop"],
    ["--meters 70000", "give a lower one, 0, or --each-address"],
  ])("%s is refused: %s", (line, message) => {
    expect(() => parse(...line.split(" "))).toThrow(message);
  });
});
