// The store of resumable sessions against a plain model, and each of its bounds.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, randomInteger, SeededRandom } from "@coracle/base";
import type { PeerIdentity } from "../connection/identity.ts";
import { CLIENT_HELLO_SESSION_ID_AT, SESSION_ID_NODE_AT, SESSION_ID_SIZE, SESSION_ID_WORKER_AT } from "../mod.ts";
import { makeSessionId, readSessionIdHome, resumptionHome, type SessionIdMask } from "../mod.ts";
import { SessionStore, type StoredSession } from "../mod.ts";
import { systemCrypto } from "../io/mod.ts";
import { encodeClientHello } from "../handshake/client-hello.ts";
import { encodeMessage, HandshakeType } from "../handshake/handshake-header.ts";
import { plainRecord } from "../connection/flight.ts";
import { SLAB_ENTRY_SIZE_BYTES } from "./session-slab.ts";

const random = new SeededRandom(1);
const now = millis(0);

function session(store: SessionStore, options: Partial<StoredSession> = {}): StoredSession {
  return {
    sessionId: store.makeId(random),
    masterSecret: random.bytes(48),
    suite: 0xc0a8,
    identity: { kind: "anonymous" },
    serverName: undefined,
    pskCheck: random.bytes(8),
    ...options,
  };
}

