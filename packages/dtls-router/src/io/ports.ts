// How the router opens UDP ports: the runtime's fastest way for the two ports of a node, a small one for a device's.
import type { UdpBatch, UdpEndpoint } from "@coracle/runtime";

/** Opens a port; batches go to `onBatch`. */
export type OpenPort = (
  address: { readonly host: string; readonly port: number },
  onBatch: (batch: UdpBatch) => void,
) => Promise<UdpEndpoint>;
