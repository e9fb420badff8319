// A packet thread for tests of steering: answers each datagram with its number in front of it.
import { type PacketContext, type PacketHandler, servePacketThread } from "@coracle/runtime";

function makeNaming(context: PacketContext): PacketHandler {
  return {
    receive: (batch, socket) => {
      for (const { bytes, start, end, source } of batch.datagrams.slice(0, batch.count)) {
        bytes[start - 1] = context.thread;
        context.sockets[socket]?.send(bytes, start - 1, end, source);
      }
    },
  };
}

servePacketThread(makeNaming);
