// The router's own HTTP resources: other nodes, how many sessions of which kind, where a connection ID leads.
import { nodeDocument } from "@coracle/cluster/io";
import { systemClock } from "@coracle/runtime";
import { type Context, Hono } from "hono";
import { explainCid } from "../core/cid-explanation.ts";
import type { QuicLbLayout } from "../core/quic-lb-layout.ts";
import type { ClusterControl } from "./cluster-control.ts";
import type { SessionService } from "./session-service.ts";
import { NoAnswerError } from "./worker-line.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly sessions: SessionService;
  /** Absent: this node is alone. */
  readonly cluster: ClusterControl | undefined;
  readonly clusterMode: string | undefined;
  readonly nodeId: number;
  readonly cidSizeBytes: number;
  /** Absent: Californium's. */
  readonly layout: QuicLbLayout | undefined;
  /** Name of the upstream's kind. */
  readonly upstream: string;
}

/** The application for the `--http` listener. */
export function createRoutes(options: RoutesOptions): Hono {
  const app = new Hono();
  app.get("/nodes", (c) => c.json(nodes(options)));
  app.get("/sessions", async (c) => c.json(await sessions(options)));
  app.get("/cid/:hex", (c) => cid(c, options, c.req.param("hex")));
  app.onError((error, c) => {
    if (!(error instanceof NoAnswerError)) throw error;
    return c.json({ error: error.message }, 503);
  });
  return app;
}

function nodes({ cluster, nodeId, clusterMode }: RoutesOptions): unknown {
  const now = systemClock.now();
  return {
    self: {
      nodeId,
      ready: cluster?.isReady ?? true,
      mode: clusterMode ?? "alone",
      notReady: cluster?.notReady ?? null,
    },
    nodes: cluster?.nodes().map((each) => nodeDocument(each, now)) ?? [],
  };
}

async function sessions(options: RoutesOptions): Promise<unknown> {
  const { upstream, ...counts } = await options.sessions.sessions();
  return { ...counts, workers: options.sessions.workers, upstream: { kind: options.upstream, ...upstream } };
}

async function cid(c: Context, options: RoutesOptions, hex: string): Promise<Response> {
  const { sessions: service, cluster, nodeId, cidSizeBytes, layout } = options;
  const explained = await explainCid(hex, {
    nodeId,
    cidSizeBytes,
    layout,
    workers: service.workers,
    stage: (id, worker) => service.stage(id, worker),
    clusterAddress: (member) => cluster?.clusterAddress(member),
  });
  if (explained.ok) return c.json(explained.value);
  return c.json({ error: `Cannot explain a connection ID: ${explained.error}` }, 400);
}
