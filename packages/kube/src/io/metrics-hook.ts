// What a client tells its owner about itself; the owner turns it into metrics. Every member is optional, none may throw.
import type { GapCause, ReconnectCause } from "../mod.ts";

/** One attempt of one request. */
export interface RequestSample {
  readonly method: string;
  /** The path with names replaced, "/api/v1/namespaces/-/pods/-"; of raw requests the path as it is. */
  readonly route: string;
  /** HTTP status, or 0 when there was no answer. */
  readonly status: number;
  /** Code of the failure when there was no answer. */
  readonly failure?: string;
  readonly durationMs: number;
}

/** A request that will be sent again. */
export interface RetrySample {
  readonly method: string;
  readonly route: string;
  readonly cause: "throttled" | "unavailable" | "network";
  readonly waitMs: number;
  /** `X-Kubernetes-PF-FlowSchema-UID`: which rule of priority and fairness throttled it. */
  readonly flowSchemaUid?: string;
  /** `X-Kubernetes-PF-PriorityLevel-UID`. */
  readonly priorityLevelUid?: string;
}

/** What happened in one followed collection; `resource` is its URL path. */
export type FollowSample =
  /** A watch is opened again; `cause` is why the one before ended. */
  | { readonly kind: "reconnect"; readonly resource: string; readonly cause: ReconnectCause }
  /** Continuity broke. */
  | { readonly kind: "gap"; readonly resource: string; readonly cause: GapCause }
  /** One chunk of a body, decompressed: the parser's answers in it, and the time they took it and the consumer. */
  | {
      readonly kind: "chunk";
      readonly resource: string;
      readonly sizeBytes: number;
      readonly events: number;
      readonly decodeMs: number;
      /** How long the consumer held the stream: the socket was not read meanwhile. */
      readonly consumerMs: number;
    }
  /** Where the consumer stands, and the newest version read from the wire. `lag` is their distance, where versions have an order. */
  | {
      readonly kind: "progress";
      readonly resource: string;
      readonly deliveredResourceVersion: string;
      readonly receivedResourceVersion: string;
      readonly lag?: bigint;
    }
  /** The cursor could not be loaded or saved. */
  | { readonly kind: "cursor-failed"; readonly resource: string; readonly message: string };

/** Where samples go. */
export interface KubeMetricsHook {
  request?(sample: RequestSample): void;
  retry?(sample: RetrySample): void;
  follow?(sample: FollowSample): void;
  /** A `Warning` header of the server (RFC 9111 §5.5), such as the use of a deprecated version. */
  warning?(text: string): void;
  /** A token, CA or certificate file that changed and cannot be used; the old one stays. */
  credentialProblem?(message: string): void;
}
