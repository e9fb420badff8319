// What stands behind the router: it is handed plaintext by session and answers by session.
import type { Millis } from "@coracle/base";
import type { Endpoint } from "@coracle/cluster";
import type { PeerIdentity, SessionId } from "@coracle/dtls";

/** A session as it is at the moment; made when it is asked for, since very many are idle. */
export interface DeviceSession {
  /** Where the client is, or was when its newest record came. */
  readonly client: Endpoint;
  /** The node through which the newest record came, if not directly. */
  readonly router: Endpoint | undefined;
  readonly identity: PeerIdentity;
  /** Name of the cipher suite. */
  readonly suite: string;
  /** What the client sends; empty if none. */
  readonly ownCid: Uint8Array;
  /** What this node sends; empty if none. */
  readonly peerCid: Uint8Array;
  readonly usesExtendedMasterSecret: boolean;
}

/** Looks at a session; `undefined` if it has ended. */
export type DescribeSession = (session: SessionId) => DeviceSession | undefined;

/** Numbers for `/metrics` and `/sessions`: counts by name, each name a label value. */
export type ApplicationCounts = Readonly<Record<string, number>>;

/** A server behind the router. */
export interface Application {
  readonly name: string;
  /** Plaintext of one record; the bytes are the application's to keep. */
  receive(session: SessionId, bytes: Uint8Array): void;
  /** The session has ended: nothing sent for it will arrive. */
  ended(session: SessionId): void;
  counts(): ApplicationCounts;
  /** Numbers that go up and down. */
  levels(): ApplicationCounts;
  /** Time passes; called every few milliseconds to some ten. */
  tick(now: Millis): void;
  close(): void;
}

/** Sends application data to the session's client; refusals are counted by the edge. */
export type Reply = (session: SessionId, bytes: Uint8Array) => void;
