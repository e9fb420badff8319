// Our forwarder's packet thread: byte 11 of a datagram picks one of four destinations.
import { type PacketContext, type PacketHandler, servePacketThread, udpAddress } from "@coracle/runtime";

/** Where the sinks are. */
export interface ForwardPlan {
  readonly ports: readonly number[];
}

const DESTINATION_OFFSET = 11;

function forwarder(context: PacketContext): PacketHandler {
  const { ports } = context.data as ForwardPlan;
  const destinations = ports.map((port) => udpAddress("127.0.0.1", port));
  return {
    receive: ({ count, datagrams }, socket) => {
      const out = context.sockets[socket];
      if (out === undefined) return;
      for (let index = 0; index < count; index++) {
        const datagram = datagrams[index];
        if (datagram === undefined) break;
        const { bytes, start, end } = datagram;
        const to = destinations[(bytes[start + DESTINATION_OFFSET] ?? 0) % destinations.length];
        if (to !== undefined) out.send(bytes, start, end, to);
      }
    },
  };
}

servePacketThread(forwarder);
