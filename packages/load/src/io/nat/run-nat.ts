// The command `coracle-load nat`: sockets, probes of back ends, commands over HTTP, metrics.
import { SeededRandom } from "@coracle/base";
import { ExitError, type Logger, runWithConfig, type Service, type ServiceParts } from "@coracle/lifecycle";
import {
  createHttpClient,
  formatUdpAddress,
  type ReceivedDatagram,
  resolveHost,
  systemRandom,
  type UdpAddress,
  udpAddress,
} from "@coracle/runtime";
import { FaultyPath } from "../../core/nat/faulty-path.ts";
import { NatTable } from "../../core/nat/nat-table.ts";
import type { PathFaults } from "../../core/nat/nat-types.ts";
import type { NatConfig } from "../../nat-config.ts";
import { requireOpenFiles } from "../open-files.ts";
import { BackendProbe } from "./backend-probe.ts";
import { type LateAnswer, NatDriver } from "./nat-driver.ts";
import { addNatMetrics } from "./nat-metrics.ts";
import { createNatRoutes } from "./nat-routes.ts";

/** Runs until told to end. */
export async function runNat(config: NatConfig): Promise<void> {
  await runWithConfig({ component: "load", setup: setUpNat }, config);
}

async function setUpNat(service: Service, config: NatConfig): Promise<ServiceParts> {
  const { log } = service;
  await requireOpenFiles({ wanted: config.flowsMax, flag: "--flows-max", what: "clients", isFatal: false, log });
  const backends = await Promise.all(config.backends.map(({ host, port }) => addressOf(host, port)));
  refuseOtherFamily(config.outside, backends);
  const names = backends.map(formatUdpAddress);
  const seed = config.seed ?? systemRandom.uint32();
  const random = new SeededRandom(seed);
  const table = new NatTable({ ...config, backendCount: backends.length }, random);
  table.lose({ toBackends: config.dropToBackends, toClients: config.dropToClients });
  const path = { random, underWayMax: config.underWayMax };
  const paths = { toBackends: new FaultyPath<ReceivedDatagram>(path), toClients: new FaultyPath<LateAnswer>(path) };
  const driver = new NatDriver({ table, paths, backends, outside: config.outside, log });
  driver.suffer(faultsOf(config));
  const listen = await addressOf(config.listen.host, config.listen.port);
  const at = await driver.start(formatHost(listen), listen.port);
  const probe = makeProbe(config, { table, names, log });
  log.info("Listening", { port: "listen", at, backends: names, seed });
  const sources = { table, driver, paths, probe, backends: names };
  addNatMetrics(service.metrics, sources);
  const routes = createNatRoutes(sources);
  return {
    handler: (request) => routes.fetch(request),
    stop: [
      { name: "probes", run: () => probe?.close() },
      { name: "sockets", run: () => driver.close() },
    ],
  };
}

function faultsOf({ duplicate, reorder, reorderBy, reorderHoldMs, delayMs, jitterMs }: NatConfig): PathFaults {
  return { duplicate, reorder, reorderBy, reorderHoldMs, delayMs, jitterMs };
}

function makeProbe(
  { health, healthEveryMs, healthTimeoutMs, healthFailuresMax }: NatConfig,
  parts: { readonly table: NatTable; readonly names: readonly string[]; readonly log: Logger },
): BackendProbe | undefined {
  if (health === undefined) return undefined;
  const probe = new BackendProbe({
    ...parts,
    client: createHttpClient({ connectTimeoutMs: healthTimeoutMs }),
    urls: health,
    everyMs: healthEveryMs,
    timeoutMs: healthTimeoutMs,
    failuresMax: healthFailuresMax,
  });
  probe.start();
  return probe;
}

/** A port of one family reaches none of the other; but `::` serves both. */
function refuseOtherFamily(outside: string, backends: readonly UdpAddress[]): void {
  const port = udpAddress(outside, 0);
  const other = backends.find(({ address }) => address.length !== port.address.length);
  if (other === undefined || outside === "::") return;
  throw new ExitError(
    `--backends: ${formatUdpAddress(other)} cannot be reached from ${outside} (--outside), as one is IPv4 and the other IPv6`,
    { exitCode: 2 },
  );
}

async function addressOf(host: string, port: number): Promise<UdpAddress> {
  const [first] = await resolveHost(host);
  if (first === undefined) throw new ExitError(`${host} has no address`);
  return udpAddress(first, port);
}

function formatHost(address: UdpAddress): string {
  return formatUdpAddress(address)
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
}
