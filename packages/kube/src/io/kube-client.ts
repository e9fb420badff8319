// The client's interface: the verbs of the API on any resource, typed by the caller.
import type { Clock, Random } from "@coracle/base";
import type { HttpClientOptions, HttpClientStats, HttpResponse, Timer } from "@coracle/runtime";
import type {
  GroupVersionResource,
  JsonValue,
  KubeList,
  KubeObject,
  KubeStatus,
  ListOptions,
  ResourceTarget,
  WriteOptions,
} from "../mod.ts";
import type { KubeClientConfig } from "./client-config.ts";
import type { ApiResource } from "./discovery.ts";
import type { ObjectForm, PatchType } from "./media-type.ts";
import type { KubeMetricsHook } from "./metrics-hook.ts";
import type { RetryPolicy } from "./retry.ts";
import type { KubeTable } from "./table.ts";
import type { KubeRequest, KubeTransport } from "./transport.ts";

/** One object: its name and, unless it is cluster-scoped, its namespace. */
export type ObjectTarget = ResourceTarget & { readonly name: string };

/** A collection: of one namespace, or of all when `namespace` is absent. */
export type CollectionTarget = Pick<ResourceTarget, "namespace">;

/** What every call takes. */
export interface CallOptions {
  /** Aborting ends the call, waits between retries included. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the answer that are read at most; more fails with HttpClientError BODY_TOO_LARGE. */
  readonly sizeBytesMax?: number | undefined;
}

/** Options of reads. */
export interface ReadOptions extends CallOptions {
  /** "metadata" answers with `apiVersion`, `kind` and `metadata` alone. Default "object". */
  readonly form?: Exclude<ObjectForm, "table"> | undefined;
  /** Ask for answers without managedFields. Default false for get, true for list. */
  readonly dropManagedFields?: boolean | undefined;
}

/** Options of a patch. Apply needs `fieldManager`. */
export interface PatchOptions extends CallOptions, WriteOptions {
  readonly type: PatchType;
}

/** What happens to dependents of a deleted object (garbage collection policies). */
export type PropagationPolicy = "Orphan" | "Background" | "Foreground";

/** Options of deletes (meta/v1 DeleteOptions). */
export interface DeleteOptions extends CallOptions {
  readonly propagationPolicy?: PropagationPolicy | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
  readonly dryRun?: "All" | undefined;
}

/** A delete answers with the object that is now going, or with a Status when it is gone. */
export type DeleteAnswer = KubeObject | KubeStatus;

/** A client of one API server. Every call throws StatusError for an answer that says no and HttpClientError for none. */
export interface KubeClient {
  /** Namespace of the kubeconfig's context, or of the pod. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: KubeMetricsHook | undefined;
  readonly startTimer: StartTimer;
  /** The connections, for watches: sends once, without retries. */
  readonly transport: KubeTransport;

  get<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    target: ObjectTarget,
    options?: ReadOptions & Pick<ListOptions, "resourceVersion">,
  ): Promise<T>;
  /** One page when `limit` is set, everything otherwise. `items` is never null. */
  list<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    target?: CollectionTarget,
    options?: ReadOptions & ListOptions,
  ): Promise<KubeList<T> & { readonly items: readonly T[] }>;
  /** The server's own columns, of one object or of a collection. */
  table(
    resource: GroupVersionResource,
    target?: ResourceTarget,
    options?: CallOptions & ListOptions,
  ): Promise<KubeTable>;
  /** Creates an object, or posts to a subresource when `target` names one. */
  create<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    object: KubeObject,
    options?: CallOptions & WriteOptions & { readonly target?: ResourceTarget },
  ): Promise<T>;
  /** Replaces an object; its name and namespace are those in its metadata. */
  update<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    object: KubeObject,
    options?: CallOptions & WriteOptions & Pick<ResourceTarget, "subresource">,
  ): Promise<T>;
  patch<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    target: ObjectTarget,
    patch: JsonValue | KubeObject,
    options: PatchOptions,
  ): Promise<T>;
  delete(resource: GroupVersionResource, target: ObjectTarget, options?: DeleteOptions): Promise<DeleteAnswer>;
  /** Deletes what the selectors match in one request. */
  deleteCollection(
    resource: GroupVersionResource,
    target: CollectionTarget,
    options?: DeleteOptions & Pick<ListOptions, "labelSelector" | "fieldSelector" | "limit" | "resourceVersion">,
  ): Promise<KubeObject | KubeStatus>;
  /** Any request with credentials and retries; the answer's status is below 300 and its body unread. */
  raw(request: KubeRequest): Promise<HttpResponse>;

  /** Every resource the server serves; cached, `refresh` asks again. */
  resources(options?: { readonly refresh?: boolean; readonly signal?: AbortSignal }): Promise<readonly ApiResource[]>;
  /**
   * The resource a person means by a plural, singular, short name or kind, with or without `.group` or `.version.group`, as
   * kubectl reads it; `undefined` when nothing fits.
   */
  resolve(name: string, options?: { readonly signal?: AbortSignal }): Promise<ApiResource | undefined>;

  /** Counters of the connections. */
  stats(): HttpClientStats;
  /** Resolves when changes of credential files from now on are seen. */
  ready(): Promise<void>;
  /** Ends every request and stops watching files. */
  close(): void;
}

/** Calls `fire` once after a while on the client's clock. */
export type StartTimer = (delayMs: number, fire: () => void) => Timer;

/** How a client behaves. Every member has a default. */
export interface KubeClientOptions {
  readonly clock?: Clock | undefined;
  /** The timers of `clock`; to be given together with a clock that does not run at the system's pace. */
  readonly startTimer?: StartTimer | undefined;
  readonly random?: Random | undefined;
  /** Default "coracle". */
  readonly userAgent?: string | undefined;
  readonly metrics?: KubeMetricsHook | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Longest wait for the headers of an answer; the server's own limit is 60 s. Default 70 000. */
  readonly headersTimeoutMs?: number | undefined;
  /** How often credential files are compared without an event of the file system. Default 60 000. */
  readonly tlsPollMs?: number | undefined;
  /** Time limit of credential plugins. Default 60 000. */
  readonly execTimeoutMs?: number | undefined;
  /** Connection settings: PING intervals, streams per connection, HTTP/2 off. */
  readonly http?: Omit<HttpClientOptions, "tls" | "proxyUrl" | "noProxy"> | undefined;
}

export type { KubeClientConfig };
