// What stands behind the router: it is handed plaintext by session and answers by session.
import type { Endpoint } from "@coracle/cluster";
import type { SessionId, SessionSummary } from "@coracle/dtls";

/** A session as the application knows it. */
export interface DeviceSession {
  readonly id: SessionId;
  /** Where the client is, or was when its newest record came. */
  client: Endpoint;
  /** The node through which the newest record came, if not directly. */
  router: Endpoint | undefined;
  readonly summary: SessionSummary;
}

/** Numbers for `/metrics` and `/sessions`: counts by name, each name a label value. */
export type ApplicationCounts = Readonly<Record<string, number>>;

/** A server behind the router. */
export interface Application {
  readonly name: string;
  /** Plaintext of one record; the bytes are the application's to keep. */
  receive(session: DeviceSession, bytes: Uint8Array): void;
  /** The session has ended: nothing sent for it will arrive. */
  ended(session: DeviceSession): void;
  counts(): ApplicationCounts;
  /** Numbers that go up and down. */
  levels(): ApplicationCounts;
  close(): void;
}

/** Sends application data to the session's client; false if the session is gone. */
export type Reply = (session: SessionId, bytes: Uint8Array) => void;
