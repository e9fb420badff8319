// The command `coracle-load nat`: sockets, commands over HTTP, metrics.
import { parseIp, SeededRandom } from "@coracle/base";
import { ExitError, runWithConfig, type Service, type ServiceParts } from "@coracle/lifecycle";
import { formatUdpAddress, resolveHost, systemRandom, type UdpAddress, udpAddress } from "@coracle/runtime";
import { type Context, Hono } from "hono";
import { NatTable } from "../../core/nat/nat-table.ts";
import type { NatCounts } from "../../core/nat/nat-types.ts";
import type { NatConfig } from "../../nat-config.ts";
import { NatDriver } from "./nat-driver.ts";
import { addNatMetrics } from "./nat-metrics.ts";

/** Runs until told to end. */
export async function runNat(config: NatConfig): Promise<void> {
  await runWithConfig({ component: "load", setup: setUpNat }, config);
}

async function setUpNat(service: Service, config: NatConfig): Promise<ServiceParts> {
  if (!parseIp(config.outside).ok) throw new ExitError("--outside is no IP address", { exitCode: 2 });
  const backends = await Promise.all(config.backends.map(({ host, port }) => addressOf(host, port)));
  const seed = config.seed ?? systemRandom.uint32();
  const table = new NatTable({ ...config, backendCount: backends.length }, new SeededRandom(seed));
  table.lose({ toBackends: config.dropToBackends, toClients: config.dropToClients });
  const driver = new NatDriver({ table, backends, outside: config.outside, log: service.log });
  const listen = await addressOf(config.listen.host, config.listen.port);
  const at = await driver.start(formatHost(listen), listen.port);
  service.log.info("Listening", { port: "listen", at, backends: backends.map(formatUdpAddress), seed });
  const names = backends.map(formatUdpAddress);
  addNatMetrics(service.metrics, { table, driver, backends: names });
  const routes = createRoutes({ table, driver, backends: names });
  return {
    handler: (request) => routes.fetch(request),
    stop: [{ name: "sockets", run: () => driver.close() }],
  };
}

interface Parts {
  readonly table: NatTable;
  readonly driver: NatDriver;
  readonly backends: readonly string[];
}

function createRoutes({ table, driver, backends }: Parts): Hono {
  const app = new Hono();
  app.get("/flows", (c) => {
    const perBackend = Object.fromEntries(table.perBackend().map((count, index) => [backends[index] ?? "", count]));
    const { size: flows, lingering, drops, counts } = table;
    const { served, lost } = totals(counts, driver.lost);
    const { rebinds, reshuffles } = counts;
    return c.json({
      served,
      lost,
      rebinds,
      reshuffles,
      flows,
      lingering,
      perBackend,
      drops,
      counts,
      driver: driver.lost,
    });
  });
  app.post("/rebind", (c) => {
    const share = readShare(c, "share", 1);
    return share === undefined ? refuse(c, "share") : c.json({ moved: driver.rebind(share) });
  });
  app.post("/reshuffle", (c) => {
    const share = readShare(c, "share", 1);
    return share === undefined ? refuse(c, "share") : c.json({ moved: table.reshuffle(share) });
  });
  app.put("/drops", (c) => {
    const toBackends = readShare(c, "toBackends", 0);
    const toClients = readShare(c, "toClients", 0);
    if (toBackends === undefined) return refuse(c, "toBackends");
    if (toClients === undefined) return refuse(c, "toClients");
    table.lose({ toBackends, toClients });
    return c.json(table.drops);
  });
  return app;
}

/** Datagrams carried and not carried, both directions together. */
function totals(counts: NatCounts, driver: NatDriver["lost"]): { readonly served: number; readonly lost: number } {
  const { toBackends, toClients, droppedToBackends, droppedToClients, flowsFull, noFlow } = counts;
  const inTable = droppedToBackends + droppedToClients + flowsFull + noFlow;
  const inDriver = driver.portNotOpen + driver.portFailed + driver.stranger;
  return { served: toBackends + toClients, lost: inTable + inDriver };
}

function readShare(c: Context, name: string, otherwise: number): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return otherwise;
  return /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text) ? Number(text) : undefined;
}

function refuse(c: Context, name: string): Response {
  return c.json({ error: `Cannot use ${name}: it must be a number from 0 to 1` }, 400);
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
