// Following a collection: the loop that gives the list/watch machine its bytes and its time and the consumer its events.
import type { Millis } from "@coracle/base";
import type { Timer } from "@coracle/runtime";
import {
  compareResourceVersions,
  FULL_PROJECTION,
  type GroupVersionResource,
  type JsonStreamOutput,
  type KubeObject,
  type ListWatchInput,
  ListWatchMachine,
  type ListWatchOutput,
  type ListWatchParsed,
  type ProtobufKind,
  protobufKind,
  type ReconnectCause,
  resourcePath,
  type WatchStreamEvent,
} from "../mod.ts";
import { CursorSaver } from "./cursor-saver.ts";
import type { FollowOptions } from "./follow-options.ts";
import { FollowRequest } from "./follow-request.ts";
import type { KubeClient } from "./kube-client.ts";
import type { FollowSample } from "./metrics-hook.ts";
import { requestRoute } from "./request-route.ts";
import { isTableColumns } from "./table.ts";

const CURSOR_INTERVAL_MS = 5000;
/** Shorter holds are the normal price of handing over an event. */
const PAUSE_MS_MIN = 5;

/**
 * The state of a collection and then its changes, through every failure, until the consumer leaves the loop or `signal` aborts.
 * Nothing is sent before the first `next()`. While the consumer works on an event nothing is read: a slow consumer stops the
 * server through HTTP's flow control, and memory stays at one chunk and one object. Ends by itself only after an `error` event
 * without `retryInMs`.
 */
export function follow<T extends KubeObject = KubeObject>(
  client: KubeClient,
  resource: GroupVersionResource,
  options: FollowOptions = {},
): AsyncGenerator<WatchStreamEvent<T>, void, void> {
  return new Follower<T>(client, resource, options).events();
}

class Follower<T extends KubeObject> {
  readonly #client: KubeClient;
  readonly #options: FollowOptions;
  readonly #path: string;
  readonly #route: string;
  readonly #cursors: CursorSaver | undefined;
  #protobuf: ProtobufKind | undefined;
  readonly #chunk = { events: 0, decodeMs: 0, consumerMs: 0 };
  #request: FollowRequest | undefined;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;
  #timerDueAt: number = Number.POSITIVE_INFINITY;
  #pausedMs = 0;
  #isStopping = false;
  #receivedVersion = "";
  #reconnects: Readonly<Record<string, number>> = {};

