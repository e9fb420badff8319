// The latencies a run measures, with their metric names and buckets (KOS's test driver; the last five are our own).

/** One latency. */
export interface LatencyDefinition {
  readonly metric: string;
  readonly help: string;
  readonly buckets: readonly number[];
  /** Which clock both ends are read from: ours, or the API server's. */
  readonly clock: "client" | "server";
}

const CREATE = [-1, 0, 0.0625, 0.125, 0.25, 0.5, 1, 1.5, 2, 3, 4, 8, 16, 32];
const DELETE = [-1, 0, 0.125, 0.25, 0.5, 1, 1.5, 2, 3, 4, 8, 16, 32];
const ADDRESSED = [-1, 0, 0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
const READY = [-1, 0, 0.125, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512];
const BROKEN = [-1, 0, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const TESTED = [-1, 0, 0.125, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 16, 24, 32, 48, 64, 128, 256];
/** KOS's buckets begin at 62 ms or more; a stage here takes a few milliseconds. */
const FINE = [0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

function client(name: string, help: string, buckets: readonly number[]): LatencyDefinition {
  return { metric: `coracle_driver_attachment_${name}_latency_seconds`, help, buckets, clock: "client" };
}

function server(name: string, help: string): LatencyDefinition {
  return { metric: `coracle_driver_attachment_${name}_latency_seconds`, help, buckets: FINE, clock: "server" };
}

/** The latencies. */
export type LatencyName =
  | "create"
  | "delete"
  | "createToAddressed"
  | "createToAddressedEasy"
  | "createToReady"
  | "createToReadyEasy"
  | "createToHalfTested"
  | "createToTested"
  | "createToBroken"
  | "readyToHalfTested"
  | "readyToTested"
  | "deleteToGone"
  | "serverCreateToAddressed"
  | "serverAddressedToReady"
  | "serverCreateToReady"
  | "serverReadyToTested";

/** Every latency by its key. */
export const LATENCIES: Readonly<Record<LatencyName, LatencyDefinition>> = {
  create: client("create", "Round trip of a create call.", CREATE),
  delete: client("delete", "Round trip of a delete call.", DELETE),
  createToAddressed: client("create_to_addressed", "Create call to the notification of its address.", ADDRESSED),
  createToAddressedEasy: client("create_to_addressed_easy", "The same, without address contention.", ADDRESSED),
  createToReady: client("create_to_ready", "Create call to the notification of its interface.", READY),
  createToReadyEasy: client("create_to_ready_easy", "The same, without address contention.", READY),
  createToHalfTested: client("create_to_half_tested", "Create call to the report of a test without a peer.", READY),
  createToTested: client("create_to_tested", "Create call to the report of a ping test.", READY),
  createToBroken: client("create_to_broken", "Create call to the notification of an error.", BROKEN),
  readyToHalfTested: client("ready_to_half_tested", "Interface to the report of a test without a peer.", TESTED),
  readyToTested: client("ready_to_tested", "Interface to the report of a ping test.", TESTED),
  deleteToGone: client("delete_to_gone", "Delete call to the notification that it is gone.", FINE),
  serverCreateToAddressed: server("server_create_to_addressed", "Server's times of the creation and of the address."),
  serverAddressedToReady: server("server_addressed_to_ready", "Server's times of the address and of the interface."),
  serverCreateToReady: server("server_create_to_ready", "Server's times of the creation and of the interface."),
  serverReadyToTested: server("server_ready_to_tested", "Server's times of the interface and of the test report."),
};

/** Every key, in the order of tables. */
export const LATENCY_NAMES: readonly LatencyName[] = Object.keys(LATENCIES) as LatencyName[];