describe("SessionStore", () => {
  it("gives back what was put, until it is forgotten", () => {
    const store = new SessionStore();
    const identity: PeerIdentity = { kind: "psk", identity: Uint8Array.of(1, 2) };
    const put = session(store, { identity, serverName: "a.example", suite: 0xd005 });
    const ticket = store.put(put, now);
    const { ticket: found, createdAt, ...rest } = { createdAt: 0, ...store.find(put.sessionId, now) };
    assert.deepEqual([rest, found], [put, ticket]);
    assert.equal(createdAt, 0);
    assert.ok(store.touch(ticket));
    store.forget(ticket);
    assert.equal(store.find(put.sessionId, now), undefined);
    assert.deepEqual([store.size, store.sizeBytes, store.touch(ticket), store.counts.forgotten], [0, 0, false, 1]);
    store.forget(ticket);
    assert.equal(store.counts.forgotten, 1);
  });

  it("makes room by dropping the least recently used, at its cap of entries", () => {
    const store = new SessionStore({ entriesMax: 3 });
    const all = Array.from({ length: 3 }, () => session(store));
    const tickets = all.map((entry) => store.put(entry, now));
    store.touch(tickets[0] ?? 0);
    store.put(session(store), now);
    const kept = all.map((entry) => store.find(entry.sessionId, now) !== undefined);
    assert.deepEqual([kept, store.size, store.counts.evicted], [[true, false, true], 3, 1]);
  });

  it("counts what identities keep alive, at its cap of bytes", () => {
    const sizeBytesMax = 10_000;
    const store = new SessionStore({ sizeBytesMax });
    const chain = [new Uint8Array(3000)];
    const identity: PeerIdentity = { kind: "x509", name: "device", chain };
    for (let count = 0; count < 10; count++) {
      assert.ok(store.put(session(store, { identity }), now) > 0);
      assert.ok(store.sizeBytes <= sizeBytesMax);
    }
    assert.deepEqual([store.size, store.counts.evicted], [3, 7]);
    const key: PeerIdentity = { kind: "raw-public-key", publicKey: new Uint8Array(sizeBytesMax) };
    assert.equal(store.put(session(store, { identity: key }), now), 0);
    assert.deepEqual([store.size, store.counts.refused], [3, 1]);
  });

  it("lets a session expire a fixed time after its full handshake, however often it is resumed", () => {
    const store = new SessionStore({ lifetimeMs: 1000 });
    const put = session(store);
    const ticket = store.put(put, now);
    store.touch(ticket);
    assert.ok(store.find(put.sessionId, millis(999)) !== undefined);
    assert.equal(store.find(put.sessionId, millis(1000)), undefined);
    assert.deepEqual([store.size, store.counts.expired], [0, 1]);
  });

  it("forgets all sessions of an identity", () => {
    const store = new SessionStore();
    const of = (name: number): PeerIdentity => ({ kind: "psk", identity: Uint8Array.of(name) });
    for (const name of [1, 2, 1, 3, 1]) store.put(session(store, { identity: of(name) }), now);
    assert.equal(
      store.forgetIdentities((identity) => identity.kind === "psk" && identity.identity[0] === 1),
      3,
    );
    assert.equal(store.size, 2);
    assert.equal(
      store.forgetIdentities(() => true),
      2,
    );
    assert.deepEqual([store.size, store.sizeBytes], [0, 0]);
  });

  it("answers as a map would, over many puts, uses and losses", () => {
    const rolls = new SeededRandom(3);
    const store = new SessionStore({ entriesMax: 200, lifetimeMs: 1e9 });
    const model = new Map<string, { readonly put: StoredSession; readonly ticket: number }>();
    const keyOf = (id: Uint8Array): string => Buffer.from(id).toString("hex");
    for (let step = 0; step < 20_000; step++) {
      const known = [...model.values()][rolls.uint32() % Math.max(1, model.size)];
      const roll = rolls.next();
      if (roll < 0.4 || known === undefined) {
        const put = session(store);
        if (model.size === 200) model.delete(model.keys().next().value ?? "");
        model.set(keyOf(put.sessionId), { put, ticket: store.put(put, now) });
      } else if (roll < 0.6) {
        store.touch(known.ticket);
        model.delete(keyOf(known.put.sessionId));
        model.set(keyOf(known.put.sessionId), known);
      } else if (roll < 0.7) {
        store.forget(known.ticket);
        model.delete(keyOf(known.put.sessionId));
      } else {
        const found = store.find(known.put.sessionId, now);
        assert.deepEqual([found?.masterSecret, found?.ticket], [known.put.masterSecret, known.ticket]);
      }
      assert.equal(store.size, model.size);
    }
    for (const { put } of model.values()) assert.ok(store.find(put.sessionId, now) !== undefined);
    assert.equal(store.find(random.bytes(SESSION_ID_SIZE), now), undefined);
    assert.equal(store.find(new Uint8Array(0), now), undefined);
  });

  it("replaces an entry that is put again", () => {
    const store = new SessionStore();
    const put = session(store);
    const before = store.put(put, now);
    const after = store.put({ ...put, masterSecret: new Uint8Array(48) }, now);
    assert.deepEqual([store.size, store.touch(before), store.touch(after)], [1, false, true]);
    assert.deepEqual(store.find(put.sessionId, now)?.masterSecret, new Uint8Array(48));
  });

  it("takes less than 300 bytes for a session with a pre-shared key", () => {
    const store = new SessionStore();
    const identity: PeerIdentity = { kind: "psk", identity: new Uint8Array(randomInteger(random, 8, 16)) };
    for (let count = 0; count < 100; count++) store.put(session(store, { identity }), now);
    assert.ok(store.sizeBytes / 100 < 300 && SLAB_ENTRY_SIZE_BYTES < 128, `${store.sizeBytes}`);
  });

  it("refuses bounds that make no sense", () => {
    assert.throws(() => new SessionStore({ entriesMax: 0 }), /Cannot keep 0 sessions/);
    assert.throws(() => new SessionStore({ entriesMax: 1 << 24 }), /Cannot keep/);
    assert.throws(() => new SessionStore({ lifetimeMs: 0 }), /for 0 ms/);
    assert.throws(() => new SessionStore({ ids: { worker: 256 } }), /Cannot put 256/);
  });
});

