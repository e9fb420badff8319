// The packet path on its thread: batches in, forwarded records out, the rest handed to the main thread.
import { nodeId } from "@coracle/cluster";
import { clusterMacKeysOf } from "@coracle/cluster/io";
import { systemCrypto } from "@coracle/dtls/io";
import type { PacketContext, PacketHandler, ReceivedDatagram } from "@coracle/runtime";
import { decodeMessage, encodeMessage, PacketMessage, type PostedMember } from "../core/packet-messages.ts";
import { PacketPath } from "../core/packet-path.ts";

/** What the main thread gives along. */
export interface PacketThreadData {
  readonly nodeId: number;
  readonly cidSizeBytes: number;
  readonly mac: boolean;
  readonly backward: boolean;
  readonly hashSeed: number;
  readonly flowsMax: number;
}

/** Makes the handler of a packet thread. */
export function makePacketHandler(context: PacketContext): PacketHandler {
  const data = context.data as PacketThreadData;
  let current: { readonly datagram: ReceivedDatagram; readonly socket: number } | undefined;
  let posted = "";
  const path = new PacketPath(
    { ...data, nodeId: nodeId(data.nodeId) },
    {
      send: (port, { bytes, start, end }, to) => context.sockets[port]?.send(bytes, start, end, to),
      passUp: () => {
        if (current !== undefined) context.passUp(current.datagram, current.socket);
      },
      stranger: ({ address, port }) => {
        context.post(PacketMessage.stranger, encodeMessage({ address, port }));
      },
    },
  );
  const post = (): void => {
    const counts = path.counts();
    const text = JSON.stringify(counts);
    if (text === posted) return;
    posted = text;
    context.post(PacketMessage.counts, encodeMessage(counts));
  };
  return {
    receive: (batch, socket, now) => {
      for (let index = 0; index < batch.count; index++) {
        const datagram = batch.datagrams[index];
        if (datagram === undefined) break;
        current = { datagram, socket };
        path.receive(socket, datagram, { source: datagram.source, now });
      }
    },
    message: (kind, bytes) => {
      const member = decodeMessage(bytes) as PostedMember;
      if (kind === PacketMessage.memberRemoved) path.router.members.remove(member.nodeId);
      else {
        const keys = member.keys && clusterMacKeysOf(systemCrypto, member.keys);
        path.router.members.set(member.nodeId, member.endpoint, keys);
      }
    },
    tick: post,
    close: post,
  };
}
