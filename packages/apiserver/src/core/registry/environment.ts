// What the registry stands on: the store, the caches, clock and randomness, and the checks that need other objects.
import type { Clock, Random } from "@coracle/base";
import type { ApiObject, FieldError, ResourceDefinition } from "@coracle/api";
import type { Store } from "@coracle/store";
import type { WatchCache } from "../watch/watch-cache.ts";
import type { KeyedLock } from "./keyed-lock.ts";

/** Who asks, as authentication found out. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Finds the cache of a kind. */
export interface CacheDirectory {
  readonly definitions: readonly ResourceDefinition[];
  cacheOf(definition: ResourceDefinition): WatchCache;
  /** By group and plural; `undefined` for what is not stored here. */
  find(group: string, plural: string): WatchCache | undefined;
  /** The newest revision every cache has seen. */
  readonly revision: number;
}

/** What is known of a namespace. */
export type NamespaceState = "active" | "terminating" | "missing";

/** Where namespaces are looked up: in this server, or in the cluster it extends. */
export interface NamespaceDirectory {
  stateOf(name: string): NamespaceState | Promise<NamespaceState>;
}

/** A check of a new object against others, run after its own validation and together with its write. */
export interface CreateCheck {
  /** Creates with the same key are checked and written one after another; `undefined` when the kind is not concerned. */
  lockKey(definition: ResourceDefinition, object: ApiObject): string | undefined;
  check(definition: ResourceDefinition, object: ApiObject): readonly FieldError[];
}

/** Everything the registry is given. */
export interface RegistryEnvironment {
  readonly store: Store;
  readonly caches: CacheDirectory;
  readonly namespaces: NamespaceDirectory;
  readonly clock: Clock;
  readonly random: Random;
  /** A random UUID. */
  newUid(): string;
  readonly createChecks: readonly CreateCheck[];
  /** Where creates that are checked against each other wait for one another. */
  readonly createLock: KeyedLock;
}

/** The object of a write: which kind, where, by whom. */
export interface WriteTarget {
  readonly definition: ResourceDefinition;
  /** "" for cluster-scoped kinds. */
  readonly namespace: string;
  /** "" on create with generateName. */
  readonly name: string;
  /** "" or "status", or another subresource that is written like the object. */
  readonly subresource: string;
}

/** How a write is to be done. */
export interface WriteContext {
  readonly dryRun: boolean;
  /** Field manager; never empty except for clients that gave no name at all. */
  readonly manager: string;
  readonly user: UserInfo;
  /** Texts for `Warning` headers, appended as they are found. */
  readonly warnings: string[];
}

/** What a write did. */
export interface WriteOutcome {
  /** With resourceVersion. */
  readonly object: ApiObject;
  readonly created: boolean;
}
