// What a client tells its owner about itself; the owner turns it into metrics. Every member is optional, none may throw.

/** One attempt of one request. */
export interface RequestSample {
  readonly method: string;
  /** The path without names: "/api/v1/namespaces/{namespace}/pods/{name}" when known, else the path. */
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

/** What happened in one followed resource. */
export type FollowSample =
  /** A list or watch request goes out again; `cause` is why the one before ended. */
  | { readonly kind: "reconnect"; readonly resource: string; readonly cause: string }
  /** Bytes of bodies after decompression, the events in them and the time to decode them. */
  | {
      readonly kind: "decoded";
      readonly resource: string;
      readonly sizeBytes: number;
      readonly events: number;
      readonly decodeMs: number;
    }
  /** Continuity broke. */
  | { readonly kind: "gap"; readonly resource: string; readonly cause: string }
  /** How far the consumer is behind the newest version read from the wire; 0 when versions are not comparable. */
  | { readonly kind: "lag"; readonly resource: string; readonly resourceVersions: bigint };

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
