// What one client counts.

/** Counters since the client was made. */
export interface Counters {
  connectionsOpened: number;
  requestsStarted: number;
  requestsReplayed: number;
  bodyBytesReceived: number;
  pingsSent: number;
  pingsLost: number;
  goawaysReceived: number;
}

/** All zero. */
export function newCounters(): Counters {
  return {
    connectionsOpened: 0,
    requestsStarted: 0,
    requestsReplayed: 0,
    bodyBytesReceived: 0,
    pingsSent: 0,
    pingsLost: 0,
    goawaysReceived: 0,
  };
}
