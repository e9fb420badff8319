// One socket on the caller's thread, on the best implementation this runtime and machine have.
import { unreachable } from "@coracle/base";
import { runtimeName } from "../process.ts";
import { UdpCounters } from "./counters.ts";
import { type BatchSizes, DEFAULT_BATCH_SIZES, type UdpEndpoint, type UdpSocketOptions } from "./endpoint.ts";
import { openPolledEndpoint } from "./native/polled-endpoint.ts";
import { type NativeSupport, probeNative } from "./native/probe.ts";
import type { UdpImplementation, UdpPath } from "./path.ts";
import { openBunEndpoint } from "./portable/bun-endpoint.ts";
import { openDenoEndpoint } from "./portable/deno-endpoint.ts";
import { openNodeEndpoint } from "./portable/node-endpoint.ts";
import type { BatchReceiver, PortableOptions } from "./portable/portable-options.ts";
import { UdpError } from "./udp-error.ts";

/** What to open. */
export interface OpenUdpOptions extends UdpSocketOptions {
  /** Called with each batch; what it sends is flushed soon after it returns. */
  readonly onBatch: BatchReceiver;
  readonly sizes?: Partial<BatchSizes>;
  readonly counters?: UdpCounters;
  /** Default: chosen. Naming one that is not to be had here is an error. */
  readonly implementation?: UdpImplementation;
}

/** An open socket and the way its datagrams take. */
export interface OpenedUdp {
  readonly endpoint: UdpEndpoint;
  readonly path: UdpPath;
}

/**
 * Binds one socket whose datagrams are handled on this thread: for membership, tools and clients. The packet path of a server
 * belongs on packet threads. Throws `UdpError`.
 */
export async function openUdpEndpoint(options: OpenUdpOptions): Promise<OpenedUdp> {
  const native = await probeNative();
  const { implementation, reasons } = choose(options.implementation, native);
  const portable: PortableOptions = {
    socket: options,
    sizes: { ...DEFAULT_BATCH_SIZES, ...options.sizes },
    counters: options.counters ?? new UdpCounters(),
    onBatch: options.onBatch,
  };
  const endpoint = await open(implementation, native, portable);
  return { endpoint, path: { implementation, threads: 0, isSteered: false, reasons } };
}

/** The runtime's own sockets, whatever else there is. */
export function ownImplementation(): "bun" | "deno" | "node" {
  return runtimeName();
}

function choose(
  wanted: UdpImplementation | undefined,
  native: NativeSupport,
): { implementation: UdpImplementation; reasons: readonly string[] } {
  if (wanted !== undefined) return { implementation: wanted, reasons: ["asked for"] };
  const own = ownImplementation();
  if (own === "bun" && native.kind === "single")
    return { implementation: "native-single", reasons: [native.reason, "Bun's sockets need it"] };
  const isDenoWithout = own === "deno" && !("listenDatagram" in (Reflect.get(globalThis, "Deno") as object));
  if (isDenoWithout && native.kind !== "none")
    return {
      implementation: native.kind === "batches" ? "native" : "native-single",
      reasons: ["Deno runs without --unstable-net"],
    };
  return { implementation: own, reasons: [] };
}

async function open(
  implementation: UdpImplementation,
  native: NativeSupport,
  options: PortableOptions,
): Promise<UdpEndpoint> {
  switch (implementation) {
    case "native":
    case "native-single":
      if (native.kind === "none") throw new UdpError("UNSUPPORTED", `Cannot open a native socket: ${native.reason}`);
      return openPolledEndpoint(native.libc, implementation === "native" && native.kind === "batches", options);
    case "bun":
    case "deno":
      if (implementation !== runtimeName())
        throw new UdpError("UNSUPPORTED", `Cannot open a socket of ${implementation}: this is ${runtimeName()}`);
      if (implementation === "deno") return openDenoEndpoint(options);
      return await openBunEndpoint(options, native.kind === "none" ? undefined : native.libc);
    case "node":
      if (runtimeName() === "deno")
        throw new UdpError("UNSUPPORTED", "Cannot open a socket of node:dgram: on Deno it loses nearly all datagrams");
      return await openNodeEndpoint(options);
    default:
      return unreachable(implementation);
  }
}
