// The server as an extension of a Kubernetes cluster: kube-apiserver passes requests on, vouches for users and decides on rights.
import { NETWORK_DEFINITIONS } from "@coracle/api";
import { createKubeClient, defaultClientConfig, type KubeClient } from "@coracle/kube/io";
import {
  ExitError,
  type Hook,
  type Service,
  type ServiceParts,
  TlsMetrics,
  type TlsSource,
  tlsSourceFromFiles,
} from "@coracle/lifecycle";
import { systemClock } from "@coracle/runtime";
import type { Store } from "@coracle/store";
import type { ApiServerConfig } from "../config.ts";
import { Authenticator } from "./authentication.ts";
import { BookmarkTicker } from "./bookmark-ticker.ts";
import { CertificateAuthentication } from "./certificate-authentication.ts";
import { openDataStore } from "./data-store.ts";
import { AccessReviewAuthorizer } from "./delegated/access-review-authorizer.ts";
import { authoritiesTls } from "./delegated/authorities-tls.ts";
import { FollowedNamespaces } from "./delegated/followed-namespaces.ts";
import { FollowedSettings } from "./delegated/followed-settings.ts";
import { FrontProxyAuthentication } from "./delegated/front-proxy-authentication.ts";
import { TokenReviewAuthentication } from "./delegated/token-review-authentication.ts";
import { DataFolder } from "./pki/data-folder.ts";
import { StandaloneCertificates } from "./pki/standalone-certificates.ts";
import { apiListener, makeServer, openRegistry, servingNames, wallMs } from "./server-assembly.ts";
import { kubernetesVersion } from "./version.ts";

/** Puts the server together; nothing is served to users before the cluster's settings are known. */
export async function setUpAggregated(service: Service, config: ApiServerConfig): Promise<ServiceParts> {
  const client = createKubeClient(await clusterConfig(config), { userAgent: "coracle-apiserver" });
  const folder = await DataFolder.open(config.data ?? "");
  const store = await openDataStore(folder, config.compactionIntervalMs);
  try {
    return await assemble(service, config, { client, folder, store });
  } catch (error) {
    client.close();
    await store.close();
    throw error;
  }
}

async function clusterConfig(config: ApiServerConfig): ReturnType<typeof defaultClientConfig> {
  try {
    return await defaultClientConfig(config.kubeconfig === undefined ? {} : { path: config.kubeconfig });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ExitError(`cannot find the cluster to extend: ${why}`, { cause });
  }
}

interface Opened {
  readonly client: KubeClient;
  readonly folder: DataFolder;
  readonly store: Store;
}

async function assemble(service: Service, config: ApiServerConfig, opened: Opened): Promise<ServiceParts> {
  const { client, folder, store } = opened;
  const settings = new FollowedSettings();
  const namespaces = new FollowedNamespaces(client);
  const definitions = NETWORK_DEFINITIONS;
  const registry = await openRegistry(service, config, { store, definitions, namespaces: () => namespaces });
  const byProxy = new FrontProxyAuthentication(() => settings.current, wallMs);
  const byCertificate = new CertificateAuthentication(() => [settings.current.clientCa], wallMs);
  settings.onChange(() => {
    byProxy.forget();
    byCertificate.forget();
  });
  const methods = [byProxy, byCertificate, new TokenReviewAuthentication(client, systemClock)];
  const server = makeServer(service, config, {
    ...registry,
    authenticator: new Authenticator(methods, { anonymous: config.anonymousAuth }),
    authorizer: new AccessReviewAuthorizer(client, systemClock),
    special: new Map(),
    definitions,
  });
  const tls = authoritiesTls(await servingPair(service, config, folder), settings);
  const ticker = new BookmarkTicker(registry.hub, registry.environment.random);
  return {
    version: kubernetesVersion(),
    listeners: [apiListener(server, config, tls)],
    postStart: [
      followHook("authentication-settings", service, (first) =>
        settings.follow(client, service.log, { signal: service.stopping, first }),
      ),
      followHook("namespaces", service, (first) => namespaces.follow(service.log, { signal: service.stopping, first })),
      { name: "bookmarks", run: () => ticker.start() },
    ],
    stop: [
      { name: "bookmarks", run: () => ticker.stop() },
      { name: "caches", run: () => registry.hub.close() },
      { name: "store", run: () => store.close() },
      { name: "cluster", run: () => client.close() },
    ],
  };
}

/** Given files, or a pair made here that an APIService can trust by its authority in the data folder. */
function servingPair(service: Service, config: ApiServerConfig, folder: DataFolder): Promise<TlsSource> {
  const { tlsCertFile: certFile, tlsPrivateKeyFile: keyFile } = config;
  const { log } = service;
  if (certFile === undefined || keyFile === undefined) {
    return StandaloneCertificates.open(folder, { serving: servingNames(config) }, { clock: systemClock, log });
  }
  return tlsSourceFromFiles({ certFile, keyFile }, { name: "serving", log, metrics: new TlsMetrics(service.metrics) });
}

/** A hook that is over when the first state is known, while the following goes on. */
function followHook(name: string, service: Service, start: (first: () => void) => Promise<void>): Hook {
  return {
    name,
    run: (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      start(resolve).then(
        () => {
          if (!service.stopping.aborted) service.stop(`${name} can no longer be followed`, 1);
          resolve();
        },
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      );
      return promise;
    },
  };
}
