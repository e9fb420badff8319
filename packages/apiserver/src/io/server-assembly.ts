// What both settings of the server have in common: the registry over a store, the request handler, the listener.
import type { ResourceDefinition } from "@coracle/api";
import type { CheckOutcome, Listener, Service, TlsSource } from "@coracle/lifecycle";
import { systemClock, systemRandom, uuid } from "@coracle/runtime";
import type { GetResult, Store } from "@coracle/store";
import type { Authorizer } from "../core/auth/authorization.ts";
import { InFlight } from "../core/auth/in-flight.ts";
import type { NamespaceDirectory, RegistryEnvironment } from "../core/registry/environment.ts";
import { KeyedLock } from "../core/registry/keyed-lock.ts";
import { subnetConflictCheck } from "../core/registry/subnet-check.ts";
import { CacheHub } from "../core/watch/cache-hub.ts";
import type { ApiServerConfig } from "../config.ts";
import { createApiHandler } from "./api-handler.ts";
import type { ApiServer, SpecialHandler } from "./api-server.ts";
import type { Authenticator } from "./authentication.ts";
import { isLongRunning } from "./long-running.ts";
import { ResourceTable } from "./resource-table.ts";
import { addServerMetrics } from "./server-metrics.ts";

/** Request bodies above this are refused with 413. */
const BODY_SIZE_BYTES_MAX = 3 * 1024 * 1024;

/** The wall clock, milliseconds since 1970. */
export function wallMs(): number {
  return systemClock.wallMs();
}

/** A key nothing is ever stored under: reading it shows that the store answers. */
const HEALTH_KEY = "/health";

function storeOutcome({ revision }: GetResult): CheckOutcome {
  return { healthy: true, detail: `answers at revision ${revision}` };
}

/** What a registry is made of. */
export interface RegistryParts {
  readonly store: Store;
  /** The kinds that are stored. */
  readonly definitions: readonly ResourceDefinition[];
  readonly namespaces: (hub: () => CacheHub) => NamespaceDirectory;
}

/** The caches over the store, and the registry over both. */
export async function openRegistry(
  service: Service,
  config: ApiServerConfig,
  parts: RegistryParts,
): Promise<{ readonly hub: CacheHub; readonly environment: RegistryEnvironment }> {
  const { store, definitions } = parts;
  const onEnd = (error: { readonly code: string }): void => service.stop(`the store ended: ${error.code}`, 1);
  const hub = await CacheHub.open({ store, definitions, clock: systemClock, onEnd });
  // Readiness alone: a store in trouble must not make a supervisor restart the server.
  service.health.add({ name: "store", check: async () => storeOutcome(await store.get(HEALTH_KEY)) });
  const environment: RegistryEnvironment = {
    store,
    caches: hub,
    namespaces: parts.namespaces(() => hub),
    clock: systemClock,
    random: systemRandom,
    newUid: uuid,
    createChecks: config.checkSubnetConflicts ? [subnetConflictCheck(() => hub)] : [],
    createLock: new KeyedLock(),
  };
  return { hub, environment };
}

/** What a server is made of. */
export interface ServerParts {
  readonly hub: CacheHub;
  readonly environment: RegistryEnvironment;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly special: ReadonlyMap<string, SpecialHandler>;
  /** The kinds that are served, stored or not. */
  readonly definitions: readonly ResourceDefinition[];
}

/** The server behind the request handler. */
export function makeServer(service: Service, config: ApiServerConfig, parts: ServerParts): ApiServer {
  const inFlight = new InFlight({
    readsMax: config.maxRequestsInflight,
    writesMax: config.maxMutatingRequestsInflight,
  });
  return {
    ...parts,
    table: new ResourceTable(parts.definitions),
    inFlight,
    clock: systemClock,
    log: service.log,
    events: addServerMetrics(service.metrics, parts.hub, inFlight),
    limits: { bodySizeBytesMax: BODY_SIZE_BYTES_MAX },
    exposeMetrics: () => service.metrics.expose(),
  };
}

/** The HTTPS listener of the API. */
export function apiListener(server: ApiServer, config: ApiServerConfig, tls: TlsSource): Listener {
  return {
    name: "api",
    address: config.listen,
    tls,
    handler: createApiHandler(server),
    isLongRunning,
    operations: "health",
  };
}

/** DNS names and addresses a certificate made here is for. */
export function servingNames(config: ApiServerConfig): readonly string[] {
  const { host } = config.listen;
  const names = new Set(["127.0.0.1", "::1", "localhost", ...config.servingName]);
  if (host !== "0.0.0.0" && host !== "::") names.add(host);
  return [...names];
}
