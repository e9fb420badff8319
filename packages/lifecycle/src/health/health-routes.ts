// The HTTP face of the checks: /livez, /readyz, /healthz, with ?verbose and ?exclude=, and /livez/<check>.
import type { Hono } from "hono";
import type { HealthAnswer } from "../core/health-report.ts";
import type { Health, HealthEndpoint } from "./health.ts";

const ENDPOINTS: readonly HealthEndpoint[] = ["livez", "readyz", "healthz"];
const EXCLUDES_MAX = 256;

/** Adds the health endpoints to an application. */
export function addHealthRoutes(app: Hono, health: Health): void {
  for (const endpoint of ENDPOINTS) {
    app.get(`/${endpoint}`, async (context) => {
      const query = new URL(context.req.url).searchParams;
      const exclude = query.getAll("exclude").slice(0, EXCLUDES_MAX);
      return respond(await health.probe(endpoint, { verbose: query.has("verbose"), exclude }));
    });
    app.get(`/${endpoint}/:check{.+}`, async (context) => {
      const answer = await health.probeOne(endpoint, context.req.param("check"));
      return answer === undefined ? context.notFound() : respond(answer);
    });
  }
}

function respond(answer: HealthAnswer): Response {
  return new Response(answer.body, {
    status: answer.status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}
