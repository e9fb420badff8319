// The main thread's side of packet threads: choosing the path, starting one after the other, falling back.
import { cpuCount } from "../../process.ts";
import type { UdpAddress } from "../address.ts";
import { COUNTERS_SIZE_BYTES } from "../counters.ts";
import { type BatchSizes, DEFAULT_BATCH_SIZES, type ReceivedDatagram, type UdpSocketOptions } from "../endpoint.ts";
import { probeNative } from "../native/probe.ts";
import { ownImplementation } from "../open-endpoint.ts";
import type { UdpImplementation, UdpPath } from "../path.ts";
import { UdpError } from "../udp-error.ts";
import { PacketThread, type ThreadListener } from "./packet-thread.ts";
import { PacketThreads } from "./packet-threads.ts";
import { ControlWord, type ThreadPlan } from "./thread-plan.ts";
import { ThreadRing } from "./thread-ring.ts";

const RING_SIZE_BYTES = 1 << 20;
const TICK_MS = 100;
/** Between each two threads there is a ring each way: more threads would be too many rings. */
const THREADS_MAX = 64;
/** What a thread hands over to another while that one is busy with a batch; larger datagrams than a ring's half do not fit. */
const PEER_RING_SIZE_BYTES = 1 << 16;

/** How to open packet threads. */
export interface PacketThreadsOptions {
  /**
   * The module that calls `servePacketThread`: `new URL("./packet-worker.ts", import.meta.url)`. In a compiled binary it is an
   * entry point of its own beside the main one, and the URL is to be made in a module whose path to it stays true after
   * bundling: the main module, with the worker in the same folder.
   */
  readonly worker: URL;
  /** Bound by every thread, in this order. */
  readonly sockets: readonly UdpSocketOptions[];
  /** Default: one per core where threads can share a port, else one. */
  readonly threads?: number;
  /** Given to each handler; must be possible to clone. */
  readonly data?: unknown;
  readonly sizes?: Partial<BatchSizes>;
  /** The longest time between two ticks of a handler. Default 100 ms. */
  readonly tickMs?: number;
  /** Size of each of a thread's two rings of messages, a power of two. Default 1 MiB. */
  readonly ringSizeBytes?: number;
  /** A message that a handler posted. */
  readonly onMessage?: (kind: number, bytes: Uint8Array, thread: number) => void;
  /** A datagram that a handler passed up. It is the receiver's own, with 32 writable bytes in front. */
  readonly onDatagram?: (datagram: ReceivedDatagram, socket: number, thread: number) => void;
  /** A thread broke; it no longer serves. */
  readonly onFailure?: (error: UdpError, thread: number) => void;
  /** Default: chosen. */
  readonly implementation?: UdpImplementation;
  /** Rather no threads than threads on the runtime's own sockets: UNSUPPORTED is thrown then. */
  readonly nativeOnly?: boolean;
}

/** Starts the threads; resolves when all are bound and serve. Throws `UdpError`, with no thread left. */
export async function openPacketThreads(options: PacketThreadsOptions): Promise<PacketThreads> {
  if (!("Worker" in globalThis))
    throw new UdpError("UNSUPPORTED", "Cannot start packet threads: this runtime has no Worker");
  const first = await choosePath(options);
  if (options.nativeOnly === true && !first.implementation.startsWith("native"))
    throw new UdpError("UNSUPPORTED", `Cannot start packet threads on native sockets: ${first.reasons.join("; ")}`);
  const threads: PacketThread[] = [];
  try {
    let sockets = options.sockets;
    let path = first;
    let locals: readonly UdpAddress[] = [];
    const peers = peerRings(path.threads);
    // The kernel counts sockets in the order of bind, and the octet that steers is that number: one after the other.
    for (let number = 0; number < path.threads; number++) {
      const plan = planOf(options, { path, sockets, peers }, number);
      const thread = new PacketThread(plan, options.worker, listenerOf(options));
      threads.push(thread);
      const ready = await thread.start();
      path = ready.path;
      locals = ready.locals;
      sockets = sockets.map((socket, index) => ({ ...socket, port: locals[index]?.port ?? socket.port }));
    }
    return new PacketThreads(threads, path, locals);
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.close()));
    throw error;
  }
}

async function choosePath({ implementation, threads, sockets }: PacketThreadsOptions): Promise<UdpPath> {
  const own = ownImplementation();
  const native = await probeNative();
  const steered = sockets.some((socket) => socket.steering !== undefined);
  const wanted = Math.min(Math.max(1, threads ?? cpuCount()), THREADS_MAX);
  const reasons = implementation === undefined ? [] : ["asked for"];
  if (implementation !== undefined && implementation !== "native" && implementation !== "native-single")
    return { implementation, threads: 1, isSteered: false, reasons };
  if (native.kind === "none")
    return { implementation: own, threads: 1, isSteered: false, reasons: [...reasons, native.reason] };
  const isSingle = native.kind === "single" || implementation === "native-single";
  return {
    implementation: isSingle ? "native-single" : "native",
    threads: wanted,
    isSteered: steered && wanted > 1,
    reasons: native.kind === "single" ? [...reasons, native.reason] : reasons,
  };
}

/** The rings of all pairs, by writer, then by reader. Memory that is never written to is not resident. */
interface AllPeers {
  readonly rings: readonly (readonly SharedArrayBuffer[])[];
  readonly wakeFds: SharedArrayBuffer;
}

function peerRings(threads: number): AllPeers {
  const ring = (isOwn: boolean): SharedArrayBuffer => ThreadRing.allocate(isOwn ? 64 : PEER_RING_SIZE_BYTES);
  const numbers = Array.from({ length: threads }, (_, number) => number);
  return {
    rings: numbers.map((writer) => numbers.map((reader) => ring(writer === reader))),
    wakeFds: new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT),
  };
}

function planOf(
  options: PacketThreadsOptions,
  { path, sockets, peers }: { path: UdpPath; sockets: readonly UdpSocketOptions[]; peers: AllPeers },
  number: number,
): ThreadPlan {
  const ringSizeBytes = options.ringSizeBytes ?? RING_SIZE_BYTES;
  return {
    kind: "coracle-packet-thread",
    thread: number,
    sockets,
    sizes: { ...DEFAULT_BATCH_SIZES, ...options.sizes },
    tickMs: options.tickMs ?? TICK_MS,
    data: options.data,
    path,
    toMain: ThreadRing.allocate(ringSizeBytes),
    fromMain: ThreadRing.allocate(ringSizeBytes),
    counters: new SharedArrayBuffer((sockets.length + 1) * COUNTERS_SIZE_BYTES),
    control: new SharedArrayBuffer(ControlWord.count * Int32Array.BYTES_PER_ELEMENT),
    peers: {
      inboxes: peers.rings.flatMap((outboxes) => outboxes[number] ?? []),
      outboxes: peers.rings[number] ?? [],
      wakeFds: peers.wakeFds,
    },
  };
}

function listenerOf(options: PacketThreadsOptions): ThreadListener {
  const nothing = (): void => undefined;
  return {
    onMessage: options.onMessage ?? nothing,
    onDatagram: options.onDatagram ?? nothing,
    onFailure: options.onFailure ?? nothing,
  };
}
