// A worker of a router that breaks or hangs when a datagram tells it to: for the tests of what becomes of its process.
import { type PacketContext, type PacketHandler, servePacketThread } from "@coracle/runtime";
import { makeSessionWorker } from "../io/session-worker.ts";

const ORDER_SIZE_BYTES = 5;

function makeBreaking(context: PacketContext): PacketHandler {
  const handler = makeSessionWorker(context);
  return {
    ...handler,
    receive: (batch, socket, now) => {
      for (const { bytes, start } of batch.datagrams.slice(0, batch.count)) {
        const order = new TextDecoder().decode(bytes.subarray(start, start + ORDER_SIZE_BYTES));
        if (order === "break") throw new Error("asked to break");
        if (order === "hang!") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
      handler.receive(batch, socket, now);
    },
  };
}

servePacketThread(makeBreaking);
