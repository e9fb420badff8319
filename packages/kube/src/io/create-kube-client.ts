// The client itself: each verb is a method, a path, a query and an Accept header; everything hard is in the sender below it.
import { assert, type Clock, type Random } from "@coracle/base";
import { type HttpClientStats, type HttpResponse, startTimer, systemClock, systemRandom } from "@coracle/runtime";
import {
  formatQuery,
  type GroupVersionResource,
  type JsonValue,
  type KubeList,
  type KubeObject,
  type KubeStatus,
  type ListOptions,
  resourcePath,
  type ResourceTarget,
  type WriteOptions,
} from "../mod.ts";
import type { KubeClientConfig } from "./client-config.ts";
import { KubeAnswerError } from "./client-error.ts";
import type { ApiResource } from "./discovery.ts";
import { DiscoveryCache } from "./discovery-cache.ts";
import type {
  CallOptions,
  CollectionTarget,
  DeleteAnswer,
  DeleteOptions,
  KubeClient,
  KubeClientOptions,
  ObjectTarget,
  PatchOptions,
  ReadOptions,
  StartTimer,
} from "./kube-client.ts";
import { acceptHeader, type AnswerShape, PATCH_MEDIA_TYPES } from "./media-type.ts";
import type { KubeMetricsHook } from "./metrics-hook.ts";
import { requestRoute } from "./request-route.ts";
import { RequestSender } from "./request-sender.ts";
import { DEFAULT_RETRY_POLICY } from "./retry.ts";
import { isStatus } from "./status-response.ts";
import { isTable, type KubeTable } from "./table.ts";
import { type KubeRequest, KubeTransport } from "./transport.ts";

/** A single object: etcd holds 1.5 MB, some aggregated servers more; 16 MiB is what Go clients take. */
const OBJECT_BYTES_MAX = 16 * 1024 * 1024;
/** A list read whole. Longer ones want `limit`, or `follow`, which never holds a page. */
const LIST_BYTES_MAX = 256 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 70_000;

/** A client for the server `config` describes. Opens connections when they are needed; `close` it at the end. */
export function createKubeClient(config: KubeClientConfig, options: KubeClientOptions = {}): KubeClient {
  return new ConfiguredKubeClient(config, options);
}

class ConfiguredKubeClient implements KubeClient {
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: KubeMetricsHook | undefined;
  readonly startTimer: StartTimer;
  readonly transport: KubeTransport;
  readonly #sender: RequestSender;
  readonly #discovery: DiscoveryCache;

