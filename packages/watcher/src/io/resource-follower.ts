// Follows one resource and hands every change to its sinks, one after the other: none is read ahead of the slowest.
import type { Clock } from "@coracle/base";
import { compileProjection, type WatchStreamEvent } from "@coracle/kube";
import { type ApiResource, fileCursorStore, follow, type FollowOptions, type KubeClient } from "@coracle/kube/io";
import { ExitError, type HealthState, type Service } from "@coracle/lifecycle";
import { collectGarbage } from "@coracle/runtime";
import { EXIT_CODES, type WatcherConfig } from "../config.ts";
import { type Change, ChangeTracker } from "../core/change.ts";
import { type EndReason, judgeEnd } from "../core/failure-class.ts";
import type { Column } from "../core/render-table.ts";

/** Takes changes; the stream waits for it. */
export type ChangeSink = (change: Change, resource: ApiResource) => Promise<void> | void;

/** What a {@link ResourceFollower} needs. */
export interface ResourceFollowerOptions {
  readonly client: KubeClient;
  readonly resource: ApiResource;
  readonly config: WatcherConfig;
  readonly service: Service;
  readonly sinks: readonly ChangeSink[];
  readonly keepObjects: boolean;
  readonly table: boolean;
  readonly onColumns: (columns: readonly Column[]) => void;
}

/** What HTTP tells about a followed resource. */
export interface FollowerState {
  readonly resource: string;
  readonly objects: number;
  readonly untracked: number;
  readonly resourceVersion: string;
  readonly live: boolean;
  readonly gaps: number;
  readonly losses: number;
}

/**
 * While a whole state comes in, young garbage is collected after so many objects and all of it more seldom: left alone, the
 * collector waits until there is several times as much of it as there is of everything else.
 */
const YOUNG_COLLECTION_OBJECTS = 50;
const FULL_COLLECTION_OBJECTS = 250;

const EXIT_CODE_OF: Readonly<Record<EndReason, number>> = {
  auth: EXIT_CODES.auth,
  "not-found": EXIT_CODES.notFound,
  "gave-up": EXIT_CODES.gaveUp,
  failed: EXIT_CODES.failed,
};

/** One followed resource. */
export class ResourceFollower {
  readonly #options: ResourceFollowerOptions;
  readonly #tracker: ChangeTracker;
  readonly #health: HealthState;
  readonly #clock: Clock;
  #hasSynced = false;
  #live = false;
  #resourceVersion = "";
  #gaps = 0;
  #losses = 0;
  #objectsSinceCollection = 0;

  constructor(options: ResourceFollowerOptions) {
    this.#options = options;
    this.#clock = options.client.clock;
    this.#tracker = new ChangeTracker({ keepObjects: options.keepObjects, objectsMax: options.config.objectsMax });
    this.#health = options.service.health.addState(`follow/${options.resource.resource}`);
  }

  state(): FollowerState {
    return {
      resource: this.#options.resource.resource,
      objects: this.#tracker.size,
      untracked: this.#tracker.untracked,
      resourceVersion: this.#resourceVersion,
      live: this.#live,
      gaps: this.#gaps,
      losses: this.#losses,
    };
  }

  /** Follows until `signal` aborts. Throws {@link ExitError} for failures that end the watcher. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options;
    for await (const event of follow(client, resource, this.#followOptions(signal))) {
      for (const change of this.#tracker.handle(event, this.#clock.now())) {
        this.#note(change);
        for (const sink of this.#options.sinks) await sink(change, resource);
      }
      if (event.kind === "item") this.#collectInTime();
      this.#endIfHopeless(event);
    }
  }

  #collectInTime(): void {
    this.#objectsSinceCollection++;
    if (this.#objectsSinceCollection === FULL_COLLECTION_OBJECTS) {
      this.#objectsSinceCollection = 0;
      collectGarbage();
    } else if (this.#objectsSinceCollection % YOUNG_COLLECTION_OBJECTS === 0) collectGarbage("young");
  }

  #followOptions(signal: AbortSignal): FollowOptions {
    const { config, resource, table, client, onColumns } = this.#options;
    const namespace = config.namespace ?? client.namespace;
    return {
      signal,
      form: table ? "table" : "object",
      streamingList: config.streamingList && !table,
      protobuf: config.protobuf,
      onColumns,
      ...(config.allNamespaces || !resource.namespaced ? {} : { namespace }),
      ...(config.selector === undefined ? {} : { labelSelector: config.selector }),
      ...(config.fieldSelector === undefined ? {} : { fieldSelector: config.fieldSelector }),
      ...(config.giveUpMs === undefined ? {} : { giveUpAfterMs: config.giveUpMs }),
      ...(config.cursor === undefined ? {} : { cursor: fileCursorStore(this.#cursorPath(config.cursor)) }),
      ...(config.fields === undefined || table ? {} : { projection: projectionOf(config.fields) }),
    };
  }

  /** Several resources keep a cursor each, beside one another. */
  #cursorPath(path: string): string {
    return this.#options.config.resource.includes(",") ? `${path}.${this.#options.resource.resource}` : path;
  }

  #note(change: Change): void {
    switch (change.kind) {
      case "synced":
        this.#hasSynced = true;
        this.#goneLive(change.resourceVersion);
        break;
      case "bookmark":
      case "resumed":
        this.#goneLive(change.resourceVersion);
        break;
      case "gap":
        this.#gaps++;
        this.#lost(`gap: ${change.cause}`);
        break;
      case "lost":
        this.#losses++;
        this.#lost(change.status.message ?? change.status.reason ?? "unknown");
        break;
      case "added":
      case "modified":
      case "deleted":
        if (this.#live) this.#resourceVersion = change.object.metadata.resourceVersion ?? this.#resourceVersion;
        // A stream that resumes from a cursor never tells a first state.
        else if (!change.initial && !change.inferred && !this.#hasSynced)
          this.#goneLive(change.object.metadata.resourceVersion ?? "");
        break;
    }
  }

  #goneLive(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    this.#live = true;
    this.#health.ok(`live at revision ${resourceVersion}, ${this.#tracker.size} objects`);
  }

  #lost(reason: string): void {
    this.#live = false;
    this.#health.fail(reason, "not live");
  }

  #endIfHopeless(event: WatchStreamEvent): void {
    if (event.kind !== "error") return;
    const { status, retryInMs } = event;
    const reason = judgeEnd({ status, willRetry: retryInMs !== undefined, hasSynced: this.#hasSynced });
    if (reason === undefined) return;
    const name = this.#options.resource.resource;
    throw new ExitError(`Cannot follow ${name}: ${status.message ?? status.reason ?? "the server refused"}`, {
      exitCode: EXIT_CODE_OF[reason],
    });
  }
}

function projectionOf(fields: string): NonNullable<FollowOptions["projection"]> {
  const paths = fields.split(",").filter((path) => path !== "");
  const compiled = compileProjection(["apiVersion", "kind", ...paths]);
  if (compiled.ok) return compiled.value;
  throw new ExitError(`--fields: ${compiled.error.message}`, { exitCode: 2 });
}