  constructor(client: KubeClient, resource: GroupVersionResource, options: FollowOptions) {
    this.#client = client;
    this.#options = options;
    const { namespace, cursor, cursorIntervalMs = CURSOR_INTERVAL_MS, projection = FULL_PROJECTION } = options;
    const isWhole = options.form === undefined || options.form === "object";
    if (isWhole && options.protobuf !== false) this.#protobuf = protobufKind(resource, projection);
    const target = namespace === undefined ? {} : { namespace };
    this.#path = resourcePath(resource, target);
    this.#route = requestRoute(resource, target);
    if (cursor !== undefined) {
      this.#cursors = new CursorSaver(cursor, cursorIntervalMs, (message) =>
        this.#sample({ kind: "cursor-failed", resource: this.#path, message }),
      );
    }
  }

  async *events(): AsyncGenerator<WatchStreamEvent<T>, void, void> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#wakeUp();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const machine = await this.#makeMachine();
      machine.handle({ kind: "start" }, this.#now());
      for (;;) {
        for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
          if (output.kind === "stopped") return;
          if (output.kind === "event") {
            this.#announce(output.event);
            const givenAt = this.#now();
            yield output.event;
            this.#taken(machine, givenAt);
          } else this.#act(machine, output);
        }
        const input = this.#nextInput(machine);
        if (input === undefined) await this.#wait(machine);
        else machine.handle(input, this.#now());
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#timer?.cancel();
      this.#request?.cancel();
      await this.#cursors?.flush(this.#now());
    }
  }

  async #makeMachine(): Promise<ListWatchMachine<T>> {
    const { labelSelector, fieldSelector, shardSelector, form, streamingList } = this.#options;
    const { trackKeys, trackedKeysMax, pageSize, giveUpAfterMs, times } = this.#options;
    const cursor = await this.#cursors?.load();
    return new ListWatchMachine<T>({
      random: this.#client.random,
      resource: this.#path,
      streamingList: streamingList ?? form !== "table",
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(shardSelector === undefined ? {} : { shardSelector }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(trackKeys === undefined ? {} : { trackKeys }),
      ...(trackedKeysMax === undefined ? {} : { trackedKeysMax }),
      ...(pageSize === undefined ? {} : { pageSize }),
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
      ...(times === undefined ? {} : { times }),
    });
  }

  /** Carries out what the machine asks for. */
  #act(machine: ListWatchMachine<T>, output: Extract<ListWatchOutput<T>, { kind: "open" | "cancel" }>): void {
    if (output.kind === "cancel") {
      if (this.#request?.id === output.id) this.#dropRequest();
      return;
    }
    this.#dropRequest();
    this.#countReconnects(machine);
    const { form, projection, limits } = this.#options;
    const dropManagedFields = projection?.paths.some((path) => path.startsWith("metadata.managedFields")) !== true;
    this.#request = new FollowRequest({
      id: output.id,
      mode: output.mode,
      query: output.options,
      transport: this.#client.transport,
      path: this.#path,
      route: this.#route,
      accept: { form, dropManagedFields },
      protobuf: this.#protobuf,
      onJsonNeeded: () => (this.#protobuf = undefined),
      parser: {
        table: form === "table",
        ...(projection === undefined ? {} : { projection }),
        ...(limits === undefined ? {} : { limits }),
      },
      onProgress: () => this.#wakeUp(),
    });
  }

  /** What the machine is to hear next, the oldest first: the consumer's pause, bytes, the end of a body, time. */
  #nextInput(machine: ListWatchMachine<T>): ListWatchInput<T> | undefined {
    if (this.#options.signal?.aborted === true && !this.#isStopping) {
      this.#isStopping = true;
      return { kind: "stop" };
    }
    if (this.#pausedMs >= PAUSE_MS_MIN) {
      const durationMs = this.#pausedMs;
      this.#pausedMs = 0;
      return { kind: "paused", durationMs };
    }
    const request = this.#request;
    if (request !== undefined) {
      const output = this.#parse(request);
      // What the caller calls T is what the server sends; the parser sees objects.
      if (output !== undefined) return { kind: "output", id: request.id, output: output as ListWatchParsed<T> };
      this.#chunkDone(machine, request);
      const input = request.takeInput();
      if (input !== undefined) return input;
    }
    const dueAt = machine.nextTimeout();
    return dueAt !== undefined && dueAt <= this.#now() ? { kind: "timeout" } : undefined;
  }

  #parse(request: FollowRequest): JsonStreamOutput | undefined {
    const startedAt = this.#now();
    const output = request.parse();
    this.#chunk.decodeMs += this.#now() - startedAt;
    if (output === undefined) return undefined;
    this.#chunk.events++;
    this.#noteOutput(output);
    return output;
  }

  #noteOutput(output: JsonStreamOutput): void {
    const { onColumns } = this.#options;
    const columns = output.kind === "list-end" || output.kind === "change" ? output.columns : undefined;
    if (onColumns !== undefined && isTableColumns(columns)) onColumns(columns);
    const version =
      output.kind === "bookmark"
        ? output.resourceVersion
        : output.kind === "list-end"
          ? output.metadata.resourceVersion
          : output.kind === "change"
            ? output.object.metadata.resourceVersion
            : undefined;
    if (version !== undefined && compareResourceVersions(version, this.#receivedVersion) !== -1) {
      this.#receivedVersion = version;
    }
  }

  /** The consumer came back for more: what it was given is done with. */
  #taken(machine: ListWatchMachine<T>, givenAt: Millis): void {
    const now = this.#now();
    this.#pausedMs += now - givenAt;
    this.#chunk.consumerMs += now - givenAt;
    this.#cursors?.advance(machine.cursor(), now);
  }

  /** Sleeps until bytes come, a deadline passes or the signal aborts. */
  async #wait(machine: ListWatchMachine<T>): Promise<void> {
    this.#request?.read();
    const deadlines = [machine.nextTimeout(), this.#cursors?.dueAt()].filter((deadline) => deadline !== undefined);
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#armTimer(Math.min(...deadlines));
    await woken;
    this.#cursors?.tick(this.#now());
  }

  /** Deadlines move on with every chunk: a timer that comes too early is kept, and wakes once for nothing. */
  #armTimer(dueAt: number): void {
    if (this.#timerDueAt <= dueAt) return;
    this.#timer?.cancel();
    this.#timerDueAt = dueAt;
    this.#timer = this.#client.startTimer(dueAt - this.#now(), () => {
      this.#timerDueAt = Number.POSITIVE_INFINITY;
      this.#wakeUp();
    });
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #dropRequest(): void {
    this.#request?.cancel();
    this.#request = undefined;
  }

  #now(): Millis {
    return this.#client.clock.now();
  }

  #sample(sample: FollowSample): void {
    this.#client.metrics?.follow?.(sample);
  }

  #announce(event: WatchStreamEvent<T>): void {
    if (event.kind === "gap") this.#sample({ kind: "gap", resource: this.#path, cause: event.cause });
  }

  #countReconnects(machine: ListWatchMachine<T>): void {
    if (this.#client.metrics?.follow === undefined) return;
    const { reconnects } = machine.counters();
    for (const [cause, count] of Object.entries(reconnects)) {
      for (let seen = this.#reconnects[cause] ?? 0; seen < count; seen++) {
        this.#sample({ kind: "reconnect", resource: this.#path, cause: cause as ReconnectCause });
      }
    }
    this.#reconnects = { ...reconnects };
  }

  #chunkDone(machine: ListWatchMachine<T>, request: FollowRequest): void {
    if (this.#chunk.events === 0) return;
    const { events, decodeMs, consumerMs } = this.#chunk;
    this.#chunk.events = 0;
    this.#chunk.decodeMs = 0;
    this.#chunk.consumerMs = 0;
    if (this.#client.metrics?.follow === undefined) return;
    const resource = this.#path;
    this.#sample({ kind: "chunk", resource, sizeBytes: request.takeBytesRead(), events, decodeMs, consumerMs });
    const delivered = machine.cursor()?.resourceVersion ?? "";
    const received = this.#receivedVersion;
    const isOrdered = compareResourceVersions(delivered, received) !== undefined;
    this.#sample({
      kind: "progress",
      resource,
      deliveredResourceVersion: delivered,
      receivedResourceVersion: received,
      ...(isOrdered ? { lag: BigInt(received) - BigInt(delivered) } : {}),
    });
  }
}
