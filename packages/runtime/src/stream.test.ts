// Streams over unix sockets and TCP: bytes, backpressure both ways, reuse of what was written, and every way to end.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectStream, formatStreamTarget, type StreamConnection, StreamError, type StreamTarget } from "./stream.ts";

async function withServer(
  kind: "unix" | "tcp",
  onSocket: (socket: Socket) => void,
  body: (target: StreamTarget) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-stream-"));
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  try {
    const path = join(folder, "socket");
    await new Promise<void>((resolve) => {
      if (kind === "unix") server.listen(path, resolve);
      else server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await body(kind === "unix" ? { path } : { host: "127.0.0.1", port });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function failure(promise: Promise<unknown>): Promise<StreamError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof StreamError, String(thrown));
    return thrown;
  }
  throw new Error("it did not fail");
}

/** Looks again every 5 ms; the runner's own limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

const nothing = (): void => undefined;

for (const kind of ["unix", "tcp"] as const) {
  test(`connectStream() over ${kind}: bytes go both ways, and the peer's end is told once`, async () => {
    await withServer(
      kind,
      (socket) => socket.on("data", (chunk) => socket.end(chunk)),
      async (target) => {
        const received: number[] = [];
        const closed = await new Promise<unknown>((resolve, reject) => {
          connectStream({ target, onData: (bytes) => received.push(...bytes), onClose: resolve })
            .then((stream) => stream.write(Uint8Array.of(1, 2, 3)))
            .catch(reject);
        });
        assert.equal(closed, undefined);
        assert.deepEqual(received, [1, 2, 3]);
      },
    );
  });
}

test("write() resolves when its bytes may be used again, even if the peer reads late", async () => {
  const rounds = 64;
  const sizeBytes = 128 * 1024;
  let held: Socket | undefined;
  const sums = new Uint32Array(rounds);
  let count = 0;
  await withServer(
    "unix",
    (socket) => {
      held = socket;
      socket.pause();
      socket.on("data", (chunk: Uint8Array) => {
        for (const byte of chunk) sums[Math.floor(count++ / sizeBytes)]! += byte;
      });
    },
    async (target) => {
      const stream = await connectStream({ target, onData: nothing, onClose: nothing });
      const reused = new Uint8Array(sizeBytes);
      let written = 0;
      const writing = (async () => {
        for (let round = 0; round < rounds; round++) {
          reused.fill(round + 1);
          await stream.write(reused);
          written++;
        }
      })();
      await new Promise((resolve) => {
        setTimeout(resolve, 30);
      });
      assert.ok(written < rounds, "a peer that does not read stops the writer");
      held?.resume();
      await writing;
      await until(() => count === rounds * sizeBytes);
      assert.deepEqual(
        [...sums],
        Array.from({ length: rounds }, (_, round) => (round + 1) * sizeBytes),
      );
      stream.close();
    },
  );
});

test("pause() stops receiving until resume()", async () => {
  await withServer(
    "unix",
    (socket) => socket.write(Uint8Array.of(1)),
    async (target) => {
      let received = 0;
      const stream: StreamConnection = await connectStream({
        target,
        onData: (bytes) => {
          received += bytes.length;
        },
        onClose: nothing,
      });
      stream.pause();
      const before = received;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      assert.equal(received, before);
      stream.resume();
      await until(() => received > 0);
      stream.close();
      assert.equal((await failure(stream.write(Uint8Array.of(1)))).name, "StreamError");
    },
  );
});

test("connectStream() says why it cannot: nobody there, aborted before, aborted after", async () => {
  const missing = await failure(
    connectStream({ target: { path: "/nonexistent/socket" }, onData: nothing, onClose: nothing }),
  );
  assert.equal(missing.code, "ENOENT");
  assert.match(missing.message, /^Cannot connect to unix:\/nonexistent\/socket as /);
  const target = { path: "/nonexistent/socket" };
  const aborted = await failure(
    connectStream({ target, signal: AbortSignal.abort(), onData: nothing, onClose: nothing }),
  );
  assert.equal(aborted.code, "ABORTED");
  await withServer("unix", nothing, async (open) => {
    const controller = new AbortController();
    const error = await new Promise<StreamError | undefined>((resolve, reject) => {
      connectStream({ target: open, signal: controller.signal, onData: nothing, onClose: resolve })
        .then(() => controller.abort())
        .catch(reject);
    });
    assert.equal(error?.code, "ABORTED");
  });
  await withServer("tcp", nothing, async (open) => {
    const port = "port" in open ? open.port : 0;
    assert.equal(formatStreamTarget(open), `tcp:127.0.0.1:${port}`);
  });
  assert.equal(formatStreamTarget({ host: "::1", port: 6640 }), "tcp:[::1]:6640");
});

test("connectStream() opens before it hands over the first chunk of a peer that speaks at once", async () => {
  for (let round = 0; round < 20; round++) {
    await withServer(
      "unix",
      (socket) => socket.write(Uint8Array.of(7)),
      async (target) => {
        const events: string[] = [];
        await new Promise<void>((resolve, reject) => {
          connectStream({
            target,
            onOpen: () => events.push("open"),
            onData: () => {
              events.push("data");
              resolve();
            },
            onClose: nothing,
          })
            .then((stream) => events.includes("data") && stream.close())
            .catch(reject);
        });
        assert.deepEqual(events, ["open", "data"]);
      },
    );
  }
});
