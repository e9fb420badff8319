// How this node takes part in a cluster: from flags and environment to the settings of its management plane.
import type { Endpoint, ManagementMode, ManagementPlaneOptions } from "@coracle/cluster";
import { formatEndpoint, nodeId } from "@coracle/cluster";
import { type ChannelCredentials, DtlsChannel, endpointsOf } from "@coracle/cluster/io";
import { systemCrypto } from "@coracle/dtls/io";
import { type Address, ExitError } from "@coracle/lifecycle";
import { systemRandom } from "@coracle/runtime";
import type { DtlsRouterConfig } from "../config.ts";

/** A node's part in its cluster. */
export interface ClusterOptions {
  readonly management: ManagementPlaneOptions;
  /** The management sessions; absent in mode plain. */
  readonly channel: DtlsChannel | undefined;
  readonly backward: boolean;
}

/** What is known when the settings are made. */
export interface ClusterFacts {
  readonly config: DtlsRouterConfig;
  readonly clusterListen: Address;
  readonly mode: ManagementMode;
  readonly credentials: ChannelCredentials | undefined;
  /** The addresses listed now; they tell how many nodes are expected. */
  readonly listed: readonly Endpoint[];
}

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** The settings; a contradiction is an {@link ExitError}. */
export async function clusterOptions(facts: ClusterFacts): Promise<ClusterOptions> {
  const { config, mode, credentials } = facts;
  const selfAddresses = await ownAddresses(facts);
  const channel =
    mode === "plain" || credentials === undefined
      ? undefined
      : new DtlsChannel({ crypto: systemCrypto, random: systemRandom, credentials, mac: mode === "dtls-mac" });
  const nodesExpected = config.nodesExpected ?? countNodes(facts.listed, selfAddresses);
  if (config.readyNodesMin !== undefined && config.readyNodesMin > nodesExpected) {
    const text = `--ready-nodes-min ${config.readyNodesMin} is more than the ${nodesExpected} nodes expected`;
    throw new ExitError(text, { exitCode: 2 });
  }
  return {
    backward: config.backward,
    channel,
    management: {
      mode,
      ...(channel === undefined ? {} : { channel }),
      table: {
        nodeId: nodeId(config.nodeId),
        random: systemRandom,
        discovery: { kind: "dynamic" },
        selfAddresses,
        nodesExpected,
        ...(config.readyNodesMin === undefined ? {} : { readyNodesMin: config.readyNodesMin }),
      },
    },
  };
}

async function ownAddresses({ config, clusterListen }: ClusterFacts): Promise<readonly Endpoint[]> {
  const own = config.clusterAddress ?? clusterListen;
  if (WILDCARDS.has(own.host)) {
    throw new ExitError("--cluster-address is needed: --cluster-listen does not say which address is this node's", {
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
