// Raw sockets on loopback, which every machine has; needs root and says so.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { openRawSocket, type RawSocketOptions } from "./raw-socket.ts";

const ECHO_REQUEST = Uint8Array.of(8, 0, 0xf7, 0xfd, 0, 1, 0, 1);
const isRoot = process.getuid?.() === 0;

function testAsRoot(name: string, body: () => Promise<void>): void {
  test(name, async () => {
    if (isRoot) await body();
    else process.stdout.write(`did not run: ${name}: this is not root\n`);
  });
}

testAsRoot("an ICMP socket sends a request and receives the reply with its IPv4 header", async () => {
  const socket = await openRawSocket({ kind: "icmp", peer: Uint8Array.of(127, 0, 0, 1) });
  try {
    socket.send(ECHO_REQUEST);
    const types: (number | undefined)[] = [];
    for (let packet = socket.receive(10); packet !== undefined; packet = socket.receive()) types.push(packet[20]);
    assert.ok(types.includes(0), `types received: ${types.join(", ")}`);
    assert.equal(socket.receive(), undefined);
  } finally {
    socket.close();
  }
  assert.throws(() => socket.send(ECHO_REQUEST), /it is closed/);
});

testAsRoot("a packet socket sees and sends whole frames", async () => {
  const socket = await openRawSocket({ kind: "packet", device: "lo" });
  try {
    const frame = new Uint8Array(60).fill(0x5a);
    frame.set([0x88, 0xb5], 12);
    socket.send(frame);
    let seen: Uint8Array | undefined;
    do seen = socket.receive(10);
    while (seen !== undefined && seen[20] !== 0x5a);
    assert.deepEqual(seen, frame);
  } finally {
    socket.close();
  }
});

testAsRoot("what is not there is named, with the system's code", async () => {
  const cases: readonly [RawSocketOptions, string, RegExp][] = [
    [{ kind: "packet", device: "corabsent" }, "ENODEV", /there is no device corabsent/],
    [{ kind: "packet", device: "lo", namespace: "corabsent" }, "ENOENT", /network namespace corabsent/],
  ];
  for (const [options, code, message] of cases) await assert.rejects(openRawSocket(options), { code, message });
});
