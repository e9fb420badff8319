// What the management plane needs of DTLS: sessions with other nodes over the cluster socket, behind an interface.
import type { Millis } from "@coracle/base";
import type { ClusterMacKeys } from "./cluster-mac.ts";
import { compareEndpoints, type Endpoint } from "./endpoint.ts";

/** What this node does when a peer starts a handshake while its own with that peer is under way. */
export type GlareRule =
  /** Ignore the peer's ClientHello and go on. */
  | "keep-own"
  /** Give the own attempt up and answer. */
  | "yield";

/** What a channel tells. */
export type ChannelOutput =
  /** Send this datagram from the cluster socket. */
  | { readonly kind: "transmit"; readonly to: Endpoint; readonly bytes: Uint8Array }
  /** A session exists, also after a second handshake with the same peer; `keys` if cluster MAC keys were derived. */
  | { readonly kind: "established"; readonly peer: Endpoint; readonly keys: ClusterMacKeys | undefined }
  /** Application data of a session, authenticated. */
  | { readonly kind: "message"; readonly peer: Endpoint; readonly bytes: Uint8Array }
  /** A session or an attempt has ended. */
  | { readonly kind: "closed"; readonly peer: Endpoint };

/**
 * The management sessions of a node, all on one socket, told apart by the peer's address. Both roles; PSK with the cluster's
 * one identity and secret. In mode mgmt-dtls-mac the key block is longer by two cluster MAC keys, client's then server's,
 * each as long as the cipher's encryption key; a node signs with the key of its own role. Retransmission: 500 ms, three
 * times, no backoff. A new session with an address replaces the old one when its handshake is finished, not at its ClientHello
 * (RFC 6347 §4.2.8): a late duplicate must not end a session.
 */
export interface ProtectedChannel {
  /** True while half of the handshakes that peers may have begun at once are under way. */
  readonly isCrowded: boolean;
  /** The state of the session with an address. */
  status(peer: Endpoint): "none" | "handshaking" | "established";
  /** Starts a handshake as client. Does nothing unless the status is `none`. */
  connect(peer: Endpoint, onGlare: GlareRule, now: Millis): void;
  /** Sends application data in an established session; false if there is none. */
  send(peer: Endpoint, bytes: Uint8Array, now: Millis): boolean;
  /** A datagram that starts with a DTLS record. `bytes` is copied if kept. */
  receive(from: Endpoint, bytes: Uint8Array, now: Millis): void;
  /** Ends a session or attempt without telling the peer; it is gone or has moved. */
  close(peer: Endpoint): void;
  /** Time has passed. */
  timeout(now: Millis): void;
  poll(): ChannelOutput | undefined;
  nextTimeout(): Millis | undefined;
}

/**
 * Both nodes of a pair come to opposite answers: the one with the lower endpoint keeps its attempt and starts without waiting.
 * With an own address of the peer's family missing, a node yields: better two late starts than none.
 */
export function glareRule(selfAddresses: readonly Endpoint[], peer: Endpoint): GlareRule {
  const own = selfAddresses.find((self) => self.address.length === peer.address.length);
  return own !== undefined && compareEndpoints(own, peer) < 0 ? "keep-own" : "yield";
}
