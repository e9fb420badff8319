// Puts the agent together as a service: lock, client, fabric, health, HTTP.
import { createKubeClient, defaultClientConfig, type KubeClient, KubeConfigError } from "@coracle/kube/io";
import { ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import { joinPath, type SocketLock, SocketLockError, systemClock, takeSocketLock } from "@coracle/runtime";
import { type AgentConfig, programsOf } from "../config.ts";
import { ConnectionAgent } from "./connection-agent.ts";
import { createRoutes } from "./http-routes.ts";
import { makeFabric } from "./make-fabric.ts";
import { WatchTotals } from "./watch-totals.ts";

const TROUBLE_AFTER_MS = 10_000;
/** Names of foreign ports in a line of /readyz. */
const FOREIGN_SHOWN_MAX = 5;
const LOCK_NAME = "coracle-ovs-agent.lock";

/** The parts of an agent service. */
export async function setUpAgent(service: Service, config: AgentConfig): Promise<ServiceParts> {
  const { log, metrics, stopping } = service;
  const lock = await takeNodeLock(config);
  const watched = new WatchTotals();
  const client = await createClient(config, service, watched);
  const fabric = makeFabric(config, log);
  const agent = new ConnectionAgent({
    client,
    watched,
    fabric,
    node: config.node,
    hostIp: config.hostIp,
    allowedPrograms: new Set(programsOf(config.allowedPrograms)),
    workers: config.workers,
    localsMax: config.localsMax,
    remotesMax: config.remotesMax,
    adoptWaitMs: config.adoptWaitMs,
    troubleAfterMs: TROUBLE_AFTER_MS,
    exec: {
      concurrencyMax: config.execConcurrency,
      waitingMax: config.execQueue,
      timeoutMs: config.execTimeoutMs,
      outputSizeBytesMax: config.execOutputBytes,
    },
    clock: systemClock,
    log,
    metrics,
    signal: stopping,
  });
  addChecks(service, agent);
  const routes = createRoutes(agent, { ovsRunDir: config.ovsRunDir });
  return {
    handler: (request, context) => routes.fetch(request, context),
    postStart: [{ name: "agent", run: () => agent.start() }],
    stop: [
      { name: "agent", run: () => agent.stop() },
      { name: "client", run: () => client.close() },
      { name: "node-lock", run: () => lock?.release() },
    ],
  };
}

function addChecks({ health }: Service, { machine, fabric }: ConnectionAgent): void {
  health.add({
    name: "watches",
    check: () => {
      const { watches, watchesSynced, overflows } = machine.counts();
      const detail = `${watchesSynced} of ${watches} watches synced`;
      if (watches === 0 || watchesSynced < watches) return { healthy: false, reason: detail, detail };
      return { healthy: true, detail: overflows === 0 ? detail : `${detail}, ${overflows} objects left out` };
    },
  });
  health.add({
    name: "fabric",
    check: () => {
      const { connected, adopted, reason, localCount, remoteCount, flowsDesired, foreignPorts } = fabric.state();
      if (!connected) return { healthy: false, reason: reason ?? "not connected", detail: "not connected" };
      if (!adopted)
        return { healthy: false, reason: "what an earlier run left is not compared yet", detail: "not adopted" };
      const made = `${localCount} local and ${remoteCount} remote interfaces by ${flowsDesired} flows`;
      return { healthy: true, detail: `${made}${foreignText(foreignPorts ?? [])}` };
    },
  });
}

/** Nobody's frames come in by them, but somebody should know. */
function foreignText(ports: readonly string[]): string {
  if (ports.length === 0) return "";
  const more = ports.length > FOREIGN_SHOWN_MAX ? `, … ${ports.length} in all` : "";
  return `; foreign ports on the bridge: ${ports.slice(0, FOREIGN_SHOWN_MAX).join(", ")}${more}`;
}

/** Two agents on one switch would take each other's flows for leftovers. */
async function takeNodeLock({ nodeLock, fabric, ovsRunDir }: AgentConfig): Promise<SocketLock | undefined> {
  const path = nodeLock ?? (fabric === "ovs" ? joinPath(ovsRunDir, LOCK_NAME) : undefined);
  if (path === undefined) return undefined;
  try {
    const outcome = await takeSocketLock(path);
    if (outcome.kind === "taken") return outcome.lock;
    throw new ExitError(`Cannot start: another agent (${outcome.holder}) holds ${path}`);
  } catch (error) {
    if (!(error instanceof SocketLockError)) throw error;
    throw new ExitError(`--node-lock: ${error.message}`, { exitCode: 2, cause: error });
  }
}

async function createClient(
  { kubeconfig, context, node }: AgentConfig,
  { log }: Service,
  watched: WatchTotals,
): Promise<KubeClient> {
  try {
    const clientConfig = await defaultClientConfig({
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    return createKubeClient(clientConfig, {
      userAgent: `coracle-ovs-agent/${node}`,
      metrics: {
        follow: (sample) => watched.note(sample),
        warning: (text) => log.warning("The server warns", { text }),
        credentialProblem: (text) => log.warning("Credentials not reloaded", { text }),
      },
    });
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    throw new ExitError(error.message, { exitCode: 2, cause: error });
  }
}
