// A process of its own that holds many idle DTLS sessions and says what they cost; the runner starts it afresh each round.
import { heapStats } from "bun:jsc";
import { millis } from "@coracle/base";
import { cipherSuiteByName, DtlsServer, NodeCids, type PeerIdentity, SessionStore } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemRandom } from "@coracle/runtime";

/** Lookups over which allocation is counted. */
const LOOKUPS = 500_000;
const KNOWN_CIDS = 1000;

const sessions = Number(process.argv[2]);
const suite = cipherSuiteByName("PSK_WITH_AES_128_CCM_8");
if (suite === undefined) throw new Error("Cannot measure: the suite is not known");
const cids = new NodeCids({ nodeId: 1 });
const store = new SessionStore({ entriesMax: sessions, ids: { nodeId: 1 } });
const known: Uint8Array[] = [];
const server = new DtlsServer({
  crypto: systemCrypto,
  random: systemRandom,
  psk: () => undefined,
  cids,
  sessions: store,
  limits: { sessionsMax: sessions },
});

const emptyBytes = liveBytes();
for (let index = 0; index < sessions; index++) addSession(index);
const filledBytes = liveBytes();

const before = heapStats().heapSize;
let found = 0;
for (let index = 0; index < LOOKUPS; index++) {
  const cid = known[index % known.length];
  if (cid !== undefined && server.find(cid) !== undefined) found++;
}
const lookedUp = heapStats().heapSize - before;
if (found !== LOOKUPS || server.sessionCount !== sessions || store.size !== sessions)
  throw new Error(`Cannot measure: ${found} lookups found a session`);
process.stdout.write(
  `${JSON.stringify({
    bytesPerSession: (filledBytes - emptyBytes) / sessions,
    bytesPerLookup: lookedUp / LOOKUPS,
    rssPerSession: process.memoryUsage().rss / sessions,
  })}\n`,
);

/** What a collection leaves: objects, and the buffers outside the heap, whose size is part of the heap's. */
function liveBytes(): number {
  Bun.gc(true);
  Bun.gc(true);
  return heapStats().heapSize;
}

/** One session as a PSK handshake leaves it, with its keys, its identity, its place in both tables and what is kept to resume it. */
function addSession(index: number): void {
  const ownCid = cids.generate(systemRandom);
  const identity: PeerIdentity = {
    kind: "psk",
    identity: Uint8Array.from(`device-${index}`, (letter) => letter.charCodeAt(0)),
  };
  const sessionId = store.makeId(systemRandom);
  const secrets = { masterSecret: systemRandom.bytes(48), pskCheck: systemRandom.bytes(8) };
  store.put({ sessionId, ...secrets, suite: suite?.code ?? 0, identity, serverName: undefined }, millis(index));
  if (known.length < KNOWN_CIDS) known.push(ownCid);
  server.handle(
    {
      kind: "import",
      state: {
        version: 1,
        suite: suite?.code ?? 0,
        writeKey: systemRandom.bytes(16),
        writeIv: systemRandom.bytes(4),
        readKey: systemRandom.bytes(16),
        readIv: systemRandom.bytes(4),
        ownCid,
        peerCid: new Uint8Array(0),
        peer: String.fromCharCode(4, (index >>> 8) & 0xff, index & 0xff, 10, 1, 2, (index >>> 16) & 0xff),
        writeSequence: 1,
        window: { newest: 1, low: 3, high: 0 },
        identity,
        serverName: undefined,
        usesExtendedMasterSecret: true,
        allowsPathCheck: false,
      },
    },
    millis(index),
  );
  for (let output = server.poll(); output !== undefined; output = server.poll()) {
    if (output.kind === "refused") throw new Error(`Cannot add session ${index}: ${output.cause}`);
  }
}
