// The controller's own HTTP resources: virtual networks, subnets, queues, who leads.
import { formatIp, numberToIpv4 } from "@coracle/base";
import type { Clock } from "@coracle/base";
import { firstRows } from "@coracle/lifecycle";
import { Hono } from "hono";
import type { IpamMachine } from "../core/ipam-machine.ts";
import { keyOf } from "../core/table/views.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly machine: IpamMachine;
  readonly clock: Clock;
  readonly leadership: () => { readonly isLeading: boolean; readonly leader: string | undefined };
}

/** Rows of one answer at most; a longer list says in a header how many more there are. */
const ROWS_MAX = 1000;

/** The application for the `--http` listener. */
export function createRoutes({ machine, clock, leadership }: RoutesOptions): Hono {
  const { state, subnets, queues } = machine;
  const app = new Hono();
  app.get("/vnis", (c) => {
    const { rows, headers } = firstRows(state.pool.vnis(), ROWS_MAX, ([vni, used]) => ({
      vni,
      used: used.size,
      runs: firstRows(used, ROWS_MAX, ([from, to]) => [textOf(from), textOf(to)]).rows,
      subnets: firstRows(subnets.ofVni(vni), ROWS_MAX, keyOf).rows,
    }));
    return c.json(rows, 200, headers);
  });
  app.get("/subnets", (c) => {
    const { rows, headers } = firstRows(subnets.all(), ROWS_MAX, keyOf);
    return c.json(rows, 200, headers);
  });
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
      backoff: firstRows(queues[name].delayed(), ROWS_MAX, ({ key, failures, dueAt }) => ({
        key,
        failures,
        dueInMs: Math.max(0, Math.round(dueAt - now)),
      })).rows,
    });
    return c.json({ ...leadership(), synced: machine.isSynced, ipam: shown("ipam"), sv: shown("sv") });
  });
  return app;
}

function textOf(address: number): string {
  return formatIp(numberToIpv4(address));
}
