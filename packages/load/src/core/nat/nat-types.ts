// The words of the simulated NAT and balancer.

/** Where datagrams come from or go to. */
export interface NatAddress {
  readonly address: Uint8Array;
  readonly port: number;
}

/** Equal for equal addresses; the driver makes it, so that nothing is formatted for a datagram. */
export type AddressKey = number | string;

/** Number of an outside port: one socket of the driver. Never used twice. */
export type PortNumber = number;

/** Settings of a {@link NatTable}. */
export interface NatOptions {
  /** How many back ends there are; routes name them by index. */
  readonly backendCount: number;
  /** A client silent for this long gets a new outside port, and so another back end, when it speaks again. */
  readonly natTimeoutMs: number;
  /** An outside port silent for this long gets a back end by chance when it speaks again. */
  readonly balancerTimeoutMs: number;
  /** An outside port that was left still delivers answers for this long. */
  readonly lingerMs: number;
  /** Clients at once; datagrams of more are dropped. */
  readonly flowsMax: number;
  /** Of flows that a schedule moves, 0 to 1. */
  readonly share: number;
  /** All of {@link share} get new outside ports this often; never without. */
  readonly rebindEveryMs: number | undefined;
  /** All of {@link share} get back ends by chance this often; never without. */
  readonly reshuffleEveryMs: number | undefined;
}

/** What part of the datagrams is lost on purpose, 0 to 1. */
export interface NatDrops {
  readonly toBackends: number;
  readonly toClients: number;
}

/** The longest delay, jitter and time held back. */
export const DELAY_MS_MAX = 60_000;
/** The most datagrams that go ahead of one that is held back. */
export const REORDER_BY_MAX = 1000;

/** What happens on the way between clients and the NAT, in each direction. Parts are of the datagrams, 0 to 1. */
export interface PathFaults {
  /** This part comes twice; each copy is then late or held back by itself. */
  readonly duplicate: number;
  /** This part is held back, so that later datagrams of the same client go ahead. */
  readonly reorder: number;
  /** One held back goes after so many others ... */
  readonly reorderBy: number;
  /** ... or after this long, whichever comes first. */
  readonly reorderHoldMs: number;
  /** Each datagram is late by this ... */
  readonly delayMs: number;
  /** ... and by 0 to this more, by chance: one that is luckier than its predecessor comes before it. */
  readonly jitterMs: number;
}

/** What one direction did to datagrams. */
export interface PathCounts {
  /** Datagrams of which a copy was made. */
  duplicated: number;
  delayed: number;
  heldBack: number;
  /** Of those held back: passed on after a later one of the same client. */
  overtaken: number;
  /** Lost, as too many were under way. */
  underWayFull: number;
}

/** Where a client's datagram goes. */
export interface NatRoute {
  readonly port: PortNumber;
  readonly backend: number;
}

/** What the driver has to do: close a port that nobody has any more. Ports open by themselves when a route first names them. */
export interface NatOutput {
  readonly kind: "close";
  readonly port: PortNumber;
}

/** Everything the table counts. */
export interface NatCounts {
  toBackends: number;
  toClients: number;
  droppedToBackends: number;
  droppedToClients: number;
  flowsFull: number;
  noFlow: number;
  flows: number;
  natTimeouts: number;
  balancerTimeouts: number;
  rebinds: number;
  reshuffles: number;
  /** Flows whose back end went out of the rotation. */
  failovers: number;
}
