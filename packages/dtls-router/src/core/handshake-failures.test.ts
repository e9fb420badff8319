// Failed handshakes: all are counted, ten a second told of, and the next one told says how many were not.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Millis } from "@coracle/base";
import { FAILURES_TOLD_PER_SECOND, type HandshakeFailure, HandshakeFailures } from "./handshake-failures.ts";

const FAILURE: HandshakeFailure = {
  client: { address: Uint8Array.of(192, 0, 2, 7), port: 5000 },
  cause: "local-alert",
  alert: "decryptError",
  reason: "the Finished is not right",
};

test("a flood of failures is counted whole and told of in part", () => {
  const failures = new HandshakeFailures();
  const told = Array.from({ length: 25 }, () => failures.add(FAILURE, 1000 as Millis)).filter(Boolean);
  assert.equal(told.length, FAILURES_TOLD_PER_SECOND);
  assert.deepEqual(told[0], {
    client: "192.0.2.7:5000",
    cause: "decryptError",
    reason: "the Finished is not right",
    untold: 0,
  });
  assert.equal(failures.add(FAILURE, 1999 as Millis), undefined);
  assert.equal(failures.add({ ...FAILURE, alert: undefined }, 2000 as Millis)?.untold, 16);
  assert.equal(failures.add(FAILURE, 2001 as Millis)?.untold, 0);
  assert.deepEqual(failures.counts, { decryptError: 27, "local-alert": 1 });
});
