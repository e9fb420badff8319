// Which bytes of the key block are the keys of the cluster MAC: the client's first, each as long as the suite's key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemCrypto } from "@coracle/dtls/io";
import { clusterMacKeys } from "./channel-mac-keys.ts";

const EXTRA = Uint8Array.from({ length: 64 }, (_, index) => index);
const DATA = Uint8Array.of(1, 2, 3);
const hmac = (hash: "sha256" | "sha384", from: number, to: number): Uint8Array =>
  systemCrypto.hmac(hash, EXTRA.subarray(from, to), DATA);

function keysOf(suite: string, role: "client" | "server", extraKeys = EXTRA) {
  return clusterMacKeys(systemCrypto, { suite, extraKeys, role });
}

test("a node signs with the key of its role and verifies with the other's, by the hash of the suite", () => {
  for (const [suite, hash, size] of [
    ["PSK_WITH_AES_128_CCM_8", "sha256", 16],
    ["ECDHE_PSK_WITH_AES_128_GCM_SHA256", "sha256", 16],
    ["ECDHE_PSK_WITH_AES_256_GCM_SHA384", "sha384", 32],
    ["PSK_WITH_AES_256_CCM_8", "sha256", 32],
  ] as const) {
    const [client, server] = [keysOf(suite, "client"), keysOf(suite, "server")];
    assert.ok(client !== undefined && server !== undefined, suite);
    const [first, second] = [hmac(hash, 0, size), hmac(hash, size, 2 * size)];
    assert.deepEqual([client.sign(DATA), client.verify(DATA)], [first, second], suite);
    assert.deepEqual([server.sign(DATA), server.verify(DATA)], [second, first], suite);
  }
});

test("without enough of the key block, or of an unknown suite, there are no keys", () => {
  assert.equal(keysOf("PSK_WITH_AES_128_CCM_8", "client", EXTRA.subarray(0, 31)), undefined);
  assert.equal(keysOf("NULL_WITH_NULL_NULL", "client"), undefined);
});
