// The NAT's HTTP resources: what it carried and lost, who is where, and the commands that move clients.
import { type Context, Hono } from "hono";
import type { NatTable } from "../../core/nat/nat-table.ts";
import type { NatCounts } from "../../core/nat/nat-types.ts";
import type { BackendProbe } from "./backend-probe.ts";
import { readFaults, readShare } from "./fault-query.ts";
import type { NatDriver, NatPaths } from "./nat-driver.ts";

/** What the routes answer from. */
export interface NatRoutesOptions {
  readonly table: NatTable;
  readonly driver: NatDriver;
  readonly paths: NatPaths;
  /** Absent if nobody asks the back ends how they are. */
  readonly probe: BackendProbe | undefined;
  /** Addresses, in the order of the table. */
  readonly backends: readonly string[];
}

/** The application for the `--http` listener. */
export function createNatRoutes(options: NatRoutesOptions): Hono {
  const { table, driver } = options;
  const app = new Hono();
  app.get("/flows", (c) => c.json(flows(options)));
  app.get("/backends", (c) => c.json({ backends: backendList(options) }));
  app.post("/rebind", (c) => {
    const share = shareIn(c, "share", 1);
    return share === undefined ? refuse(c, "share") : c.json({ moved: driver.rebind(share) });
  });
  app.post("/reshuffle", (c) => {
    const share = shareIn(c, "share", 1);
    return share === undefined ? refuse(c, "share") : c.json({ moved: table.reshuffle(share) });
  });
  app.put("/drops", (c) => {
    const toBackends = shareIn(c, "toBackends", 0);
    const toClients = shareIn(c, "toClients", 0);
    if (toBackends === undefined) return refuse(c, "toBackends");
    if (toClients === undefined) return refuse(c, "toClients");
    table.lose({ toBackends, toClients });
    return c.json(table.drops);
  });
  app.put("/faults", (c) => {
    const faults = readFaults(new URL(c.req.url).searchParams);
    if (!faults.ok) return c.json({ error: faults.error }, 400);
    driver.suffer(faults.value);
    return c.json(faults.value);
  });
  return app;
}

function flows({ table, driver, paths, backends }: NatRoutesOptions): unknown {
  const { size, lingering, drops, counts } = table;
  const { toBackends, toClients } = paths;
  const sockets = driver.socketDrops();
  const pathLosses = toBackends.counts.underWayFull + toClients.counts.underWayFull;
  return {
    served: counts.toBackends + counts.toClients,
    lost: lostInTable(counts) + pathLosses + sumOf(driver.lost) + sumOf(sockets),
    rebinds: counts.rebinds,
    reshuffles: counts.reshuffles,
    flows: size,
    lingering,
    perBackend: Object.fromEntries(table.perBackend().map((count, index) => [backends[index] ?? "", count])),
    drops,
    faults: toBackends.faults,
    path: { toBackends: pathDocument(toBackends), toClients: pathDocument(toClients) },
    counts,
    driver: driver.lost,
    sockets,
  };
}

/** What a direction did to datagrams, and how many it keeps now. */
function pathDocument({ counts, underWay }: NatPaths["toBackends" | "toClients"]): unknown {
  return { underWay, ...counts };
}

function backendList({ table, probe, backends }: NatRoutesOptions): unknown {
  const perBackend = table.perBackend();
  return backends.map((address, index) => ({
    address,
    flows: perBackend[index] ?? 0,
    inRotation: table.isInRotation(index),
    reason: probe?.state(index).reason ?? null,
  }));
}

/** Datagrams that the table did not let through, in both directions. */
function lostInTable({ droppedToBackends, droppedToClients, flowsFull, noFlow }: NatCounts): number {
  return droppedToBackends + droppedToClients + flowsFull + noFlow;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function shareIn(c: Context, name: string, otherwise: number): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return otherwise;
  const share = readShare(text);
  return share.ok ? share.value : undefined;
}

function refuse(c: Context, name: string): Response {
  return c.json({ error: `Cannot use ${name}: it must be a number from 0 to 1` }, 400);
}
