// One ping from inside a network namespace: an echo request on a raw socket, and the wait for its reply.
import { assert, parseIp } from "@coracle/base";
import { openRawSocket, RawSocketError, sleep, systemClock, systemRandom } from "@coracle/runtime";
import { decodeEchoReply, encodeEchoRequest } from "../echo.ts";

/** How a ping ended. */
export type PingResult =
  | { readonly kind: "reply"; readonly rttMs: number }
  | { readonly kind: "lost"; readonly waitedMs: number }
  /** The guest itself could not send: `code` is errno's name, such as `ENETUNREACH`. */
  | { readonly kind: "refused"; readonly code: string };

/** How to ping. */
export interface PingOptions {
  /** How long to wait for the reply. Default 1000. */
  readonly timeoutMs?: number | undefined;
  /** Bytes behind the ICMP header, at most 65 000. Default 56: a packet of 84 bytes. */
  readonly payloadSizeBytes?: number | undefined;
  /**
   * How long this thread may stand still for the reply, which gives a precise round-trip time. Default 3, at most 10; 0 for a ping
   * that is not expected to be answered. After it the socket is looked at every 5 ms.
   */
  readonly blockMs?: number | undefined;
}

const TIMEOUT_MS = 1000;
const PAYLOAD_SIZE_BYTES = 56;
/** A reply across two hosts takes well under a millisecond. */
const BLOCK_MS = 3;
const LOOK_EVERY_MS = 5;
const UINT16 = 0x1_0000;
let series = 0;

/** Sends one echo request to `address` from the namespace and waits for its reply. */
export async function ping(namespace: string, address: string, options: PingOptions = {}): Promise<PingResult> {
  const parsed = parseIp(address);
  assert(parsed.ok && parsed.value.family === 4, `Cannot ping "${address}": it is no IPv4 address`);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  series = (series + 1) % UINT16;
  const echo = { identifier: Math.floor(systemRandom.next() * UINT16), sequence: series };
  const request = encodeEchoRequest(echo, options.payloadSizeBytes ?? PAYLOAD_SIZE_BYTES);
  const socket = await openSocket(namespace, parsed.value.bytes);
  if (typeof socket === "string") return { kind: "refused", code: socket };
  try {
    const started = systemClock.now();
    socket.send(request);
    for (let waitMs = options.blockMs ?? BLOCK_MS; ; waitMs = 0) {
      for (let packet = socket.receive(waitMs); packet !== undefined; packet = socket.receive()) {
        const reply = decodeEchoReply(packet);
        const isOurs = reply?.identifier === echo.identifier && reply.sequence === echo.sequence;
        if (isOurs) return { kind: "reply", rttMs: systemClock.now() - started };
      }
      const waitedMs = systemClock.now() - started;
      if (waitedMs >= timeoutMs) return { kind: "lost", waitedMs };
      await sleep(LOOK_EVERY_MS);
    }
  } catch (thrown) {
    if (thrown instanceof RawSocketError) return { kind: "refused", code: thrown.code };
    throw thrown;
  } finally {
    socket.close();
  }
}

/** The socket, or why the peer cannot be reached at all: connect(2) looks for a route. */
async function openSocket(
  namespace: string,
  peer: Uint8Array,
): Promise<Awaited<ReturnType<typeof openRawSocket>> | string> {
  try {
    return await openRawSocket({ kind: "icmp", namespace, peer });
  } catch (thrown) {
    if (thrown instanceof RawSocketError && (thrown.code === "ENETUNREACH" || thrown.code === "ENETDOWN"))
      return thrown.code;
    throw thrown;
  }
}
