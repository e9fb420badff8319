// The limits of the client, each reached once: what is over them is refused by name, and nothing grows for ever.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type GroupVersionResource, StatusError } from "../mod.ts";
import { KubeConfigError } from "./client-config.ts";
import { decodeAggregatedDiscovery } from "./discovery.ts";
import { parseKubeconfig } from "./kubeconfig-file.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { sendJson } from "./testing/answers.ts";
import { withClient } from "./testing/with-client.ts";
import { TokenRequestSource } from "./token-request.ts";

const PODS: GroupVersionResource = { group: "", version: "v1", resource: "pods" };

function refusedFor(words: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KubeConfigError, String(error));
    assert.ok(error.message.includes(words), error.message);
    return true;
  };
}

test("a kubeconfig may have 10 000 entries of a kind, be 8 MiB long, and be one of 1000 files", async () => {
  const users = Array.from({ length: 10_001 }, (_, index) => `- {name: u${index}}`);
  assert.throws(
    () => parseKubeconfig(`users:\n${users.join("\n")}`, "f"),
    refusedFor("10000 entries, current value is 10001"),
  );
  const paths = Array.from({ length: 1001 }, (_, index) => `/nonexistent/${index}`);
  await assert.rejects(
    loadKubeconfig({ environment: { KUBECONFIG: paths.join(":") } }),
    refusedFor("more than 1000 files: current value is 1001"),
  );
  const directory = await mkdtemp(join(tmpdir(), "coracle-caps-"));
  try {
    const path = join(directory, "config");
    await writeFile(path, " ".repeat(8 * 1024 * 1024 + 1));
    await assert.rejects(loadKubeconfig({ path }), refusedFor("larger than 8388608 bytes"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("YAML that unfolds without end is refused", () => {
  const bomb = Array.from({ length: 12 }, (_, index) =>
    index === 0 ? "a0: &a0 [x, x, x, x, x, x, x, x, x]" : `a${index}: &a${index} [${`*a${index - 1}, `.repeat(9)}]`,
  );
  assert.throws(() => parseKubeconfig(bomb.join("\n"), "f"), refusedFor("too many aliases"));
});

test("discovery keeps 50 000 resources", () => {
  const resources = Array.from({ length: 50_001 }, (_, index) => ({ resource: `r${index}` }));
  const list = {
    kind: "APIGroupDiscoveryList",
    items: [{ metadata: { name: "g" }, versions: [{ version: "v1", resources }] }],
  };
  assert.equal(decodeAggregatedDiscovery(list)?.length, 50_000);
});

test("tokens of 1000 accounts are kept, and the one asked for longest ago is forgotten", async () => {
  await withClient(
    (exchange) => sendJson(exchange, 201, { metadata: {}, status: { token: exchange.path } }),
    async ({ server, client }) => {
      const source = new TokenRequestSource(client);
      const ask = (index: number): Promise<string> => source.token({ namespace: "n", serviceAccount: `sa${index}` });
      for (let index = 0; index <= 1000; index += 91) {
        await Promise.all(Array.from({ length: 91 }, (_, offset) => ask(index + offset)));
      }
      assert.equal(source.size, 1000);
      const asked = server.requests.length;
      await ask(1000);
      assert.equal(server.requests.length, asked, "the newest is kept");
      await ask(0);
      assert.equal(server.requests.length, asked + 1, "the oldest was forgotten");
      assert.equal(source.size, 1000);
    },
  );
});

test("an error page of any length becomes a short Status", async () => {
  await withClient(
    (exchange) => {
      const text = exchange.path.endsWith("huge") ? "x".repeat(2 * 1024 * 1024) : "y".repeat(5000);
      sendJson(exchange, 500, text, { "content-type": "text/plain" });
    },
    async ({ client }) => {
      await assert.rejects(client.get(PODS, { name: "long" }), (error) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.message, "y".repeat(2048));
        return true;
      });
      await assert.rejects(client.get(PODS, { name: "huge" }), (error) => {
        assert.ok(error instanceof StatusError && error.httpCode === 500);
        assert.equal(error.message, "the server answered 500 without a Status");
        return true;
      });
    },
  );
});
