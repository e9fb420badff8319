// A scripted server and a client of it, for the time of one test.
import assert from "node:assert/strict";
import { makeTestPki, type TestPki } from "@coracle/sim";
import type { KubeClientConfig } from "../client-config.ts";
import { createKubeClient } from "../create-kube-client.ts";
import type { KubeClient, KubeClientOptions } from "../kube-client.ts";
import { type ExchangeHandler, ScriptedServer, type ScriptedServerOptions } from "./scripted-server.ts";

/** One authority for all tests of a process: making keys is slow. */
export const pki: TestPki = await makeTestPki();

/** What a test works with. */
export interface Bench {
  readonly server: ScriptedServer;
  readonly client: KubeClient;
}

/** Options of the client, its configuration and the server. */
export interface BenchOptions extends KubeClientOptions {
  readonly config?: Partial<KubeClientConfig>;
  readonly server?: Omit<ScriptedServerOptions, "pki" | "handler">;
}

/** Runs `run` with a server that answers by `handler`; fails when the handler threw. */
export async function withClient(
  handler: ExchangeHandler,
  run: (bench: Bench) => Promise<void>,
  options: BenchOptions = {},
): Promise<void> {
  const server = await ScriptedServer.start({ pki, handler, ...options.server });
  const client = createKubeClient({ ...clientConfig(server.url), ...options.config }, options);
  try {
    await run({ server, client });
    assert.deepEqual(server.failures, []);
  } finally {
    client.close();
    await server.close();
  }
}

/** A configuration that trusts {@link pki}. */
export function clientConfig(server: string): KubeClientConfig {
  return {
    server,
    namespace: "default",
    tls: { ca: { pem: pki.ca } },
    auth: { token: "secret" },
    disableCompression: false,
    origin: "test",
  };
}
