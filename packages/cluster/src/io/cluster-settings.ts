// How a node takes part in a cluster: from its flags and its secret to the settings of its management plane.
import type { Random } from "@coracle/base";
import type { CryptoProvider } from "@coracle/dtls";
import { ExitError } from "@coracle/lifecycle";
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { ManagementPlaneOptions } from "../management-plane.ts";
import { nodeId } from "../node-id.ts";
import type { PeerName } from "../peer-list.ts";
import type { ClusterSecurity } from "./cluster-secret.ts";
import { DtlsChannel } from "./dtls-channel.ts";
import { endpointsOf } from "./peer-source.ts";
import type { StaticSelf } from "./static-source.ts";

/** What the command line says of this node; the names of its fields are those of the flags. */
export interface ClusterConfig {
  readonly nodeId: number;
  /** This node's cluster address as the others see it; needed when `clusterListen` is a wildcard. */
  readonly clusterAddress: PeerName | undefined;
  /** The whole cluster, this node included; else as many as are listed now. */
  readonly nodesExpected: number | undefined;
  readonly readyNodesMin: number | undefined;
}

/** What is known when the settings are made. */
export interface ClusterFacts {
  readonly config: ClusterConfig;
  readonly clusterListen: PeerName;
  readonly security: ClusterSecurity;
  /** The addresses listed now. */
  readonly listed: readonly Endpoint[];
  readonly crypto: CryptoProvider;
  /** Fit for keys. */
  readonly random: Random;
}

/** The settings, and the management sessions of the secure modes. */
export interface ClusterSettings {
  readonly management: ManagementPlaneOptions;
  readonly channel: DtlsChannel | undefined;
}

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** The settings; a contradiction is an {@link ExitError}. Nodes are found by asking the driver (`discover`). */
export async function clusterSettings(facts: ClusterFacts): Promise<ClusterSettings> {
  const { config, security, crypto, random } = facts;
  const { mode, credentials } = security;
  const selfAddresses = await ownAddresses(facts);
  const channel =
    mode === "plain" || credentials === undefined
      ? undefined
      : new DtlsChannel({ crypto, random, credentials, mac: mode === "dtls-mac" });
  const nodesExpected = config.nodesExpected ?? countNodes(facts.listed, selfAddresses);
  if (config.readyNodesMin !== undefined && config.readyNodesMin > nodesExpected) {
    const text = `--ready-nodes-min ${config.readyNodesMin} is more than the ${nodesExpected} nodes expected`;
    throw new ExitError(text, { exitCode: 2 });
  }
  return {
    channel,
    management: {
      mode,
      ...(channel === undefined ? {} : { channel }),
      table: {
        nodeId: nodeId(config.nodeId),
        random,
        discovery: { kind: "dynamic" },
        selfAddresses,
        nodesExpected,
        ...(config.readyNodesMin === undefined ? {} : { readyNodesMin: config.readyNodesMin }),
      },
    },
  };
}

/** The settings of a node with a fixed table: there is nobody to expect or to prove anything to. */
export function staticSettings(self: StaticSelf, random: Random): ClusterSettings {
  const { nodeId: id, selfAddresses } = self;
  const table = { nodeId: id, random, discovery: { kind: "dynamic" }, selfAddresses } as const;
  return { channel: undefined, management: { mode: "static", table } };
}

/** Who a node with a fixed table is. Without its address its own line cannot be told from a clash. */
export async function staticSelf({
  config,
  clusterListen,
}: Pick<ClusterFacts, "config" | "clusterListen">): Promise<StaticSelf> {
  const own = config.clusterAddress ?? clusterListen;
  const addresses = await endpointsOf(own);
  return {
    nodeId: nodeId(config.nodeId),
    selfAddresses: WILDCARDS.has(own.host) ? [] : addresses,
    addressSizeBytes: (await endpointsOf(clusterListen))[0]?.address.length ?? 4,
  };
}

async function ownAddresses({ config, clusterListen }: ClusterFacts): Promise<readonly Endpoint[]> {
  const own = config.clusterAddress ?? clusterListen;
  if (WILDCARDS.has(own.host)) {
    throw new ExitError("--cluster-address is needed: the address to listen at does not say which is this node's", {
      exitCode: 2,
    });
  }
  return endpointsOf(own);
}

/** A list that leaves this node out counts one more; two is the least that is a cluster. */
function countNodes(listed: readonly Endpoint[], own: readonly Endpoint[]): number {
  const ownKeys = new Set(own.map(formatEndpoint));
  const others = new Set(listed.map(formatEndpoint).filter((key) => !ownKeys.has(key)));
  return Math.max(others.size + 1, listed.length === 1 && others.size === 0 ? 1 : 2);
}
