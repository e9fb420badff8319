// A worker of a router that breaks when a datagram tells it to: for the test of what becomes of its process.
import { type PacketContext, type PacketHandler, servePacketThread } from "@coracle/runtime";
import { makeSessionWorker } from "../io/session-worker.ts";

const ORDER = "break";

function makeBreaking(context: PacketContext): PacketHandler {
  const handler = makeSessionWorker(context);
  return {
    ...handler,
    receive: (batch, socket, now) => {
      for (const { bytes, start } of batch.datagrams.slice(0, batch.count)) {
        const text = new TextDecoder().decode(bytes.subarray(start, start + ORDER.length));
        if (text === ORDER) throw new Error("asked to break");
      }
      handler.receive(batch, socket, now);
    },
  };
}

servePacketThread(makeBreaking);
