// The Hono application every binary serves: health, metrics, version.
import { Hono } from "hono";
import { addHealthRoutes } from "../health/health-routes.ts";
import type { Health } from "../health/health.ts";
import type { Metrics } from "../metrics/metrics.ts";

/** Which of these endpoints a listener serves. `health`: without `/metrics`, for listeners that strangers reach. */
export type OperationsScope = "all" | "health" | "none";

/** What the endpoints show. */
export interface OperationsOptions {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly version: () => Readonly<Record<string, unknown>>;
  readonly scope: "all" | "health";
}

/** Makes the application with `/livez`, `/readyz`, `/healthz`, `/version` and, in scope `all`, `/metrics`. */
export function createOperationsApp(options: OperationsOptions): Hono {
  const app = new Hono();
  addHealthRoutes(app, options.health);
  app.get("/version", (context) => context.json(options.version()));
  if (options.scope === "all") {
    app.get("/metrics", async (context) => {
      const { text, contentType } = await options.metrics.expose();
      return context.body(text, 200, { "content-type": contentType });
    });
  }
  return app;
}

const OPERATIONS_PATH = /^\/(livez|readyz|healthz|metrics|version)(\/|$)/;
/** Served through every state of a termination: probers and scrapers must see it. */
const EXEMPT_PATH = /^\/(livez|readyz|healthz|metrics)(\/|$)/;

/** True if a request for this path is for the operations application. */
export function isOperationsPath(path: string, scope: OperationsScope): boolean {
  if (scope === "none" || (scope === "health" && path === "/metrics")) return false;
  return OPERATIONS_PATH.test(path);
}

/** True if a request for this path is answered even when new requests are refused. */
export function isExemptPath(path: string): boolean {
  return EXEMPT_PATH.test(path);
}

/** The path of an absolute URL, without parsing the whole of it. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
