// The whole way of a request through the server, without sockets, where the store is the trouble.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CORE_DEFINITIONS, NETWORK_DEFINITIONS } from "@coracle/api";
import { createLogger } from "@coracle/lifecycle";
import { InFlight } from "../core/auth/in-flight.ts";
import { RegistryWorld } from "../testing/registry-world.ts";
import { createApiHandler } from "./api-handler.ts";
import type { ApiServer } from "./api-server.ts";
import { Authenticator } from "./authentication.ts";
import { ResourceTable } from "./resource-table.ts";

const PEER = {
  remoteAddress: "127.0.0.1",
  remotePort: 1,
  protocol: "h2",
  encrypted: true,
  certificateVerified: false,
} as const;

function serverOver(world: RegistryWorld): ApiServer {
  return {
    table: new ResourceTable([...CORE_DEFINITIONS, ...NETWORK_DEFINITIONS]),
    hub: world.hub,
    environment: world.environment,
    authenticator: new Authenticator([], { anonymous: true }),
    authorizer: { authorize: () => ({ allowed: true, reason: "" }) },
    inFlight: new InFlight(),
    special: new Map(),
    clock: world.clock,
    log: createLogger("test"),
    events: { onAnswer: () => undefined, onWatchEnd: () => undefined },
    limits: { bodySizeBytesMax: 1 << 20 },
    exposeMetrics: () => Promise.resolve({ text: "", contentType: "text/plain" }),
  };
}

test("trap 19: discovery and OpenAPI are answered while the store never answers, and writes wait for it alone", async () => {
  const world = await RegistryWorld.open();
  const server = serverOver(world);
  let asked = 0;
  let tellAsked: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (tellAsked = resolve));
  const never = (): Promise<never> => {
    asked++;
    tellAsked();
    return new Promise(() => undefined);
  };
  const { store } = world;
  store.get = never;
  store.range = never;
  store.put = never;
  const handler = createApiHandler(server);
  const ask = (path: string, init: RequestInit = {}) =>
    handler(new Request(`https://127.0.0.1${path}`, init), { peer: PEER, ending: new AbortController().signal });
  for (const path of [
    "/api",
    "/apis",
    "/api/v1",
    "/apis/network.coracle.dev",
    "/apis/network.coracle.dev/v1alpha1",
    "/openapi/v2",
    "/openapi/v3",
  ]) {
    assert.equal((await ask(path)).status, 200, path);
  }
  assert.equal(asked, 0);
  const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } });
  const headers = { "content-type": "application/json" };
  const write = ask("/api/v1/namespaces/default/configmaps", { method: "POST", headers, body });
  await Promise.race([write, reached]);
  assert.equal(asked, 1, "the write waits for the store");
  assert.equal((await ask("/apis")).status, 200);
});
