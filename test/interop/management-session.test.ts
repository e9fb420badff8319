// The management session between our node and a Scandium node as it is on the wire: who starts it, its suite, cookie, IDs, extended
// master secret. Names begin with the line of the interop list in `test/README.md`.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freeUdpPort } from "@coracle/sim";
import { ClusterBench, untilKnown } from "./cluster-pair.ts";
import type { ClusterWire } from "./cluster-wire.ts";
import { type InteropCredentials, makeCredentials } from "./credentials.ts";
import { CLUSTER_MODES, tellPeers } from "./mixed-cluster.ts";
import { interopPeerReady } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

const [HANDSHAKE, CID_RECORD, RECORD_TYPE_FIRST] = [22, 25, 20] as const;
const [MESSAGE_AT, MESSAGE_HEADER_SIZE, CID_AT, CID_SIZE] = [13, 12, 11, 6] as const;
const [SERVER_HELLO, HELLO_VERIFY_REQUEST] = [2, 3] as const;
const PSK_CCM_8 = "c0a8";
const EXTENDED_MASTER_SECRET = "00170000";
const SUITE = "TLS_PSK_WITH_AES_128_CCM_8";

/** The handshake messages of a type in the clear that lead their datagrams. */
const messages = (datagrams: readonly Uint8Array[], type: number): Uint8Array[] =>
  datagrams.filter((bytes) => bytes[0] === HANDSHAKE && bytes[MESSAGE_AT] === type);

/** Suite and extensions of a ServerHello, in hexadecimal. */
function negotiated(datagram: Uint8Array): { readonly suite: string; readonly extensions: string } {
  const body = Buffer.from(datagram.subarray(MESSAGE_AT + MESSAGE_HEADER_SIZE));
  const size = datagram[MESSAGE_AT + 3] ?? 0;
  const at = 2 + 32 + 1 + (body[34] ?? 0);
  return { suite: body.subarray(at, at + 2).toString("hex"), extensions: body.subarray(at + 3, size).toString("hex") };
}

/** What the side that accepted the session said and what the other sent it. */
function assertSession(
  { accepted, started }: { readonly accepted: readonly Uint8Array[]; readonly started: readonly Uint8Array[] },
  ems: string,
): void {
  assert.ok(messages(accepted, HELLO_VERIFY_REQUEST).length > 0, "a cookie was asked for");
  assert.equal(messages(started, SERVER_HELLO).length, 0, "the other accepted nothing");
  const hello = messages(accepted, SERVER_HELLO)[0];
  assert.ok(hello !== undefined);
  const { suite, extensions } = negotiated(hello);
  assert.equal(suite, PSK_CCM_8);
  assert.equal(extensions.includes(EXTENDED_MASTER_SECRET), ems === "ENABLED");
}

/** Records to Scandium carry the six bytes it asked for, its node id first; those to us none, as we asked for none. */
function assertIds(wire: ClusterWire): void {
  const record = wire.fromOurs.find((bytes) => bytes[0] === CID_RECORD);
  assert.ok(record !== undefined);
  assert.equal(record[CID_AT], 1);
  const lengthAt = CID_AT + CID_SIZE;
  assert.equal(record.length, lengthAt + 2 + ((record[lengthAt] ?? 0) << 8) + (record[lengthAt + 1] ?? 0));
  assert.ok(wire.fromTheirs.every((bytes) => bytes[0] !== CID_RECORD));
}

if (interopPeerReady("scandium", "the management session of our node with a Scandium node")) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost;
  before(async () => {
    credentials = await makeCredentials();
    machine = await ScandiumHost.start();
  });
  after(async () => {
    await machine?.stop();
    credentials?.remove();
  });

  for (const mode of CLUSTER_MODES) {
    describe(`between our node and a Scandium node, mode ${mode}`, () => {
      for (const starter of ["ours", "theirs"] as const) {
        for (const ems of mode === "plain" ? [""] : ["ENABLED", "NONE"]) {
          const what =
            mode === "plain" ? "there is no session and no record" : `a session with ${SUITE}, cookie, IDs, EMS ${ems}`;
          it(`11.3 ${what}, when only ${starter} knows the other`, async () => {
            const bench = new ClusterBench(machine, credentials, mode);
            try {
              const [a, b] = [await freeUdpPort(), await freeUdpPort()];
              const wire = await bench.wire({ ours: b, theirs: a });
              const other = await bench.scandium(1, a, ems === "" ? {} : { ems, suite: SUITE });
              // In mode plain a node must be listed to be believed, but only the starter is told to ping.
              const listed = starter === "ours" || mode === "plain" ? [wire.theirPort, b] : [b];
              const node = await bench.ours(b, listed);
              if (starter === "theirs") tellPeers(other, [wire.ourPort]);
              await untilKnown(node, other, `127.0.0.1:${wire.theirPort}`);
              const { fromOurs, fromTheirs } = wire;
              if (mode === "plain") {
                for (const bytes of [...fromOurs, ...fromTheirs]) assert.ok((bytes[0] ?? 0) > RECORD_TYPE_FIRST + 5);
                return;
              }
              const [accepted, started] = starter === "ours" ? [fromTheirs, fromOurs] : [fromOurs, fromTheirs];
              assertSession({ accepted, started }, ems);
              assertIds(wire);
            } finally {
              await bench.end();
            }
          });
        }
      }
    });
  }
}
