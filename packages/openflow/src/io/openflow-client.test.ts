// The client against a switch of its own making: how soon it tries again after connections that worked and that did not.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { until } from "@coracle/ovsdb/testing";
import { encodeHello, MESSAGE_TYPE, MessageBuffer, MessageFramer, OPENFLOW_15 } from "../mod.ts";
import { openOpenflow } from "./mod.ts";

/** Answers hello and the request for features, as far as a session needs to be ready. */
function shakeHands(socket: Socket): void {
  const framer = new MessageFramer();
  const reply = new MessageBuffer(1024);
  encodeHello(reply, 0, [OPENFLOW_15]);
  socket.write(reply.written().slice());
  socket.on("data", (chunk: Uint8Array) => {
    framer.push(chunk);
    for (let message = framer.next(); message?.ok === true; message = framer.next()) {
      if (message.value[1] !== MESSAGE_TYPE.featuresRequest) continue;
      reply.reset();
      const xid = new DataView(message.value.buffer, message.value.byteOffset).getUint32(4);
      const start = reply.beginMessage(OPENFLOW_15, MESSAGE_TYPE.featuresReply, xid);
      reply.uint64(1n);
      reply.zeros(16);
      reply.endMessage(start);
      socket.write(reply.written().slice());
    }
  });
}

test("after a connection that was ready for a second the first try is soon again; after shorter ones it waits longer and longer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coracle-switch-"));
  const path = join(folder, "mgmt");
  let peer: Socket | undefined;
  const server = createServer((socket) => {
    peer = socket;
    shakeHands(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  const clock = new ManualClock();
  const waits: number[] = [];
  const client = openOpenflow({
    target: { path },
    clock,
    backoff: { initialMs: 1, capMs: 1000, factor: 2, jitter: 0, resetMs: 1e9 },
    onNotice: (notice) => void (notice.kind === "down" && waits.push(notice.retryInMs)),
  });
  try {
    for (const [index, upMs] of [999, 999, 999, 1000, 0, 5000].entries()) {
      await client.whenReady();
      clock.advance(upMs);
      peer?.destroy();
      await until("the client notices", () => waits.length > index);
    }
    assert.deepEqual(waits, [1, 2, 4, 1, 2, 1]);
  } finally {
    await client.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
