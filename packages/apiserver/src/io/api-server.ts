// What a request handler works with: the served kinds, the registry, who decides on access, and what is counted.
import type { ResourceDefinition } from "@coracle/api";
import type { Clock } from "@coracle/base";
import type { Logger } from "@coracle/lifecycle";
import type { Authorizer } from "../core/auth/authorization.ts";
import type { InFlight } from "../core/auth/in-flight.ts";
import type { RegistryEnvironment } from "../core/registry/environment.ts";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { WatchEnd } from "../core/watch/watcher.ts";
import type { Authenticator } from "./authentication.ts";
import type { ResourceTable } from "./resource-table.ts";
import type { Answer, Exchange } from "./exchange.ts";

/** Kinds that are answered on the spot instead of being stored, by `group/plural` or `group/plural/subresource`. */
export type SpecialHandler = (exchange: Exchange, definition: ResourceDefinition, body: Uint8Array) => Promise<Answer>;

/** Told what happens, for metrics. */
export interface ServerEvents {
  onAnswer(event: {
    readonly verb: string;
    readonly resource: string;
    readonly code: number;
    readonly seconds: number;
  }): void;
  onWatchEnd(resource: string, why: WatchEnd): void;
}

/** The parts of an API server. */
export interface ApiServer {
  readonly table: ResourceTable;
  readonly hub: CacheHub;
  readonly environment: RegistryEnvironment;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly inFlight: InFlight;
  readonly special: ReadonlyMap<string, SpecialHandler>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ServerEvents;
  readonly limits: { readonly bodySizeBytesMax: number };
  /** The Prometheus text, for `/metrics` on the API listener. */
  exposeMetrics(): Promise<{ readonly text: string; readonly contentType: string }>;
}
