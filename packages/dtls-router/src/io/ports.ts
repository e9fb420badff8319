// How the router opens UDP ports towards the upstream: on whichever thread it runs.
import type { UdpAddress, UdpBatch } from "@coracle/runtime";

/** A device's port towards the upstream. */
export interface DevicePort {
  /** False if it was dropped; counted at the port. */
  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean;
  close(): void;
}

/** A port to be opened. */
export interface DevicePortRequest {
  readonly host: string;
  readonly onBatch: (batch: UdpBatch) => void;
  /** Hears the port, or why there is none; perhaps before {@link OpenDevicePort} returns. */
  readonly opened: (result: DevicePort | Error) => void;
}

/** Opens a port at any free number. */
export type OpenDevicePort = (request: DevicePortRequest) => void;
