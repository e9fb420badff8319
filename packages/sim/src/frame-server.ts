// An HTTP/2 server (RFC 9113) made of bare frames in TLS, for what a well-behaved one will not send on demand.
import { createServer, type TLSSocket } from "node:tls";
import type { TestCertificate } from "./test-certificates.ts";

/** Frame types (RFC 9113 §6) a test may want to look for. */
export const FRAME_TYPE = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

/** One frame. */
export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

/** One connection of a client to a {@link FrameServer}. */
export interface FrameConnection {
  /** 1 for the first connection. */
  readonly number: number;
  /** Every frame the client sent. */
  readonly received: Http2Frame[];
  send(type: number, flags: number, streamId: number, payload: Uint8Array): void;
  /** `:status: 200`, as indexed by HPACK; nothing else. */
  respond(streamId: number, isEnd?: boolean): void;
  /** Body bytes as text. */
  write(streamId: number, text: string, isEnd?: boolean): void;
  reset(streamId: number, code: number): void;
  goaway(lastStreamId: number, code: number): void;
  /** Answers no PING from now on. */
  ignorePings(): void;
  destroy(): void;
}

/** A listening server. */
export interface FrameServer {
  readonly url: string;
  readonly connections: FrameConnection[];
  close(): Promise<void>;
}

const PREFACE_SIZE_BYTES = 24;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const STATUS_200 = Uint8Array.of(0x88);
const FRAME_SIZE_BYTES_MAX = 16 * 1024;

/** Calls `onRequest` for every request's HEADERS; settings and PING it answers itself. */
export async function startFrameServer(
  certificate: TestCertificate,
  onRequest: (connection: FrameConnection, streamId: number) => void,
): Promise<FrameServer> {
  const connections: FrameConnection[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: certificate.cert, key: certificate.key, ALPNProtocols: ["h2"] }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    connections.push(serveFrames(socket, connections.length + 1, onRequest));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${port}`,
    connections,
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function serveFrames(
  socket: TLSSocket,
  number: number,
  onRequest: (connection: FrameConnection, streamId: number) => void,
): FrameConnection {
  const received: Http2Frame[] = [];
  let answersPings = true;
  const send: FrameConnection["send"] = (type, flags, streamId, payload) => {
    if (!socket.destroyed) socket.write(encodeFrame({ type, flags, streamId, payload }));
  };
  const connection: FrameConnection = {
    number,
    received,
    send,
    respond: (streamId, isEnd = false) =>
      send(FRAME_TYPE.headers, END_HEADERS | (isEnd ? END_STREAM : 0), streamId, STATUS_200),
    write(streamId, text, isEnd = false): void {
      const bytes = new TextEncoder().encode(text);
      for (let offset = 0; offset < bytes.length || offset === 0; offset += FRAME_SIZE_BYTES_MAX) {
        const isLast = offset + FRAME_SIZE_BYTES_MAX >= bytes.length;
        const part = bytes.subarray(offset, offset + FRAME_SIZE_BYTES_MAX);
        send(FRAME_TYPE.data, isEnd && isLast ? END_STREAM : 0, streamId, part);
      }
    },
    reset: (streamId, code) => send(FRAME_TYPE.resetStream, 0, streamId, uint32s(code)),
    goaway: (lastStreamId, code) => send(FRAME_TYPE.goaway, 0, 0, uint32s(lastStreamId, code)),
    ignorePings(): void {
      answersPings = false;
    },
    destroy: () => socket.destroy(),
  };
  send(FRAME_TYPE.settings, 0, 0, new Uint8Array(0));
  readFrames(socket, (frame) => {
    received.push(frame);
    const isAck = (frame.flags & ACK) !== 0;
    if (frame.type === FRAME_TYPE.settings && !isAck) send(FRAME_TYPE.settings, ACK, 0, new Uint8Array(0));
    if (frame.type === FRAME_TYPE.ping && !isAck && answersPings) send(FRAME_TYPE.ping, ACK, 0, frame.payload);
    if (frame.type === FRAME_TYPE.headers) onRequest(connection, frame.streamId);
  });
  return connection;
}

function readFrames(socket: TLSSocket, onFrame: (frame: Http2Frame) => void): void {
  let bytes = new Uint8Array(0);
  let prefaceLeft = PREFACE_SIZE_BYTES;
  socket.on("data", (chunk: Uint8Array) => {
    const joined = new Uint8Array(bytes.length + chunk.length);
    joined.set(bytes);
    joined.set(chunk, bytes.length);
    const skipped = Math.min(prefaceLeft, joined.length);
    prefaceLeft -= skipped;
    let offset = skipped;
    for (;;) {
      const frame = decodeFrame(joined.subarray(offset));
      if (frame === undefined) break;
      offset += 9 + frame.payload.length;
      onFrame(frame);
    }
    bytes = joined.slice(offset);
  });
}

function decodeFrame(bytes: Uint8Array): Http2Frame | undefined {
  if (bytes.length < 9) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const sizeBytes = view.getUint32(0) >>> 8;
  if (bytes.length < 9 + sizeBytes) return undefined;
  return {
    type: view.getUint8(3),
    flags: view.getUint8(4),
    streamId: view.getUint32(5) & 0x7fff_ffff,
    payload: bytes.slice(9, 9 + sizeBytes),
  };
}

function encodeFrame(frame: Http2Frame): Uint8Array {
  const bytes = new Uint8Array(9 + frame.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frame.payload.length << 8);
  view.setUint8(3, frame.type);
  view.setUint8(4, frame.flags);
  view.setUint32(5, frame.streamId);
  bytes.set(frame.payload, 9);
  return bytes;
}

function uint32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return bytes;
}
