// The least a program can do: bytes encoded before, written to the socket as fast as it takes them, one bundle, one commit awaited.
import { createConnection, type Socket } from "node:net";
import {
  beginBundleAdd,
  BUNDLE_CONTROL,
  BUNDLE_FLAG,
  encodeBundleControl,
  encodeFlow,
  encodeHello,
  type Flow,
  MESSAGE_TYPE,
  MessageBuffer,
  OPENFLOW_14,
  parseBundleControl,
} from "@coracle/openflow";

const BUNDLE = { id: 1, flags: BUNDLE_FLAG.atomic | BUNDLE_FLAG.ordered } as const;

/** The bytes of a whole conversation that installs `flows`. */
export function encodeConversation(flows: readonly Flow[]): Uint8Array {
  const buffer = new MessageBuffer(1 << 20);
  const header = { version: OPENFLOW_14, xid: 1 };
  encodeHello(buffer, header.xid, [OPENFLOW_14]);
  encodeBundleControl(buffer, { ...header, xid: 2 }, { ...BUNDLE, type: BUNDLE_CONTROL.openRequest });
  for (const [index, flow] of flows.entries()) {
    const own = { ...header, xid: index + 3 };
    const start = beginBundleAdd(buffer, own, BUNDLE);
    encodeFlow(buffer, own, "add", flow);
    buffer.endMessage(start);
  }
  const xid = flows.length + 3;
  encodeBundleControl(buffer, { ...header, xid }, { ...BUNDLE, type: BUNDLE_CONTROL.closeRequest });
  encodeBundleControl(buffer, { ...header, xid: xid + 1 }, { ...BUNDLE, type: BUNDLE_CONTROL.commitRequest });
  return buffer.written().slice();
}

/** Writes the conversation and resolves at the reply to its commit. Any error of the switch rejects. */
export async function pipeRaw(socketPath: string, conversation: Uint8Array): Promise<void> {
  const socket = createConnection(socketPath);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("Cannot install flows: the switch closed the connection")));
      readReplies(socket, resolve, reject);
      socket.write(conversation);
    });
  } finally {
    socket.destroy();
  }
}

function readReplies(socket: Socket, committed: () => void, failed: (reason: Error) => void): void {
  let pending = new Uint8Array(0);
  socket.on("data", (chunk: Uint8Array) => {
    const joined = new Uint8Array(pending.length + chunk.length);
    joined.set(pending);
    joined.set(chunk, pending.length);
    let at = 0;
    while (joined.length - at >= 8) {
      const view = new DataView(joined.buffer, at);
      const length = view.getUint16(2);
      if (joined.length - at < length) break;
      const message = joined.subarray(at, at + length);
      at += length;
      if (view.getUint8(1) === MESSAGE_TYPE.error)
        failed(new Error(`Cannot install flows: the switch sent error ${view.getUint16(8)}/${view.getUint16(10)}`));
      if (view.getUint8(1) !== MESSAGE_TYPE.bundleControl) continue;
      const control = parseBundleControl(message);
      if (control.ok && control.value.type === BUNDLE_CONTROL.commitReply) committed();
    }
    pending = joined.slice(at);
  });
}
