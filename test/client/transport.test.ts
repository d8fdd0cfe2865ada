import { createSocket } from "node:dgram";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import * as client from "../../host/client/index.ts";
import { estimate } from "../../host/client/progress.ts";
import { FakeMeter, furnish } from "./fake_meter.ts";

const { attribute, Client, connectTcp, connectUdp, data: d, fromHex, memoryPair, tampering, toHex } = client;

test("octets that arrive before anybody listens are kept, in order", async () => {
  const [near, far] = memoryPair();
  near.write(fromHex("01"));
  near.write(fromHex("02"));
  await new Promise((done) => setTimeout(done, 5));
  const heard: string[] = [];
  far.onData((octets) => heard.push(toHex(octets)));
  near.write(fromHex("03"));
  await new Promise((done) => setTimeout(done, 5));
  expect(heard).toEqual(["01", "02", "03"]);
});

test("tampering can alter, split and drop", async () => {
  const [near, far] = memoryPair();
  const heard: string[] = [];
  far.onData((octets) => heard.push(toHex(octets)));
  const bad = tampering(near, (octets) =>
    octets[0] === 1 ? null : octets[0] === 2 ? [fromHex("0A"), fromHex("0B")] : fromHex("0C"),
  );
  for (const hex of ["01", "02", "03"]) bad.write(fromHex(hex));
  await new Promise((done) => setTimeout(done, 5));
  expect(heard).toEqual(["0A", "0B", "0C"]);
});

test("TCP: a refused connection says where", async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  await expect(connectTcp("127.0.0.1", port)).rejects.toThrow(`cannot reach 127.0.0.1:${port}`);
});

test("UDP: one WPDU a datagram", async () => {
  const meter = furnish(new FakeMeter());
  const socket = createSocket("udp4");
  socket.on("message", (octets, from) => {
    const wpdu = client.wpduDecode(octets);
    for (const apdu of meter.answer(wpdu.apdu)) {
      const answer = client.wpduEncode({ source: wpdu.destination, destination: wpdu.source, apdu });
      socket.send(answer, from.port, from.address);
    }
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const over = new Client(await connectUdp("127.0.0.1", socket.address().port), { timeOut: 1000 });
  await over.associate();
  expect(await over.get(attribute(3, "1.8.0", 2))).toEqual(d.doubleLongUnsigned(1234567));
  await over.disconnect();
  socket.close();
});

test("WPDUs between other SAPs are dropped and counted; a wrong version ends the stream", async () => {
  const [near, far] = memoryPair();
  const link = new client.WrapperLink(near, { clientSap: 16, serverSap: 1, timeOut: 50 });
  const apdu = fromHex("D80102");
  far.write(client.wpduEncode({ source: 2, destination: 16, apdu: fromHex("00") }));
  far.write(client.wpduEncode({ source: 1, destination: 17, apdu: fromHex("00") }));
  far.write(client.wpduEncode({ source: 1, destination: 16, apdu }));
  expect(await link.receive()).toEqual(apdu);
  expect(link.dropped).toBe(2);
  far.write(fromHex("00020001001000 01FF"));
  await expect(link.receive()).rejects.toThrow(/version is not 1/);
});

test("a serial port that is not there is an error by name", async () => {
  await expect(client.openSerial("/dev/no-such-port")).rejects.toThrow(/cannot open \/dev\/no-such-port/);
});

test("progress: the size of an array follows from its count and first element", () => {
  const whole = client.encodeData(d.array(...Array.from({ length: 50 }, (_, i) => d.longUnsigned(i))));
  expect(estimate([whole.slice(0, 20), whole.slice(20, 40)])).toBe(whole.length);
  expect(estimate([fromHex("0982010000")])).toBe(10);
  expect(estimate([fromHex("0132")])).toBe(4);
});
