// Resolving names by discovery documents, on the wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { failure, sendJson } from "./testing/answers.ts";
import { withClient } from "./testing/with-client.ts";

test("resolve() uses aggregated discovery, asks once, and again for a name it does not know", async () => {
  const aggregated = (group: string, resource: string, kind: string): object => ({
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    items: [
      {
        metadata: { name: group },
        versions: [
          {
            version: "v1",
            resources: [
              {
                resource,
                responseKind: { kind },
                scope: "Namespaced",
                singularResource: kind.toLowerCase(),
                verbs: ["list"],
              },
            ],
          },
        ],
      },
    ],
  });
  const clock = new ManualClock();
  let hasSubnets = false;
  await withClient(
    (exchange) => {
      assert.match(String(exchange.headers["accept"]), /g=apidiscovery\.k8s\.io;v=v2;as=APIGroupDiscoveryList/);
      if (exchange.path === "/api") sendJson(exchange, 200, aggregated("", "pods", "Pod"));
      else
        sendJson(
          exchange,
          200,
          hasSubnets
            ? aggregated("network.example", "subnets", "Subnet")
            : aggregated("apps", "deployments", "Deployment"),
        );
    },
    async ({ server, client }) => {
      assert.equal((await client.resolve("pod"))?.resource, "pods");
      assert.equal((await client.resolve("deployments.apps"))?.kind, "Deployment");
      assert.equal(server.requests.length, 2);
      assert.equal(await client.resolve("subnets"), undefined, "just asked: not again at once");
      assert.equal(server.requests.length, 2);
      hasSubnets = true;
      clock.advance(10_000);
      assert.equal((await client.resolve("subnets"))?.group, "network.example");
      assert.equal(server.requests.length, 4);
    },
    { clock },
  );
});

test("resolve() falls back to the old documents and steps over a group that is down", async () => {
  await withClient(
    (exchange) => {
      const documents: Record<string, object> = {
        "/api": { kind: "APIVersions", versions: ["v1"] },
        "/apis": {
          kind: "APIGroupList",
          groups: [
            { name: "down.example", versions: [{ version: "v1" }], preferredVersion: { version: "v1" } },
            { name: "apps", versions: [{ version: "v1" }], preferredVersion: { version: "v1" } },
          ],
        },
        "/api/v1": {
          resources: [
            { name: "pods", singularName: "pod", kind: "Pod", namespaced: true, verbs: [], shortNames: ["po"] },
          ],
        },
        "/apis/apps/v1": {
          resources: [{ name: "deployments", singularName: "", kind: "Deployment", namespaced: true, verbs: [] }],
        },
      };
      const document = documents[exchange.path];
      if (document === undefined) sendJson(exchange, 503, failure(503, "ServiceUnavailable"));
      else sendJson(exchange, 200, document);
    },
    async ({ client }) => {
      assert.equal((await client.resolve("po"))?.resource, "pods");
      assert.equal((await client.resolve("Deployment"))?.group, "apps");
      assert.equal((await client.resources()).length, 2);
    },
  );
});
