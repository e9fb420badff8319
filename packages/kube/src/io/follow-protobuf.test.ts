// Following by protobuf: asked for where the kind has it, the same events as from JSON, and JSON again where it is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileProjection, PROTOBUF_MEDIA_TYPE } from "../mod.ts";
import { delimited, encodeEnvelope, encodeFrame, encodeMessage, joined } from "../testing/protobuf-encoder.ts";
import { bookmark, event, pod, sequence, startWatch } from "./testing/answers.ts";
import { readUntil, withFollow } from "./testing/follow-bench.ts";
import type { Exchange } from "./testing/scripted-server.ts";

const STREAM = { "content-type": `${PROTOBUF_MEDIA_TYPE};stream=watch` };

function podMessage(name: string, resourceVersion: string): Uint8Array {
  return encodeMessage("core/v1.Pod", {
    metadata: { name, namespace: "default", uid: `uid-${name}`, resourceVersion },
  });
}

function frame(type: string, name: string, resourceVersion: string): Uint8Array {
  return encodeFrame(type, encodeEnvelope("v1", "Pod", podMessage(name, resourceVersion)));
}

function end(resourceVersion: string): Uint8Array {
  const metadata = { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } };
  return encodeFrame("BOOKMARK", encodeEnvelope("v1", "Pod", encodeMessage("core/v1.Pod", { metadata })));
}

/** A pod of a newer Kubernetes, with a field no table has. */
function newerFrame(type: string, name: string, resourceVersion: string): Uint8Array {
  const message = joined([podMessage(name, resourceVersion), delimited(2, delimited(999, new Uint8Array(2)))]);
  return encodeFrame(type, encodeEnvelope("v1", "Pod", message));
}

async function startProtobuf(exchange: Exchange, ...frames: readonly Uint8Array[]): Promise<void> {
  exchange.respond(200, STREAM);
  for (const each of frames) await exchange.write(each);
}

function accepted(exchange: Exchange): string {
  return String(exchange.headers["accept"]);
}

test("a built-in kind is followed by protobuf, frames cut anywhere", async () => {
  const handler = sequence(async (exchange) => {
    assert.match(accepted(exchange), /^application\/vnd\.kubernetes\.protobuf,application\/json/);
    const bytes = joined([
      frame("ADDED", "a", "3"),
      end("10"),
      frame("MODIFIED", "a", "11"),
      frame("DELETED", "a", "12"),
    ]);
    exchange.respond(200, STREAM);
    for (let at = 0; at < bytes.length; at += 7) await exchange.write(bytes.subarray(at, at + 7));
  });
  await withFollow(handler, async ({ events }) => {
    assert.deepEqual(await readUntil(events, "remove a@12"), [
      "sync-start 0",
      "item a@3",
      "sync-end 10",
      "upsert a@11",
      "remove a@12",
    ]);
  });
});

test("a server that answers protobuf's question with JSON is understood", async () => {
  const handler = sequence((exchange) => startWatch(exchange, event("ADDED", pod("a", "3")), bookmark("10", true)));
  await withFollow(handler, async ({ events }) => {
    assert.deepEqual(await readUntil(events, "sync-end 10"), ["sync-start 0", "item a@3", "sync-end 10"]);
  });
});

test("protobuf is not asked for when told so, nor for custom kinds, metadata, or fields unknown here", async () => {
  const custom = { group: "network.coracle.dev", version: "v1alpha1", resource: "subnets" };
  const unknown = compileProjection(["spec.fieldOfTomorrow"]);
  assert.ok(unknown.ok);
  for (const [resource, options] of [
    [undefined, { protobuf: false }],
    [custom, {}],
    [undefined, { form: "metadata" }],
    [undefined, { projection: unknown.value }],
  ] as const) {
    const handler = sequence(async (exchange) => {
      assert.doesNotMatch(accepted(exchange), /protobuf/);
      await startWatch(exchange, bookmark("10", true));
    });
    await withFollow(
      handler,
      async ({ events }) => {
        await readUntil(events, "sync-end 10");
      },
      { follow: options, ...(resource === undefined ? {} : { resource }) },
    );
  }
});

test("objects of a newer server are asked for again as JSON, unnoticed when nothing was told", async () => {
  const handler = sequence(
    (exchange) => startProtobuf(exchange, newerFrame("ADDED", "a", "3"), end("10")),
    async (exchange) => {
      assert.doesNotMatch(accepted(exchange), /protobuf/);
      assert.equal(exchange.query.get("sendInitialEvents"), "true");
      await startWatch(exchange, event("ADDED", pod("a", "3")), bookmark("10", true));
    },
  );
  await withFollow(handler, async ({ events }) => {
    assert.deepEqual(await readUntil(events, "sync-end 10"), ["sync-start 0", "item a@3", "sync-end 10"]);
  });
});

test("a newer object in the middle of a watch loses nothing: the watch goes on in JSON from where it was", async () => {
  const handler = sequence(
    (exchange) => startProtobuf(exchange, end("10"), frame("ADDED", "a", "11"), newerFrame("ADDED", "b", "12")),
    async (exchange) => {
      assert.doesNotMatch(accepted(exchange), /protobuf/);
      assert.equal(exchange.query.get("resourceVersion"), "11");
      await startWatch(exchange, event("ADDED", pod("b", "12")));
    },
  );
  await withFollow(handler, async ({ events }) => {
    const told = await readUntil(events, "upsert b@12");
    assert.deepEqual(
      told.filter((text) => !text.startsWith("error")),
      ["sync-start 0", "sync-end 10", "upsert a@11", "upsert b@12"],
    );
    assert.ok(!told.some((text) => text.startsWith("gap")));
  });
});

test("a failure in protobuf is read like one in JSON", async () => {
  const status = { status: "Failure", message: "scripted", reason: "Forbidden", code: 403, metadata: {} };
  const handler = sequence(
    (exchange) => {
      exchange.respond(403, { "content-type": PROTOBUF_MEDIA_TYPE });
      exchange.end(encodeEnvelope("v1", "Status", encodeMessage("meta/v1.Status", status)));
    },
    (exchange) => startProtobuf(exchange, end("10")),
  );
  await withFollow(handler, async ({ events }) => {
    const first = await events.next();
    assert.ok(first.done !== true && first.value.kind === "error");
    assert.equal(first.value.status.reason, "Forbidden");
    assert.equal(first.value.status.message, "scripted");
    await readUntil(events, "sync-end 10");
  });
});
