// Steering programs: their bytes, and what the kernel makes of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_BATCH_SIZES } from "../endpoint.ts";
import { openLibc } from "./libc.ts";
import { NativeSocket } from "./native-socket.ts";
import { ReceiveMemory } from "./receive-memory.ts";
import { attachSteering } from "./socket-options.ts";
import { compileSteering, steerByDtlsCid, type SteeringRule } from "./steering.ts";

const libc = await openLibc();
assert.ok(!("refusedAs" in libc), "the tests of steering need the C library");

/** Sends each datagram from a socket of its own and answers which of three sockets got it. */
function steer(rules: readonly SteeringRule[], datagrams: readonly (readonly number[])[]): number[] {
  assert.ok(!("refusedAs" in libc));
  const memory = new ReceiveMemory(libc, DEFAULT_BATCH_SIZES);
  const context = { libc, batches: true, memory, sizes: DEFAULT_BATCH_SIZES };
  const group: NativeSocket[] = [];
  const sender = new NativeSocket(context, { host: "127.0.0.1", port: 0 });
  try {
    for (let index = 0; index < 3; index++) {
      const port = group[0]?.local.port ?? 0;
      group.push(new NativeSocket({ ...context, shared: true }, { host: "127.0.0.1", port }));
    }
    const [first] = group;
    assert.ok(first !== undefined);
    assert.equal(attachSteering(libc, first.fd, rules), undefined);
    return datagrams.map((bytes) => {
      sender.send(Uint8Array.from(bytes), 0, bytes.length, first.local);
      sender.flush();
      return group.findIndex((socket) => socket.receive() === 1);
    });
  } finally {
    sender.close();
    for (const socket of group) socket.close();
  }
}

test("the program for DTLS records with a connection ID", () => {
  const hex = Array.from(compileSteering([steerByDtlsCid(1)]), (byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.equal(
    hex,
    [
      "8000000000000000", // A = length
      "250000040c000000", // longer than 12?
      "3000000000000000", // A = byte 0
      "1500000219000000", // 25?
      "300000000c000000", // A = byte 12
      "1600000000000000", // that socket
      "06000000ffffffff", // none: by hash
    ].join(""),
  );
});

test("the octet picks the socket by the first rule that matches", () => {
  const rules: readonly SteeringRule[] = [
    {
      where: [
        { offset: 0, value: 63 },
        { offset: 3, value: 4 },
      ],
      octetOffset: 5,
    },
    { where: [{ offset: 0, value: 0x30, mask: 0xf0 }], octetOffset: 1 },
  ];
  const datagrams = [0, 1, 2].flatMap((thread) => [
    [63, 0, 0, 4, 9, thread],
    [0x30, thread],
    [0x3f, thread, 1, 2, 3],
  ]);
  assert.deepEqual(steer(rules, datagrams), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
});

test("what matches no rule, is too short or names no thread still goes to one socket, always the same for one source", () => {
  const others = [
    [],
    [63],
    [63, 0, 0, 4, 9],
    [63, 0, 0, 16, 9, 1],
    [25, 1],
    [63, 0, 0, 4, 9, 3],
    [63, 0, 0, 4, 9, 255],
  ];
  const rule = {
    where: [
      { offset: 0, value: 63 },
      { offset: 3, value: 4 },
    ],
    octetOffset: 5,
  };
  const sockets = new Set(steer([rule], others));
  assert.equal(sockets.size, 1);
  assert.ok(!sockets.has(-1));
});

test("limits are asserted", () => {
  assert.throws(() => compileSteering([]), /by 0 rules/);
  const match = { offset: 0, value: 1 };
  assert.throws(() => compileSteering([{ where: Array.from({ length: 9 }, () => match), octetOffset: 1 }]), /9 bytes/);
});
