// The workers of a node as the main thread sees them, however many there are and wherever they run.
import type { ClusterMacKeys, Endpoint, NodeId } from "@coracle/cluster";
import type { UdpEndpoint, UdpPath } from "@coracle/runtime";
import type { ToldFailure } from "../core/handshake-failures.ts";
import type { CidStage, SessionCounts, WorkerCounts } from "../core/worker-messages.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { WorkerMail } from "./worker-mail.ts";

/** A change of the members. */
export type MemberChange =
  | {
      readonly kind: "member-set";
      readonly nodeId: NodeId;
      readonly endpoint: Endpoint;
      readonly keys: ClusterMacKeys | undefined;
    }
  | { readonly kind: "member-removed"; readonly nodeId: NodeId };

/** What the workers tell without being asked. */
export interface SessionListener {
  /** A datagram of the management plane. `bytes` is the listener's own. */
  onManagement(from: Endpoint, bytes: Uint8Array): void;
  onStranger(from: Endpoint): void;
  onWarning(message: string, reason: string): void;
  onHandshakeFailed(failure: ToldFailure): void;
  /** A worker has ended by itself; its sessions are lost. */
  onFailure(error: Error): void;
}

/** Datagrams that did not fit between threads. */
export interface RingDrops {
  readonly toMain: number;
  readonly toThreads: number;
  readonly between: number;
}

/** Running workers. */
export interface SessionService {
  readonly workers: number;
  readonly path: UdpPath;
  /** The two ports: where they are bound, what passed; management is sent from the cluster port. */
  readonly public: UdpEndpoint;
  readonly cluster: UdpEndpoint | undefined;
  /** What passed the devices' ports towards a UDP upstream, all together; absent where there are none or nobody counts. */
  readonly upstreamPorts: Pick<UdpEndpoint, "stats"> | undefined;
  setMember(change: MemberChange): void;
  /** Gives a letter to every worker. */
  mail(letter: WorkerMail): void;
  /** Resolves when every worker has answered; rejects if one takes too long. */
  alive(): Promise<void>;
  counts(): Promise<WorkerCounts>;
  sessions(): Promise<SessionCounts>;
  stage(cid: string, worker: number): Promise<CidStage>;
  /** No hellos are served any more, and all sessions end; resolves with how many devices were told, or when aborted. */
  farewell(tellDevices: boolean, signal: AbortSignal): Promise<number>;
  ringDrops(): RingDrops;
  close(): Promise<void>;
}

/** What starting workers takes. */
export interface SessionStart {
  readonly settings: SessionSettings;
  readonly sockets: {
    readonly listen: { readonly host: string; readonly port: number };
    readonly cluster: { readonly host: string; readonly port: number } | undefined;
  };
  readonly listener: SessionListener;
}
