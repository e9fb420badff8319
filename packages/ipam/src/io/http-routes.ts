// The controller's own HTTP resources: virtual networks, subnets, queues, who leads.
import { formatIp, numberToIpv4 } from "@coracle/base";
import type { Clock } from "@coracle/base";
import { Hono } from "hono";
import type { IpamMachine } from "../core/ipam-machine.ts";
import { keyOf } from "../core/table/views.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly machine: IpamMachine;
  readonly clock: Clock;
  readonly leadership: () => { readonly isLeading: boolean; readonly leader: string | undefined };
}

/** Rows of one answer. */
const ROWS_MAX = 1000;

/** The application for the `--http` listener. */
export function createRoutes({ machine, clock, leadership }: RoutesOptions): Hono {
  const { state, subnets, queues } = machine;
  const app = new Hono();
  app.get("/vnis", (c) =>
    c.json(
      [...state.pool.vnis()].slice(0, ROWS_MAX).map(([vni, used]) => ({
        vni,
        used: used.size,
        runs: [...firstOf(used, ROWS_MAX)].map(([from, to]) => [textOf(from), textOf(to)]),
        subnets: [...subnets.ofVni(vni)].map(keyOf),
      })),
    ),
  );
  app.get("/subnets", (c) => c.json([...firstOf(subnets.all(), ROWS_MAX)].map(keyOf)));
  app.get("/subnets/:namespace/:name", (c) => {
    const key = `${c.req.param("namespace")}/${c.req.param("name")}`;
    const subnet = subnets.get(key);
    if (subnet === undefined)
      return c.json({ error: `Cannot show subnet ${key.slice(0, 512)}: it does not exist` }, 404);
    const { vni, cidr, isValidated, errors, range } = subnet;
    const usable = range.ok ? range.value.usable : undefined;
    return c.json({
      subnet: key,
      vni,
      cidr,
      validated: isValidated,
      errors,
      used: usable === undefined ? 0 : state.pool.used(vni, usable),
      free: usable === undefined ? 0 : state.pool.free(vni, usable),
      waiting: state.waiting.waiting(key),
    });
  });
  app.get("/queue", (c) => {
    const now = clock.now();
    const shown = (name: "ipam" | "sv"): object => ({
      ...queues[name].state(now),
      backoff: [...firstOf(queues[name].delayed(), ROWS_MAX)].map(({ key, failures, dueAt }) => ({
        key,
        failures,
        dueInMs: Math.max(0, Math.round(dueAt - now)),
      })),
    });
    return c.json({ ...leadership(), synced: machine.isSynced, ipam: shown("ipam"), sv: shown("sv") });
  });
  return app;
}

function* firstOf<T>(items: Iterable<T>, countMax: number): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ >= countMax) return;
    yield item;
  }
}

function textOf(address: number): string {
  return formatIp(numberToIpv4(address));
}
