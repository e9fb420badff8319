// What a well-behaved API server would say, for tests to say well or badly.
import type { JsonObject, KubeStatus } from "../../mod.ts";
import type { Exchange, ExchangeHandler } from "./scripted-server.ts";

/** A pod with just enough to be one. */
export function pod(name: string, resourceVersion: string, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion },
    ...more,
  };
}

/** A whole list answer. */
export function podList(resourceVersion: string, items: readonly JsonObject[], more: JsonObject = {}): string {
  return JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion, ...more }, items });
}

/** One line of a watch. */
export function event(type: string, object: JsonObject | KubeStatus): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** A bookmark; with `end` the one that ends the initial events. */
export function bookmark(resourceVersion: string, end: boolean = false): string {
  const annotations = end ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  return event("BOOKMARK", { apiVersion: "v1", kind: "Pod", metadata: { resourceVersion, ...annotations } });
}

/** A failure as servers write it. */
export function failure(code: number, reason: string, details?: KubeStatus["details"]): KubeStatus {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `scripted ${reason}`,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** Answers with a whole JSON text. */
export function sendJson(
  exchange: Exchange,
  status: number,
  body: string | object,
  headers?: Record<string, string>,
): void {
  exchange.respond(status, headers);
  exchange.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** Starts a watch with the given lines and leaves it open. */
export async function startWatch(exchange: Exchange, ...lines: readonly string[]): Promise<void> {
  exchange.respond(200);
  for (const line of lines) await exchange.write(line);
}

/** Runs the first handler on the first request, the second on the second; one more request is answered 400. */
export function sequence(...handlers: readonly ExchangeHandler[]): ExchangeHandler {
  let next = 0;
  return async (exchange) => {
    const handler = handlers[next++];
    if (handler === undefined) sendJson(exchange, 400, failure(400, "BadRequest"));
    else await handler(exchange);
  };
}

/** Answers a list with pods of these names, all at the list's own version. */
export function listOf(version: string, ...names: readonly string[]): ExchangeHandler {
  return (exchange) =>
    sendJson(
      exchange,
      200,
      podList(
        version,
        names.map((name) => pod(name, version)),
      ),
    );
}
