// A list/watch server in memory for simulations: history, compaction, restores, pages, streaming lists, and faults on demand.
import { type Random, randomInteger } from "@coracle/base";
import {
  expiredStatus,
  type JsonStreamOutput,
  type KubeObject,
  type KubeStatus,
  type ListOptions,
  type ListWatchMode,
  resourceVersionTooLargeStatus,
} from "../mod.ts";

/** One write. */
export interface LogEntry {
  readonly version: bigint;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** The objects by key, as of a version. */
export type ServerState = ReadonlyMap<string, KubeObject>;

/** How a server treats streaming lists. */
export type StreamingSupport = "yes" | "refused" | "ignored";

/** An accepted request: what is left to send. */
export interface Connection {
  readonly mode: ListWatchMode;
  /** Items and ends that are still to be sent before changes. */
  readonly initial: JsonStreamOutput[];
  /** The last version this watch has been sent. */
  at: bigint;
  /** It has gone quiet for ever, and nobody told the client. */
  dead: boolean;
}

/** Objects the server holds at most. */
const KEYS = 8;
/** Versions the server can still list and watch from. */
const HISTORY = 40n;

export class SimulatedServer {
  readonly #random: Random;
  readonly #streaming: StreamingSupport;
  readonly #states = new Map<bigint, ServerState>();
  #log: LogEntry[] = [];
  #uids = 0;
  version: bigint;
  compacted: bigint;

  constructor(random: Random, streaming: StreamingSupport) {
    this.#random = random;
    this.#streaming = streaming;
    // The simulation crosses the point at which doubles stop being exact.
    this.version = 2n ** 53n - 20n;
    this.compacted = this.version;
    this.#states.set(this.version, new Map());
  }

  get state(): ServerState {
    return this.#states.get(this.version) ?? new Map();
  }

  /** The writes after `version`. */
  since(version: bigint): readonly LogEntry[] {
    return this.#log.filter((entry) => entry.version > version);
  }

