// TokenRequest and TokenReview, on the wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { StatusError } from "../mod.ts";
import { failure, sendJson, sequence } from "./testing/answers.ts";
import type { ExchangeHandler } from "./testing/scripted-server.ts";
import { withClient } from "./testing/with-client.ts";
import { TokenRequestSource } from "./token-request.ts";
import { reviewToken } from "./token-review.ts";

test("TokenRequestSource asks once per token, again at 80 % of its life, and keeps the old one while it lives", async () => {
  const clock = new ManualClock();
  let count = 0;
  let isBroken = false;
  const bodies: unknown[] = [];
  await withClient(
    async (exchange) => {
      assert.equal(exchange.path, "/api/v1/namespaces/n/serviceaccounts/sa/token");
      bodies.push(JSON.parse(await exchange.body()));
      if (isBroken) sendJson(exchange, 403, failure(403, "Forbidden"));
      else
        sendJson(exchange, 201, { metadata: {}, spec: { expirationSeconds: 1000 }, status: { token: `t${++count}` } });
    },
    async ({ client }) => {
      const source = new TokenRequestSource(client);
      const options = { namespace: "n", serviceAccount: "sa", audiences: ["a"], expirationSeconds: 900 };
      assert.deepEqual(await Promise.all([source.token(options), source.token(options)]), ["t1", "t1"]);
      assert.deepEqual(bodies[0], {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        metadata: {},
        spec: { audiences: ["a"], expirationSeconds: 900 },
      });
      assert.equal(await source.token({ ...options, audiences: ["b"] }), "t2");
      const boundObject = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u" };
      assert.equal(await source.token({ ...options, boundObject }), "t3");
      clock.advance(799_999);
      assert.equal(await source.token(options), "t1");
      clock.advance(1);
      assert.equal(await source.token(options), "t4");
      isBroken = true;
      clock.advance(999_999);
      assert.equal(await source.token(options), "t4");
      clock.advance(1);
      await assert.rejects(source.token(options), StatusError);
      assert.equal(source.size, 3);
    },
    { clock },
  );
});

test("reviewToken() reads the verdict and insists on the audience", async () => {
  const answers = [
    {
      authenticated: true,
      audiences: ["me"],
      user: {
        username: "system:serviceaccount:n:sa",
        uid: "1",
        groups: ["g"],
        extra: { "authentication.kubernetes.io/pod-name": ["p"] },
      },
    },
    { authenticated: true, user: { username: "x" } },
    { authenticated: false, error: "expired" },
    undefined,
  ];
  await withClient(
    sequence(
      ...answers.map(
        (status): ExchangeHandler =>
          (exchange) =>
            sendJson(exchange, 201, { metadata: {}, status }),
      ),
    ),
    async ({ client }) => {
      const first = await reviewToken(client, "t", { audiences: ["me"] });
      assert.ok(first.authenticated);
      assert.deepEqual(first.user.extra, { "authentication.kubernetes.io/pod-name": ["p"] });
      assert.equal((await reviewToken(client, "t", { audiences: ["me"] })).authenticated, false);
      assert.deepEqual(await reviewToken(client, "t"), { authenticated: false, error: "expired" });
      assert.deepEqual(await reviewToken(client, "t"), { authenticated: false, error: "" });
    },
  );
});
