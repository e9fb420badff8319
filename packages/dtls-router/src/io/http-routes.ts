// The router's own HTTP resources: other nodes, how many sessions of which kind, where a connection ID leads.
import { nodeDocument } from "@coracle/cluster/io";
import { systemClock } from "@coracle/runtime";
import { Hono } from "hono";
import { explainCid } from "../core/cid-explanation.ts";
import type { RouterNode } from "../core/router-node.ts";
import type { Application } from "./application.ts";
import type { Edge } from "./edge.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly node: RouterNode;
  readonly edge: Edge;
  readonly application: Application;
  readonly nodeId: number;
  readonly cidSizeBytes: number;
  readonly clusterMode: string | undefined;
}

/** The application for the `--http` listener. */
export function createRoutes(options: RoutesOptions): Hono {
  const app = new Hono();
  app.get("/nodes", (c) => c.json(nodes(options)));
  app.get("/sessions", (c) => c.json(sessions(options)));
  app.get("/cid/:hex", (c) => {
    const explained = explainCid(c.req.param("hex"), options);
    if (explained.kind === "route") return c.json(explained);
    return c.json({ error: `Cannot explain a connection ID: ${explained.reason}` }, 400);
  });
  return app;
}

function nodes({ node, edge, nodeId, clusterMode }: RoutesOptions): unknown {
  const now = systemClock.now();
  return {
    self: { nodeId, ready: node.isReady, mode: clusterMode ?? "alone" },
    nodes: edge.nodes().map((each) => nodeDocument(each, now)),
  };
}

/** Counts alone: who has a session is nobody's business here. */
function sessions({ node, edge, application }: RoutesOptions): unknown {
  const bySuite = new Map<string, number>();
  const byIdentity = new Map<string, number>();
  let routed = 0;
  let withoutCid = 0;
  for (const id of node.server.sessionIds()) {
    const device = edge.describe(id);
    if (device === undefined) continue;
    const { suite, identity, router, ownCid } = device;
    bySuite.set(suite, (bySuite.get(suite) ?? 0) + 1);
    byIdentity.set(identity.kind, (byIdentity.get(identity.kind) ?? 0) + 1);
    if (router !== undefined) routed++;
    if (ownCid.length === 0) withoutCid++;
  }
  return {
    sessions: node.server.sessionCount,
    handshakes: node.server.handshakeCount,
    throughOtherNodes: routed,
    withoutConnectionId: withoutCid,
    bySuite: Object.fromEntries(bySuite),
    byIdentity: Object.fromEntries(byIdentity),
    upstream: { kind: application.name, ...application.levels() },
  };
}
