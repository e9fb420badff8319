// What ends by itself, and when.
import assert from "node:assert/strict";
import { it } from "node:test";
import { EVENT, POD } from "@coracle/api";
import { RegistryWorld } from "../../testing/registry-world.ts";
import { EVENT_TTL_MS, eventExpiryMs, podExpiryMs } from "./expiry.ts";

it("eventExpiryMs() counts from the last time an event tells of", async () => {
  const world = await RegistryWorld.open();
  const involvedObject = { kind: "Pod", namespace: "default", name: "p" };
  const madeMs = world.clock.wallMs();
  await world.create(EVENT, { metadata: { name: "old" }, involvedObject });
  const lastTimestamp = "2023-11-15T00:00:00Z";
  await world.create(EVENT, { metadata: { name: "repeated" }, involvedObject, lastTimestamp });
  const cache = world.hub.cacheOf(EVENT);
  const expiry = (name: string): number => {
    const stored = cache.get(`${cache.prefix}default/${name}`);
    assert.ok(stored !== undefined);
    return eventExpiryMs(stored);
  };
  assert.equal(expiry("old"), madeMs + EVENT_TTL_MS);
  assert.equal(expiry("repeated"), Date.parse(lastTimestamp) + EVENT_TTL_MS);
});

it("podExpiryMs() is a moment after the end of a deletion's grace period", async () => {
  const world = await RegistryWorld.open();
  const spec = { nodeName: "n", containers: [{ name: "c", image: "i" }] };
  await world.create(POD, { metadata: { name: "p" }, spec });
  const cache = world.hub.cacheOf(POD);
  const pod = (): Parameters<typeof podExpiryMs>[0] => {
    const stored = cache.get(`${cache.prefix}default/p`);
    assert.ok(stored !== undefined);
    return stored;
  };
  assert.equal(podExpiryMs(pod()), undefined);
  const nowMs = world.clock.wallMs();
  await world.delete(POD, "p", { gracePeriodSeconds: 7 });
  assert.equal(podExpiryMs(pod()), nowMs + 7000 + 1000);
});
