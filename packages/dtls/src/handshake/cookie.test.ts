// What a cookie is bound to: its maker's key and hint, the address, and the parts of a hello that must not change.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemCrypto as crypto } from "../io/mod.ts";
import type { ClientHello } from "./client-hello.ts";
import { COOKIE_SIZE, type CookieKey, HmacCookieJar } from "./cookie.ts";

const key: CookieKey = { id: 7, key: new Uint8Array(32).fill(1) };
const HINT = 9;
const first: ClientHello = {
  version: 0xfefd,
  random: new Uint8Array(32).fill(2),
  sessionId: Uint8Array.of(3, 4),
  cookie: new Uint8Array(0),
  cipherSuites: [0xc0a8, 0xc0ae],
  compressionMethods: Uint8Array.of(0),
  extensions: [],
};

describe("a cookie", () => {
  const jar = new HmacCookieJar(crypto, [key], HINT);
  const cookie = jar.make("peer", first);
  const accepts = (change: Partial<ClientHello>, peer = "peer", by = jar): boolean =>
    by.accepts(peer, { ...first, cookie, ...change });

  it("is taken back with the hello that it was made for", () => {
    assert.equal(cookie.length, COOKIE_SIZE);
    assert.deepEqual([cookie[0], cookie[1]], [key.id, HINT]);
    assert.equal(accepts({}), true);
    // RFC 6347 §4.2.1 leaves extensions out: clients may change them between their hellos.
    assert.equal(accepts({ extensions: [{ type: 1, data: new Uint8Array(1) }] }), true);
  });

  for (const [what, change] of [
    ["version", { version: 0xfeff }],
    ["random", { random: new Uint8Array(32).fill(5) }],
    ["session id", { sessionId: Uint8Array.of(3) }],
    ["list of suites", { cipherSuites: [0xc0a8] }],
    ["order of suites", { cipherSuites: [0xc0ae, 0xc0a8] }],
    ["list of compression methods", { compressionMethods: Uint8Array.of(0, 1) }],
  ] as const) {
    it(`is not taken with another ${what}`, () => {
      assert.equal(accepts(change), false);
    });
  }

  it("is not taken where the parts of a hello are cut elsewhere", () => {
    const moved = { random: Uint8Array.of(...first.random, 3), sessionId: Uint8Array.of(4) };
    assert.equal(accepts(moved), false);
  });

  it("is not taken from another address, under another key or key number, or with any bit changed", () => {
    assert.equal(accepts({}, "peer2"), false);
    for (const other of [
      { id: 7, key: new Uint8Array(32).fill(8) },
      { id: 8, key: key.key },
    ]) {
      assert.equal(accepts({}, "peer", new HmacCookieJar(crypto, [other], HINT)), false);
    }
    for (let bit = 0; bit < COOKIE_SIZE * 8; bit++) {
      const changed = cookie.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(accepts({ cookie: changed }), false, `bit ${bit}`);
    }
    for (const size of [0, 1, COOKIE_SIZE - 1]) assert.equal(accepts({ cookie: cookie.subarray(0, size) }), false);
  });
});