  /** Creates, changes, removes or replaces one object. */
  write(): void {
    const name = `o${randomInteger(this.#random, 1, KEYS)}`;
    const known = this.state.get(name);
    const version = this.version + BigInt(randomInteger(this.#random, 1, 3));
    const remove = known !== undefined && this.#random.next() < 0.4;
    const uid = known?.metadata.uid ?? `uid-${++this.#uids}`;
    const object: KubeObject = { metadata: { name, uid, resourceVersion: String(version) } };
    const state = new Map(this.state);
    if (remove) state.delete(name);
    else state.set(name, object);
    this.#states.set(version, state);
    this.#log.push({ version, type: remove ? "DELETED" : known === undefined ? "ADDED" : "MODIFIED", object });
    this.version = version;
    this.compact(HISTORY * 3n);
  }

  /** Forgets all but the last `keep` versions. */
  compact(keep: bigint): void {
    const until = this.version - keep;
    if (until <= this.compacted) return;
    this.compacted = until;
    this.#log = this.#log.filter((entry) => entry.version > until);
    const kept = [...this.#states.keys()].filter((version) => version <= until).at(-1);
    for (const version of this.#states.keys()) if (version < (kept ?? 0n)) this.#states.delete(version);
  }

  /**
   * Goes back to an old state, as after restoring a backup the documented way: versions jump ahead, so that nobody can
   * take new history for old.
   */
  restore(): void {
    const version = [...this.#states.keys()][randomInteger(this.#random, 0, this.#states.size - 1)];
    const state = version === undefined ? undefined : this.#states.get(version);
    if (state === undefined) return;
    this.version += 1000n;
    this.compacted = this.version;
    this.#log = [];
    this.#states.clear();
    this.#states.set(this.version, state);
  }

  /** Answers a request: a connection, or a refusal. */
  accept(mode: ListWatchMode, options: ListOptions): Connection | KubeStatus {
    if (mode === "watch") return this.#watch(BigInt(options.resourceVersion ?? "0"));
    if (mode === "list") return this.#list(options);
    if (this.#streaming === "refused")
      return { kind: "Status", apiVersion: "v1", metadata: {}, code: 422, reason: "Invalid", message: "forbidden" };
    const asked = BigInt(options.resourceVersion === "" ? "0" : (options.resourceVersion ?? "0"));
    if (this.#streaming === "yes" && asked > this.version) return this.#tooLarge(asked);
    const initial: JsonStreamOutput[] = [...this.state.values()].map((object) => ({
      kind: "change",
      type: "ADDED",
      object,
    }));
    if (this.#streaming === "yes")
      initial.push({ kind: "bookmark", resourceVersion: String(this.version), initialEventsEnd: true });
    return { mode, initial, at: this.version, dead: false };
  }

  #watch(from: bigint): Connection | KubeStatus {
    if (from < this.compacted) {
      const status = expiredStatus(`too old resource version: ${from} (${this.compacted})`);
      if (this.#random.next() < 0.5) return status;
      return { mode: "watch", initial: [{ kind: "status", status }], at: from, dead: false };
    }
    // Some servers send again what the client has; it must not notice.
    const replays = this.#log.filter((entry) => entry.version <= from).slice(-2);
    const initial: JsonStreamOutput[] = this.#random.next() < 0.3 ? replays.map(asChange) : [];
    return { mode: "watch", initial, at: from, dead: false };
  }

  #list(options: ListOptions): Connection | KubeStatus {
    const { resourceVersion = "", limit = 0, continue: token = "" } = options;
    if (token !== "") {
      const [version = "0", start = "0"] = token.split("/");
      const state = this.#states.get(BigInt(version));
      if (state === undefined || BigInt(version) < this.compacted) return expiredStatus("the continue token expired");
      return this.#page(state, version, { start: Number(start), limit });
    }
    if (resourceVersion === "0" && this.#random.next() < 0.5) {
      // Any version will do: a cache that lags.
      const versions = [...this.#states.keys()].filter((version) => version >= this.compacted);
      const version = versions.at(-randomInteger(this.#random, 1, Math.min(3, versions.length)));
      const state = version === undefined ? undefined : this.#states.get(version);
      if (state !== undefined) return this.#page(state, String(version), { start: 0, limit });
    }
    const asked = BigInt(resourceVersion === "" ? "0" : resourceVersion);
    if (asked > this.version) return this.#tooLarge(asked);
    return this.#page(this.state, String(this.version), { start: 0, limit });
  }

  #page(state: ServerState, version: string, part: { readonly start: number; readonly limit: number }): Connection {
    const all = [...state.values()];
    const end = part.limit > 0 ? Math.min(all.length, part.start + part.limit) : all.length;
    const initial: JsonStreamOutput[] = all.slice(part.start, end).map((object) => ({ kind: "item", object }));
    const token = end < all.length ? `${version}/${end}` : "";
    initial.push({
      kind: "list-end",
      listKind: "PodList",
      apiVersion: "v1",
      metadata: { resourceVersion: version, continue: token },
    });
    return { mode: "list", initial, at: 0n, dead: false };
  }

  #tooLarge(asked: bigint): KubeStatus {
    return resourceVersionTooLargeStatus(String(asked), String(this.version));
  }

  /** What the connection is sent next, if anything. `bookmarks` says that it is time for one. */
  send(connection: Connection, bookmarks: boolean): JsonStreamOutput | undefined {
    if (connection.dead) return undefined;
    const initial = connection.initial.shift();
    if (initial !== undefined || connection.mode === "list") return initial;
    // A watcher that is too slow for the history loses it in the middle.
    if (connection.at < this.compacted) return { kind: "status", status: expiredStatus("too old resource version") };
    const entry = this.#log.find(({ version }) => version > connection.at);
    if (entry !== undefined) {
      connection.at = entry.version;
      return asChange(entry);
    }
    return bookmarks ? { kind: "bookmark", resourceVersion: String(this.version), initialEventsEnd: false } : undefined;
  }
}

function asChange(entry: LogEntry): JsonStreamOutput {
  return { kind: "change", type: entry.type, object: entry.object };
}
