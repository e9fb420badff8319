// A whole API server for one machine: its store, its certificates and everything else out of one folder.
import { CORE_DEFINITIONS, NAMESPACE, NETWORK_DEFINITIONS, REVIEW_DEFINITIONS } from "@coracle/api";
import { ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import { systemClock, systemRandom, uuid } from "@coracle/runtime";
import { type Store, StoreError } from "@coracle/store";
import { openSqliteStore } from "@coracle/store/io";
import { RuleAuthorizer, STANDALONE_RULES, SYSTEM_MASTERS } from "../core/auth/authorization.ts";
import { InFlight } from "../core/auth/in-flight.ts";
import type { RegistryEnvironment } from "../core/registry/environment.ts";
import { KeyedLock } from "../core/registry/keyed-lock.ts";
import { subnetConflictCheck } from "../core/registry/subnet-check.ts";
import { CacheHub } from "../core/watch/cache-hub.ts";
import type { ApiServerConfig } from "../config.ts";
import { createApiHandler } from "./api-handler.ts";
import type { ApiServer } from "./api-server.ts";
import { Authenticator } from "./authentication.ts";
import { BookmarkTicker } from "./bookmark-ticker.ts";
import { createStandardNamespaces } from "./bootstrap.ts";
import { CertificateAuthentication } from "./certificate-authentication.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { kubeconfigText } from "./kubeconfig-file.ts";
import { isLongRunning } from "./long-running.ts";
import { NamespaceController } from "./namespace-controller.ts";
import { DataFolder } from "./pki/data-folder.ts";
import { StandaloneCertificates } from "./pki/standalone-certificates.ts";
import { ResourceTable } from "./resource-table.ts";
import { reviewHandlers } from "./reviews.ts";
import { addServerMetrics } from "./server-metrics.ts";
import { ServiceAccountTokens } from "./service-account-tokens.ts";
import { TokenAuthentication } from "./token-authentication.ts";
import { tokenRequestHandler } from "./token-request.ts";
import { kubernetesVersion } from "./version.ts";

/** Request bodies above this are refused with 413. */
const BODY_SIZE_BYTES_MAX = 3 * 1024 * 1024;
/** So many of the newest changes are kept whatever their age. */
const HISTORY_COUNT_MIN = 10_000;
const ADMINISTRATOR = { commonName: "coracle-admin", organizations: [SYSTEM_MASTERS] };

/** Opens the folder and puts the server together; the parts the service runs. */
export async function setUpStandalone(service: Service, config: ApiServerConfig): Promise<ServiceParts> {
  const folder = await DataFolder.open(config.data ?? "");
  const store = await openStore(folder, config);
  try {
    return await assemble(service, config, { folder, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openStore(folder: DataFolder, config: ApiServerConfig): Promise<Store> {
  const path = folder.file("coracle.db");
  try {
    return await openSqliteStore({
      path,
      history: { ageMs: config.compactionIntervalMs, countMin: HISTORY_COUNT_MIN },
    });
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new ExitError(`cannot use the data folder ${folder.path}: ${explain(cause, path)}`, { cause });
  }
}

function explain(error: StoreError, path: string): string {
  switch (error.code) {
    case "LOCKED":
      return "another server uses it; stop that one or choose another --data";
    case "CORRUPT":
      return `its database ${path} is damaged (${error.message}); restore it from a backup, or move it away to start anew`;
    case "NO_SPACE":
      return "the disk is full";
    case "NOT_WRITABLE":
      return `its database ${path} cannot be written; change its owner or choose another --data`;
    case "COMPACTED":
    case "FUTURE_REVISION":
    case "SLOW":
    case "CLOSED":
    case "BAD_INPUT":
    case "OVERLOADED":
    case "REVISION_OVERFLOW":
    case "BACKEND":
      return error.message;
  }
}

interface Opened {
  readonly folder: DataFolder;
  readonly store: Store;
}

async function assemble(service: Service, config: ApiServerConfig, opened: Opened): Promise<ServiceParts> {
  const { folder, store } = opened;
  const names = ["127.0.0.1", "::1", "localhost", ...config.servingName];
  if (!names.includes(config.listen.host) && !isWildcard(config.listen.host)) names.push(config.listen.host);
  const certificates = await StandaloneCertificates.open(
    folder,
    { serving: names },
    { clock: systemClock, log: service.log },
  );
  const tokens = await ServiceAccountTokens.open(folder);
  const definitions = [...NETWORK_DEFINITIONS, ...CORE_DEFINITIONS];
  const hub = await CacheHub.open({
    store,
    definitions,
    clock: systemClock,
    onEnd: (error) => service.stop(`the store ended: ${error.code}`, 1),
  });
  const environment: RegistryEnvironment = {
    store,
    caches: hub,
    clock: systemClock,
    random: systemRandom,
    newUid: uuid,
    createChecks: config.checkSubnetConflicts ? [subnetConflictCheck(() => hub)] : [],
    createLock: new KeyedLock(),
  };
  await createStandardNamespaces(environment);
  const server = makeServer(service, config, { hub, environment, certificates, tokens });
  return partsOf(service, config, { folder, store, certificates, server });
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

interface Material {
  readonly hub: CacheHub;
  readonly environment: RegistryEnvironment;
  readonly certificates: StandaloneCertificates;
  readonly tokens: ServiceAccountTokens;
}

function makeServer(service: Service, config: ApiServerConfig, material: Material): ApiServer {
  const { hub, environment, certificates, tokens } = material;
  const wallMs = (): number => systemClock.wallMs();
  const tokenAuthentication = new TokenAuthentication(tokens, hub, wallMs);
  const certificateAuthentication = new CertificateAuthentication(() => [certificates.authorityPem], wallMs);
  const inFlight = new InFlight({
    readsMax: config.maxRequestsInflight,
    writesMax: config.maxMutatingRequestsInflight,
  });
  const special = reviewHandlers(() => server, tokenAuthentication);
  special.set(
    "/serviceaccounts/token",
    tokenRequestHandler(() => server, tokens),
  );
  const server: ApiServer = {
    table: new ResourceTable([...CORE_DEFINITIONS, ...REVIEW_DEFINITIONS, ...NETWORK_DEFINITIONS]),
    hub,
    environment,
    authenticator: new Authenticator([certificateAuthentication, tokenAuthentication], {
      anonymous: config.anonymousAuth,
    }),
    authorizer: new RuleAuthorizer(config.serviceAccountRights === "all" ? STANDALONE_RULES : []),
    inFlight,
    special,
    clock: systemClock,
    log: service.log,
    events: addServerMetrics(service.metrics, hub, inFlight),
    limits: { bodySizeBytesMax: BODY_SIZE_BYTES_MAX },
    exposeMetrics: () => service.metrics.expose(),
  };
  return server;
}

interface Running {
  readonly folder: DataFolder;
  readonly store: Store;
  readonly certificates: StandaloneCertificates;
  readonly server: ApiServer;
}

function partsOf(service: Service, config: ApiServerConfig, running: Running): ServiceParts {
  const { folder, store, certificates, server } = running;
  const { hub, environment } = server;
  const ticker = new BookmarkTicker(hub, environment.random);
  const collector = new GarbageCollector(hub, environment, service.log);
  const namespaces = new NamespaceController(hub, environment, {
    log: service.log,
    namespaces: hub.cacheOf(NAMESPACE),
  });
  const start = (): void => {
    ticker.start();
    collector.start();
    namespaces.start();
  };
  const stop = (): void => {
    ticker.stop();
    collector.stop();
    namespaces.stop();
  };
  return {
    version: kubernetesVersion(),
    listeners: [
      {
        name: "api",
        address: config.listen,
        tls: certificates,
        handler: createApiHandler(server),
        isLongRunning,
        operations: "health",
      },
    ],
    postStart: [
      { name: "admin-kubeconfig", run: () => writeAdminKubeconfig(service, folder, certificates) },
      { name: "controllers", run: start },
    ],
    stop: [
      { name: "controllers", run: stop },
      { name: "caches", run: () => hub.close() },
      { name: "store", run: () => store.close() },
    ],
  };
}

/** The administrator's way in, with the address the server really listens on. */
async function writeAdminKubeconfig(
  service: Service,
  folder: DataFolder,
  certificates: StandaloneCertificates,
): Promise<void> {
  const client = await certificates.client("admin", ADMINISTRATOR);
  const serverUrl = service.url("api").replace(/\/\/(0\.0\.0\.0|\[::\]):/, "//127.0.0.1:");
  const authorityPem = certificates.authorityPem;
  const parts = { serverUrl, authorityPem, client, userName: ADMINISTRATOR.commonName };
  await folder.writeSecret("admin.kubeconfig", kubeconfigText(parts));
  service.log.info("Administrator's kubeconfig written", { path: folder.file("admin.kubeconfig"), url: serverUrl });
}