  constructor(config: KubeClientConfig, options: KubeClientOptions) {
    this.namespace = config.namespace;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.metrics = options.metrics;
    this.startTimer = options.startTimer ?? startTimer;
    this.transport = new KubeTransport(config, {
      clock: this.clock,
      userAgent: options.userAgent ?? "coracle",
      metrics: options.metrics,
      http: options.http,
      tlsPollMs: options.tlsPollMs,
      execTimeoutMs: options.execTimeoutMs,
    });
    this.#sender = new RequestSender({
      transport: this.transport,
      random: this.random,
      retry: { ...DEFAULT_RETRY_POLICY, ...options.retry },
      metrics: options.metrics,
      headersTimeoutMs: options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    });
    this.#discovery = new DiscoveryCache(
      (path, accept) => this.#json({ method: "GET", path, headers: { accept } }, LIST_BYTES_MAX),
      this.clock,
    );
  }

  async get<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    target: ObjectTarget,
    options: ReadOptions & Pick<ListOptions, "resourceVersion"> = {},
  ): Promise<T> {
    const query = formatQuery(listQuery(options));
    return this.#object<T>(this.#call("GET", resource, target, { query, accept: accept("single", options) }), options);
  }

  async list<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    target: CollectionTarget = {},
    options: ReadOptions & ListOptions = {},
  ): Promise<KubeList<T> & { readonly items: readonly T[] }> {
    const query = formatQuery(listQuery(options));
    const accepted = accept("list", { dropManagedFields: true, ...options });
    const request = this.#call("GET", resource, target, { query, accept: accepted });
    const list = await this.#object<KubeObject>({ ...request, signal: options.signal }, options, LIST_BYTES_MAX);
    const items: unknown = list["items"];
    return { ...list, items: Array.isArray(items) ? (items as readonly T[]) : [] };
  }

  async table(
    resource: GroupVersionResource,
    target: ResourceTarget = {},
    options: CallOptions & ListOptions = {},
  ): Promise<KubeTable> {
    const shape = target.name === undefined ? "list" : "single";
    const request = this.#call("GET", resource, target, {
      query: formatQuery(listQuery(options)),
      accept: acceptHeader(shape, { form: "table" }),
    });
    const answer = await this.#json({ ...request, signal: options.signal }, options.sizeBytesMax ?? LIST_BYTES_MAX);
    if (isTable(answer)) return answer;
    throw new KubeAnswerError(
      "NOT_A_TABLE",
      `Cannot show ${request.path} as a Table: the server has no such form of it`,
    );
  }

  async create<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    object: KubeObject,
    options: CallOptions & WriteOptions & { readonly target?: ResourceTarget } = {},
  ): Promise<T> {
    const { namespace } = object.metadata;
    const target = options.target ?? (namespace === undefined ? {} : { namespace });
    return this.#object<T>(this.#write("POST", resource, target, { object, options }), options);
  }

  async update<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    object: KubeObject,
    options: CallOptions & WriteOptions & Pick<ResourceTarget, "subresource"> = {},
  ): Promise<T> {
    const { name, namespace } = object.metadata;
    assert(name !== undefined, "Cannot update an object as its metadata has no name");
    const target = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
    };
    return this.#object<T>(this.#write("PUT", resource, target, { object, options }), options);
  }

  async patch<T extends KubeObject = KubeObject>(
    resource: GroupVersionResource,
    target: ObjectTarget,
    patch: JsonValue | KubeObject,
    options: PatchOptions,
  ): Promise<T> {
    assert(
      options.type !== "apply" || options.fieldManager !== undefined,
      "Cannot apply an object as its fieldManager is not given",
    );
    const request = this.#write("PATCH", resource, target, { object: patch, options });
    const headers = { ...request.headers, "content-type": PATCH_MEDIA_TYPES[options.type] };
    return this.#object<T>({ ...request, headers }, options);
  }

  async delete(
    resource: GroupVersionResource,
    target: ObjectTarget,
    options: DeleteOptions = {},
  ): Promise<DeleteAnswer> {
    return this.#delete(resource, target, options, "");
  }

  async deleteCollection(
    resource: GroupVersionResource,
    target: CollectionTarget,
    options: DeleteOptions & Pick<ListOptions, "labelSelector" | "fieldSelector" | "limit" | "resourceVersion"> = {},
  ): Promise<KubeObject | KubeStatus> {
    return this.#delete(resource, target, options, formatQuery(listQuery(options)));
  }

  raw(request: KubeRequest): Promise<HttpResponse> {
    return this.#sender.send(request);
  }

  resources(
    options: { readonly refresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<readonly ApiResource[]> {
    return this.#discovery.resources(options);
  }

  resolve(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<ApiResource | undefined> {
    return this.#discovery.resolve(name, options.signal);
  }

  stats(): HttpClientStats {
    return this.transport.stats();
  }

  ready(): Promise<void> {
    return this.transport.ready();
  }

  close(): void {
    this.transport.close();
  }

  #call(
    method: string,
    resource: GroupVersionResource,
    target: ResourceTarget,
    parts: { readonly query: string; readonly accept: string },
  ): KubeRequest {
    return {
      method,
      path: resourcePath(resource, target),
      query: parts.query,
      headers: { accept: parts.accept },
      route: requestRoute(resource, target),
    };
  }

  #write(
    method: string,
    resource: GroupVersionResource,
    target: ResourceTarget,
    parts: { readonly object: JsonValue | KubeObject; readonly options: CallOptions & WriteOptions },
  ): KubeRequest {
    const request = this.#call(method, resource, target, {
      query: formatQuery(writeQuery(parts.options)),
      accept: "application/json",
    });
    const headers = { ...request.headers, "content-type": "application/json" };
    return { ...request, headers, body: JSON.stringify(parts.object) };
  }

  async #delete(
    resource: GroupVersionResource,
    target: ResourceTarget,
    options: DeleteOptions,
    query: string,
  ): Promise<KubeObject | KubeStatus> {
    const { propagationPolicy, gracePeriodSeconds, preconditions, dryRun } = options;
    const request = this.#call("DELETE", resource, target, { query, accept: "application/json" });
    const body = JSON.stringify({
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy,
      gracePeriodSeconds,
      preconditions,
      dryRun: dryRun === undefined ? undefined : [dryRun],
    });
    const headers = { ...request.headers, "content-type": "application/json" };
    const answer = await this.#json(
      { ...request, headers, body, signal: options.signal },
      options.sizeBytesMax ?? LIST_BYTES_MAX,
    );
    return isStatus(answer) ? answer : checkedObject(answer, request.path);
  }

  async #object<T extends KubeObject>(
    request: KubeRequest,
    options: CallOptions,
    sizeBytesMax: number = OBJECT_BYTES_MAX,
  ): Promise<T> {
    const answer = await this.#json({ ...request, signal: options.signal }, options.sizeBytesMax ?? sizeBytesMax);
    return checkedObject(answer, request.path) as T;
  }

  async #json(request: KubeRequest, sizeBytesMax: number): Promise<unknown> {
    const response = await this.#sender.send(request);
    const body = await response.text(sizeBytesMax);
    try {
      return JSON.parse(body);
    } catch (error) {
      throw new KubeAnswerError(
        "NOT_JSON",
        `Cannot read the answer to ${request.method} ${request.path} as JSON: it has ${body.length} characters of type "${response.headers["content-type"] ?? ""}"`,
        { cause: error },
      );
    }
  }
}

function accept(shape: AnswerShape, options: ReadOptions): string {
  return acceptHeader(shape, { form: options.form, dropManagedFields: options.dropManagedFields });
}

/** The query members alone: options carry signals and limits too. */
function listQuery(options: ListOptions): ListOptions {
  const { labelSelector, fieldSelector, shardSelector, resourceVersion, resourceVersionMatch, limit } = options;
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(shardSelector === undefined ? {} : { shardSelector }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(resourceVersionMatch === undefined ? {} : { resourceVersionMatch }),
    ...(limit === undefined ? {} : { limit }),
    ...(options.continue === undefined ? {} : { continue: options.continue }),
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    ...(options.includeObject === undefined ? {} : { includeObject: options.includeObject }),
  };
}

function writeQuery(options: WriteOptions): WriteOptions {
  const { dryRun, fieldManager, fieldValidation, force } = options;
  return {
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(fieldManager === undefined ? {} : { fieldManager }),
    ...(fieldValidation === undefined ? {} : { fieldValidation }),
    ...(force === undefined ? {} : { force }),
  };
}

/** Any JSON object: its fields are for the caller, who knows the resource. */
function checkedObject(answer: unknown, path: string): KubeObject {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) return answer as KubeObject;
  throw new KubeAnswerError(
    "NOT_AN_OBJECT",
    `Cannot read the answer of ${path} as an object: it is JSON of another kind`,
  );
}
