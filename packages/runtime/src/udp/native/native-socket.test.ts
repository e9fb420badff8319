// Native sockets against the kernel, and against a C library that refuses what kernels and containers sometimes refuse.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UdpAddress } from "../address.ts";
import { DEFAULT_BATCH_SIZES, type UdpSocketOptions } from "../endpoint.ts";
import { EAGAIN, EINTR, EIO, EMSGSIZE, ENETUNREACH, ENOSYS, EPERM } from "./constants.ts";
import { type Libc, openLibc } from "./libc.ts";
import { NativeSocket } from "./native-socket.ts";
import { probeCalls } from "./probe.ts";
import { ReceiveMemory } from "./receive-memory.ts";
import { lookUntil } from "../testing/look-until.ts";

const opened = await openLibc();
assert.ok(!("refusedAs" in opened), "the tests of native sockets need the C library");
const real: Libc = opened;
const SIZES = { ...DEFAULT_BATCH_SIZES, batchMax: 128 };

/** A C library whose calls of this name fail with these errors first, in order; 0 lets the call through. */
function failing(name: "sendmmsg" | "recvmmsg" | "sendmsg", errors: number[]): Libc {
  let last = 0;
  return {
    ...real,
    errno: () => (last === 0 ? real.errno() : last),
    [name]: (...values: Parameters<Libc["sendmmsg"]>) => {
      last = errors.shift() ?? 0;
      return last === 0 ? real[name](...values) : -1;
    },
  };
}

interface Pair {
  readonly from: NativeSocket;
  readonly to: NativeSocket;
  /** What arrives at `to`, of which `count` is awaited, as the first byte and the size of each. */
  readonly arrived: (count: number) => (readonly [first: number, sizeBytes: number])[];
}

/** Datagrams that arrive, at least `count` unless they never do. */
function receiveAll(socket: NativeSocket, memory: ReceiveMemory, count: number): Uint8Array[] {
  const all: Uint8Array[] = [];
  lookUntil(() => {
    while (socket.receive() > 0)
      for (const { bytes, start, end } of memory.datagrams.slice(0, memory.count)) all.push(bytes.slice(start, end));
    return all.length >= count;
  });
  return all;
}

function withPair(libc: Libc, options: Partial<UdpSocketOptions>, use: (pair: Pair) => void): void {
  const memory = new ReceiveMemory(real, SIZES);
  const address = { host: "127.0.0.1", port: 0 };
  const to = new NativeSocket({ libc: real, batches: true, memory, sizes: SIZES }, address);
  const own = new ReceiveMemory(real, SIZES);
  const from = new NativeSocket({ libc, batches: true, memory: own, sizes: SIZES }, { ...address, ...options });
  const arrived = (count: number): (readonly [number, number])[] =>
    receiveAll(to, memory, count).map((bytes) => [bytes[0] ?? -1, bytes.length]);
  try {
    use({ from, to, arrived });
  } finally {
    from.close();
    to.close();
  }
}

function sendNumbered(from: NativeSocket, to: UdpAddress, sizes: readonly number[]): void {
  for (const [index, size] of sizes.entries()) from.send(new Uint8Array(size).fill(index), 0, size, to);
  from.flush();
}

test("runs of equal size leave as one message, in order, whatever comes in between", () => {
  withPair(real, { segment: true }, ({ from, to, arrived }) => {
    const sizes = [100, 100, 100, 60, 100, 100, 200, 200, 50, 50];
    sendNumbered(from, to.local, sizes);
    assert.deepEqual(
      arrived(sizes.length),
      sizes.map((size, index) => [index, size]),
    );
    // 100×3+60, 100×2, 200×2+50, 50.
    assert.equal(from.stats().sentMessages, 4);
    assert.equal(from.stats().sentDatagrams, 10);
    assert.equal(from.stats().sentBytes, 1060);
  });
});

test("runs to several addresses do not mix, and end at 64 segments", () => {
  const others = Array.from({ length: 3 }, () => {
    const memory = new ReceiveMemory(real, SIZES);
    return {
      memory,
      socket: new NativeSocket({ libc: real, batches: true, memory, sizes: SIZES }, { host: "127.0.0.1", port: 0 }),
    };
  });
  withPair(real, { segment: true }, ({ from }) => {
    for (let index = 0; index < 300; index++)
      from.send(Uint8Array.of(index % 3, index & 0xff), 0, 2, others[index % 3]!.socket.local);
    from.flush();
    assert.equal(from.stats().sentMessages, 6);
    for (const [number, { memory, socket }] of others.entries()) {
      assert.deepEqual(
        receiveAll(socket, memory, 100).map((bytes) => [...bytes]),
        Array.from({ length: 100 }, (_, index) => [number, (index * 3 + number) & 0xff]),
      );
      socket.close();
    }
  });
});

