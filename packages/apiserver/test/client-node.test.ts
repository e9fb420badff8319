// @kubernetes/client-node against a standalone server: typed calls, patches, custom objects, an informer.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { StandaloneServer } from "../src/testing/standalone-server.ts";

it("@kubernetes/client-node creates, reads, patches, lists, watches and deletes", { timeout: 60_000 }, async () => {
  const server = await StandaloneServer.start();
  try {
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    await server.ask(accounts, { method: "POST", body: { metadata: { name: "node" } } });
    const issued = await server.ask(`${accounts}/node/token`, { method: "POST", body: { spec: {} } });
    const { status } = issued.body as { status: { token: string } };
    const session = fileURLToPath(new URL("./client-node-session.ts", import.meta.url));
    const isDeno = "deno" in process.versions;
    const authority = join(server.folder, "pki/ca.crt");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...(isDeno ? ["run", "--allow-all", "--no-check"] : []), session, server.url, status.token],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: authority, DENO_CERT: authority }, timeout: 50_000 },
    );
    assert.deepEqual(JSON.parse(stdout), [
      "read 1",
      "patched 2",
      "listed 1",
      "watched add update delete",
      "refused 409",
    ]);
  } finally {
    await server.stop();
  }
});
