// Counters of what was dropped, by cause, and of what happened. Nothing unauthentic is ever answered, only counted.

/** Everything counted. */
const NAMES = [
  "datagramsReceived",
  "recordsOpened",
  "recordsPlain",
  "recordsHeldBack",
  "helloVerifyRequestsSent",
  "handshakesStarted",
  "handshakesCompleted",
  "handshakesResumed",
  "resumptionsRefused",
  "handshakesFailed",
  "flightsRepeated",
  "alertsSent",
  "alertsReceived",
  "addressUpdates",
  "pathChecksStarted",
  "pathChecksFailed",
  "renegotiationsRefused",
  "sessionsEvicted",
  "dropMalformed",
  "dropTooManyRecords",
  "dropBadEpoch",
  "dropUnknownCid",
  "dropUnknownPeer",
  "dropMissingCid",
  "dropReplayed",
  "dropBadMac",
  "dropBadRecord",
  "dropBadHello",
  "dropFragmentedHello",
  "dropBadCookie",
  "dropRepeatedHello",
  "dropRepeatedFlight",
  "dropHandshakesFull",
  "dropHandshakeBudget",
  "dropSessionsFull",
  "dropNotAccepting",
  "dropFragment",
  "dropEarly",
  "dropUnexpected",
] as const;

/** Name of one counter. */
export type CounterName = (typeof NAMES)[number];

/** One number for each name. */
export type Counters = Record<CounterName, number>;

/** All zero. */
export function makeCounters(): Counters {
  return Object.fromEntries(NAMES.map((name) => [name, 0])) as Counters;
}

/** The counter for a record that could not be opened. */
export const REFUSAL_COUNTER: Readonly<Record<"bad-record" | "cid-missing" | "replayed" | "bad-mac", CounterName>> = {
  "bad-record": "dropBadRecord",
  "cid-missing": "dropMissingCid",
  replayed: "dropReplayed",
  "bad-mac": "dropBadMac",
};
