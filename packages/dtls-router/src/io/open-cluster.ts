// How this node takes part in its cluster: found by pings, or in a fixed table, or alone.
import {
  type ClusterSecurity,
  type ClusterSettings,
  clusterSecurity,
  clusterSettings,
  PeerSource,
  StaticSource,
  staticSecurity,
  staticSelf,
  staticSettings,
} from "@coracle/cluster/io";
import { systemCrypto } from "@coracle/dtls/io";
import type { Address, Service } from "@coracle/lifecycle";
import { environment, systemRandom } from "@coracle/runtime";
import type { DtlsRouterConfig } from "../config.ts";
import type { FoundNodes } from "./cluster-control.ts";

/** A node's settings, and the list of nodes behind them, which is followed until `close`. */
export interface OpenedCluster extends Partial<ClusterSettings> {
  readonly security: ClusterSecurity;
  readonly discover: () => Promise<FoundNodes>;
  close(): void;
}

/** Reads lists and secrets; contradictions are an `ExitError`. `onChange`: there is a new list. Without settings this node is alone. */
export async function openCluster(
  config: DtlsRouterConfig,
  service: Service,
  onChange: () => void,
): Promise<OpenedCluster> {
  const { clusterListen, staticPeers, staticPeersFile } = config;
  const follow = { log: service.log, onChange };
  if (clusterListen !== undefined && (staticPeers !== undefined || staticPeersFile !== undefined))
    return openStatic(config, clusterListen, follow);
  return openPinged(config, follow);
}

type Follow = Pick<Service, "log"> & { readonly onChange: () => void };

async function openPinged(config: DtlsRouterConfig, follow: Follow): Promise<OpenedCluster> {
  const { clusterListen } = config;
  const security = clusterSecurity(config.clusterSecurity, environment());
  const peers = new PeerSource({ peers: config.peers ?? [], file: config.peersFile, ...follow });
  await peers.start();
  const opened = {
    security,
    discover: async (): Promise<FoundNodes> => ({ kind: "discovered", addresses: await peers.addresses() }),
    close: () => peers.close(),
  };
  if (clusterListen === undefined) return opened;
  // Names that cannot be looked up yet do not keep a node from starting, if it is told how many others there are.
  const listed = config.nodesExpected === undefined ? await peers.addresses() : [];
  const facts = { config, clusterListen, security, listed, crypto: systemCrypto, random: systemRandom };
  return { ...opened, ...(await clusterSettings(facts)) };
}

async function openStatic(config: DtlsRouterConfig, clusterListen: Address, follow: Follow): Promise<OpenedCluster> {
  const security = staticSecurity(config.clusterSecurity === "plain" ? "plain" : "auto", environment());
  const self = await staticSelf({ config, clusterListen });
  const source = new StaticSource({ peers: config.staticPeers ?? [], file: config.staticPeersFile, self, ...follow });
  await source.start();
  return {
    ...staticSettings(self, systemRandom),
    security,
    discover: async () => ({ kind: "table", nodes: await source.table() }),
    close: () => source.close(),
  };
}