for (const [name, errno] of [["EIO", EIO] as const, ["EMSGSIZE", EMSGSIZE] as const]) {
  test(`a kernel that refuses segments (${name}) gets the datagrams one by one, and no more segments of that size`, () => {
    withPair(failing("sendmmsg", [errno]), { segment: true }, ({ from, to, arrived }) => {
      sendNumbered(from, to.local, [80, 80, 80]);
      assert.deepEqual(arrived(3), [
        [0, 80],
        [1, 80],
        [2, 80],
      ]);
      assert.equal(from.stats().sentMessages, 3);
      sendNumbered(from, to.local, [80, 80]);
      assert.equal(arrived(2).length, 2);
      assert.equal(from.stats().sentMessages, 5);
    });
  });
}

test("a path that is too narrow for large segments still gets small ones joined", () => {
  withPair(failing("sendmmsg", [EMSGSIZE]), { segment: true }, ({ from, to, arrived }) => {
    sendNumbered(from, to.local, [80, 80]);
    sendNumbered(from, to.local, [79, 79]);
    assert.equal(arrived(4).length, 4);
    assert.equal(from.stats().sentMessages, 3);
  });
});

test("a send that is interrupted goes on; one that is refused costs one datagram", () => {
  withPair(failing("sendmmsg", [EINTR, EINTR, ENETUNREACH, EPERM]), {}, ({ from, to, arrived }) => {
    sendNumbered(from, to.local, [1, 2, 3, 4]);
    assert.deepEqual(arrived(2), [
      [2, 3],
      [3, 4],
    ]);
    assert.equal(from.stats().drops["send-unreachable"], 1);
    assert.equal(from.stats().drops["send-refused"], 1);
  });
});

test("a send buffer that stays full drops the rest of the queue, counted", () => {
  withPair(failing("sendmmsg", [EAGAIN]), {}, ({ from, to, arrived }) => {
    sendNumbered(from, to.local, [1, 2, 3]);
    assert.deepEqual(arrived(0), []);
    assert.equal(from.stats().drops["send-buffer-full"], 3);
    sendNumbered(from, to.local, [1]);
    assert.equal(arrived(1).length, 1);
  });
});

test("bytes beyond the end of their array are never sent", () => {
  withPair(real, {}, ({ from, to, arrived }) => {
    for (const [start, end] of [
      [0, 3],
      [-1, 1],
      [2, 1],
    ] as const)
      assert.throws(() => from.send(new Uint8Array(2), start, end, to.local), /Cannot send bytes/);
    from.flush();
    assert.deepEqual(arrived(0), []);
  });
});

test("a queue that is full is flushed by the next send", () => {
  withPair(real, { sendQueueMax: 4 }, ({ from, to, arrived }) => {
    const bytes = Uint8Array.of(1);
    for (let index = 0; index < 9; index++) assert.equal(from.send(bytes, 0, 1, to.local), true);
    assert.equal(arrived(8).length, 8);
    from.flush();
    assert.equal(arrived(1).length, 1);
  });
});

test("datagrams the kernel has no room for are counted", () => {
  const memory = new ReceiveMemory(real, SIZES);
  const options = { host: "127.0.0.1", port: 0, receiveBufferBytes: 4096 };
  const small = new NativeSocket({ libc: real, batches: true, memory, sizes: SIZES }, options);
  withPair(real, {}, ({ from }) => {
    sendNumbered(from, small.local, Array<number>(200).fill(50));
    let received = 0;
    for (let some = small.receive(); some > 0; some = small.receive()) received += some;
    assert.ok(received < 200);
    assert.equal(small.stats().drops["kernel-queue-full"], 200 - received);
    small.close();
  });
});

test("the probe names the call that is refused and what is left", () => {
  assert.equal(probeCalls(real).kind, "batches");
  const refusing = (errno: number): Libc => ({ ...real, sendmmsg: () => -1, errno: () => errno });
  const single = probeCalls({ ...refusing(ENOSYS), recvmsg: () => 0 });
  assert.ok(single.kind === "single" && single.reason === "sendmmsg is refused (ENOSYS)");
  const none = probeCalls({ ...refusing(EPERM), recvmsg: () => -1 });
  assert.ok(none.kind === "none" && none.reason === "sendmmsg is refused (EPERM), recvmsg is refused (EPERM)");
  const noSocket = probeCalls({ ...refusing(EPERM), socket: () => -1 });
  assert.ok(noSocket.kind === "none" && noSocket.reason === "a socket is refused (EPERM)");
});