describe("session ids", () => {
  it("name node and worker at fixed places, also in a hello on the wire", () => {
    const store = new SessionStore({ ids: { nodeId: 7, worker: 3 } });
    const sessionId = store.makeId(random);
    assert.deepEqual([sessionId.length, sessionId[SESSION_ID_NODE_AT], sessionId[SESSION_ID_WORKER_AT]], [32, 7, 3]);
    const hello = encodeClientHello({
      version: 0xfefd,
      random: random.bytes(32),
      sessionId,
      cookie: random.bytes(20),
      cipherSuites: [0xc0a8],
      compressionMethods: Uint8Array.of(0),
      extensions: [],
    });
    const message = encodeMessage({ type: HandshakeType.clientHello, messageSequence: 1, body: hello });
    const datagram = plainRecord({ plainSequence: 1, protection: undefined }, 22, message);
    assert.equal(datagram[CLIENT_HELLO_SESSION_ID_AT - 1], SESSION_ID_SIZE);
    assert.deepEqual(datagram.slice(CLIENT_HELLO_SESSION_ID_AT, CLIENT_HELLO_SESSION_ID_AT + 32), sessionId);
  });

  it("lead a hello that offers connection IDs to their home, and nothing else", () => {
    const store = new SessionStore({ ids: { nodeId: 7, worker: 3 } });
    const hello = (sessionId: Uint8Array, type: number): Uint8Array => {
      const body = encodeClientHello({
        version: 0xfefd,
        random: random.bytes(32),
        sessionId,
        cookie: random.bytes(20),
        cipherSuites: [0xc0a8],
        compressionMethods: Uint8Array.of(0),
        extensions: [{ type, data: Uint8Array.of(0) }],
      });
      const message = encodeMessage({ type: HandshakeType.clientHello, messageSequence: 1, body });
      return plainRecord({ plainSequence: 1, protection: undefined }, 22, message);
    };
    const home = (datagram: Uint8Array, mask?: SessionIdMask) =>
      resumptionHome(Uint8Array.from([1, 2, ...datagram, 9]), 2, 2 + datagram.length, mask);
    assert.deepEqual(home(hello(store.makeId(random), 54)), { nodeId: 7, worker: 3 });
    assert.equal(home(hello(store.makeId(random), 55)), undefined);
    const mask = systemCrypto.keyedHash("sha256", new Uint8Array(32));
    const masked = makeSessionId(random, { nodeId: 7, worker: 3, mask });
    assert.deepEqual(home(hello(masked, 54), mask), { nodeId: 7, worker: 3 });
    assert.equal(home(hello(random.bytes(31), 54)), undefined);
    assert.equal(home(hello(new Uint8Array(0), 54)), undefined);
    const good = hello(store.makeId(random), 54);
    for (let size = 0; size < good.length; size++) assert.equal(home(good.subarray(0, size)), undefined);
    for (const at of [0, 1, 3, 13, 59]) {
      const wrong = good.slice();
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      assert.equal(home(wrong), undefined, `${at}`);
    }
  });

  it("behind a mask look random, and lead home those who have the same mask alone", () => {
    const masked = (key: number): SessionIdMask => systemCrypto.keyedHash("sha256", new Uint8Array(32).fill(key));
    const ids = { nodeId: 7, worker: 3, mask: masked(1) };
    const made = Array.from({ length: 300 }, () => makeSessionId(random, ids));
    assert.ok(new Set(made.map((id) => id[SESSION_ID_NODE_AT])).size > 100);
    assert.ok(new Set(made.map((id) => id[SESSION_ID_WORKER_AT])).size > 100);
    for (const id of made) {
      const before = id.slice();
      assert.deepEqual(readSessionIdHome(id, masked(1)), { nodeId: 7, worker: 3 });
      assert.deepEqual(id, before, "reading changes nothing");
    }
    const others = made.filter((id) => readSessionIdHome(id, masked(2)).nodeId === 7);
    assert.ok(others.length < 20, `${others.length} of 300 lead home without the key`);
  });

  it("differ, and are random where nothing is laid down", () => {
    const store = new SessionStore();
    const ids = new Set(Array.from({ length: 1000 }, () => Buffer.from(store.makeId(random)).toString("hex")));
    assert.equal(ids.size, 1000);
    assert.ok(new Set([...ids].map((id) => id.slice(0, 4))).size > 900);
  });
});
