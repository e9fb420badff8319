// A whole API server for one machine: its store, its certificates and everything else out of one folder.
import { CORE_DEFINITIONS, NAMESPACE, NETWORK_DEFINITIONS, REVIEW_DEFINITIONS } from "@coracle/api";
import type { Service, ServiceParts } from "@coracle/lifecycle";
import { systemClock } from "@coracle/runtime";
import type { Store } from "@coracle/store";
import { RuleAuthorizer, STANDALONE_RULES, SYSTEM_MASTERS } from "../core/auth/authorization.ts";
import type { RegistryEnvironment } from "../core/registry/environment.ts";
import { localNamespaces } from "../core/registry/namespace-lifecycle.ts";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { ApiServerConfig } from "../config.ts";
import type { ApiServer } from "./api-server.ts";
import { Authenticator } from "./authentication.ts";
import { BookmarkTicker } from "./bookmark-ticker.ts";
import { createStandardNamespaces } from "./bootstrap.ts";
import { CertificateAuthentication } from "./certificate-authentication.ts";
import { openDataStore } from "./data-store.ts";
import { ExpiryController } from "./expiry-controller.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { kubeconfigText } from "./kubeconfig-file.ts";
import { NamespaceController } from "./namespace-controller.ts";
import { DataFolder } from "./pki/data-folder.ts";
import { StandaloneCertificates } from "./pki/standalone-certificates.ts";
import { reviewHandlers } from "./reviews.ts";
import { apiListener, makeServer, openRegistry, servingNames, wallMs } from "./server-assembly.ts";
import { ServiceAccountTokens } from "./service-account-tokens.ts";
import { TokenAuthentication } from "./token-authentication.ts";
import { tokenRequestHandler } from "./token-request.ts";
import { kubernetesVersion } from "./version.ts";

const ADMINISTRATOR = { commonName: "coracle-admin", organizations: [SYSTEM_MASTERS] };

/** Opens the folder and puts the server together; the parts the service runs. */
export async function setUpStandalone(
  service: Service,
  config: ApiServerConfig,
  openStore: typeof openDataStore = openDataStore,
): Promise<ServiceParts> {
  const folder = await DataFolder.open(config.data ?? "");
  const store = await openStore(folder, config.compactionIntervalMs);
  try {
    return await assemble(service, config, { folder, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Opened {
  readonly folder: DataFolder;
  readonly store: Store;
}

async function assemble(service: Service, config: ApiServerConfig, opened: Opened): Promise<ServiceParts> {
  const { folder, store } = opened;
  const certificates = await StandaloneCertificates.open(
    folder,
    { serving: servingNames(config) },
    { clock: systemClock, log: service.log },
  );
  const tokens = await ServiceAccountTokens.open(folder);
  const definitions = [...NETWORK_DEFINITIONS, ...CORE_DEFINITIONS];
  const registry = await openRegistry(service, config, { store, definitions, namespaces: localNamespaces });
  await createStandardNamespaces(registry.environment);
  const server = serverOf(service, config, { ...registry, certificates, tokens });
  return partsOf(service, config, { folder, store, certificates, server });
}

interface Material {
  readonly hub: CacheHub;
  readonly environment: RegistryEnvironment;
  readonly certificates: StandaloneCertificates;
  readonly tokens: ServiceAccountTokens;
}

function serverOf(service: Service, config: ApiServerConfig, material: Material): ApiServer {
  const { hub, environment, certificates, tokens } = material;
  const byToken = new TokenAuthentication(tokens, hub, wallMs);
  const byCertificate = new CertificateAuthentication(() => [certificates.authorityPem], wallMs);
  const special = reviewHandlers(() => server, byToken);
  special.set(
    "/serviceaccounts/token",
    tokenRequestHandler(() => server, tokens),
  );
  const server: ApiServer = makeServer(service, config, {
    hub,
    environment,
    authenticator: new Authenticator([byCertificate, byToken], { anonymous: config.anonymousAuth }),
    authorizer: new RuleAuthorizer(config.serviceAccountRights === "all" ? STANDALONE_RULES : []),
    special,
    definitions: [...CORE_DEFINITIONS, ...REVIEW_DEFINITIONS, ...NETWORK_DEFINITIONS],
  });
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
  const parts = { log: service.log, namespaces: hub.cacheOf(NAMESPACE) };
  const bookmarks = new BookmarkTicker(hub, environment.random);
  const controllers = [
    new GarbageCollector(hub, environment, service.log),
    new NamespaceController(hub, environment, parts),
    new ExpiryController(hub, environment, service.log),
  ];
  const workers = config.controllers ? [bookmarks, ...controllers] : [bookmarks];
  return {
    version: kubernetesVersion(),
    listeners: [apiListener(server, config, certificates)],
    postStart: [
      { name: "admin-kubeconfig", run: () => writeAdminKubeconfig(service, folder, certificates) },
      { name: "controllers", run: () => workers.forEach((worker) => worker.start()) },
    ],
    stop: [
      { name: "controllers", run: () => workers.forEach((worker) => worker.stop()) },
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
