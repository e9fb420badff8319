// Datagrams of real Californium 3.14.0 nodes, recorded (`test/vectors/californium`), and the keys of a recorded PSK session.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ClusterMacKeys } from "@coracle/cluster";
import { cipherSuiteByName, type SessionState } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { clusterMacKeys } from "../../packages/cluster/src/io/channel-mac-keys.ts";
import { keyBlock, masterSecret } from "../../packages/dtls/src/suite/key-schedule.ts";
import { pskPremasterSecret } from "../../packages/dtls/src/suite/premaster-secret.ts";

/** One datagram between cluster ports. Nodes 1 and 2 are Californium's, node 3 is ours. */
export interface RecordedDatagram {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** A recording; `source` says what was recorded and how. */
export interface Recording {
  readonly source: string;
  readonly mode: "plain" | "dtls" | "dtls-mac";
  readonly identity?: string;
  readonly secret?: string;
  /** Which node started the management session. */
  readonly client?: number;
  readonly role?: "client" | "server";
  readonly random?: string;
  readonly ownCid?: string;
  readonly peerCid?: string;
  readonly cookie?: string;
  readonly datagrams: readonly RecordedDatagram[];
}

/** What both ends of a management session have after its handshake. */
export interface RecordedKeys {
  readonly client: { readonly key: Uint8Array; readonly iv: Uint8Array; readonly cid: Uint8Array };
  readonly server: { readonly key: Uint8Array; readonly iv: Uint8Array; readonly cid: Uint8Array };
  readonly master: Uint8Array;
  readonly macOf: (role: "client" | "server") => ClusterMacKeys;
}

const SUITE_NAME = "PSK_WITH_AES_128_CCM_8";
const [CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY_REQUEST, CLIENT_KEY_EXCHANGE] = [1, 2, 3, 16] as const;
const [HANDSHAKE, WITH_CID] = [22, 25] as const;
const [RECORD_HEADER, MESSAGE_HEADER, RANDOM_SIZE, CID_SIZE, CID_AT] = [13, 12, 32, 6, 11] as const;
const EXTRA_SIZE = 64;

export const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, "hex"));
export const asHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Reads a recording by its file's name. */
export function readRecording(name: string): Recording {
  const path = new URL(`../vectors/californium/${name}.json`, import.meta.url);
  const { frames, ...rest } = JSON.parse(readFileSync(path, "utf8")) as Omit<Recording, "datagrams"> & {
    readonly frames: readonly string[];
  };
  const datagrams = frames.map((line) => {
    const [, from = "", to = "", digits = ""] = /^(\d)>(\d) ([0-9a-f]+)$/.exec(line) ?? [];
    return { from: Number(from), to: Number(to), bytes: hex(digits) };
  });
  return { ...rest, datagrams };
}

/** The records of a datagram. Connection IDs have six bytes. */
export function recordsOf(datagram: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < datagram.length;) {
    const before = CID_AT + (datagram[at] === WITH_CID ? CID_SIZE : 0);
    const size = before + 2 + (((datagram[at + before] ?? 0) << 8) | (datagram[at + before + 1] ?? 0));
    records.push(datagram.subarray(at, at + size));
    at += size;
  }
  return records;
}

/** True for a datagram of DTLS records, false for a frame, a ping or a pong in the clear. */
export function isRecorded(type: "records" | "frame", bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return type === "records" ? first >= 20 && first <= 25 : first === 62 || first === 63;
}

/** The keys that the recorded full handshake of `client` with `server` made, by way of its transcript (RFC 7627). */
export function recordedKeys(recording: Recording, client: number): RecordedKeys {
  const suite = cipherSuiteByName(SUITE_NAME);
  assert.ok(suite !== undefined && recording.secret !== undefined);
  const transcript = transcriptOf(recording, client);
  const sessionHash = systemCrypto.hash("sha256", Buffer.concat(transcript.map(({ bytes }) => bytes)));
  const premaster = pskPremasterSecret(new TextEncoder().encode(recording.secret));
  const master = masterSecret(systemCrypto, suite.hash, premaster, { sessionHash });
  return keysOf(recording, client, { master, randoms: randomsOf(transcript) });
}

/** The keys that a recorded resumption by `client` made from the master secret of the session before. */
export function resumedKeys(recording: Recording, client: number, master: Uint8Array): RecordedKeys {
  return keysOf(recording, client, { master, randoms: randomsOf(transcriptOf(recording, client)) });
}

/** The session as `role` has it right after the handshake, for our server to take over. */
export function stateOf(keys: RecordedKeys, role: "client" | "server"): SessionState {
  const [own, other] = role === "client" ? [keys.client, keys.server] : [keys.server, keys.client];
  const suite = cipherSuiteByName(SUITE_NAME);
  assert.ok(suite !== undefined);
  return {
    version: 1,
    suite: suite.code,
    writeKey: own.key,
    writeIv: own.iv,
    readKey: other.key,
    readIv: other.iv,
    ownCid: own.cid,
    peerCid: other.cid,
    peer: "other",
    writeSequence: 1,
    window: { newest: 0, low: 1, high: 0 },
    identity: { kind: "anonymous" },
    serverName: undefined,
    usesExtendedMasterSecret: true,
    allowsPathCheck: false,
  };
}

/** Messages of a handshake, without the hello that had no cookie and the answer to it (RFC 6347 §4.2.1). */
function transcriptOf(recording: Recording, client: number): readonly PlainMessage[] {
  return plainMessages(recording, client).filter(
    ({ sequence, type }) => type !== HELLO_VERIFY_REQUEST && (type !== CLIENT_HELLO || sequence > 0),
  );
}

function randomsOf(transcript: readonly PlainMessage[]): { client: Uint8Array; server: Uint8Array } {
  const random = (type: number): Uint8Array => {
    const message = transcript.find((each) => each.type === type);
    assert.ok(message !== undefined);
    return message.bytes.slice(MESSAGE_HEADER + 2, MESSAGE_HEADER + 2 + RANDOM_SIZE);
  };
  return { client: random(CLIENT_HELLO), server: random(SERVER_HELLO) };
}

/** The keys of a master secret and both randoms, with the IDs seen on the wire. */
function keysOf(recording: Recording, client: number, secret: Parameters<typeof keyBlock>[2]): RecordedKeys {
  const suite = cipherSuiteByName(SUITE_NAME);
  assert.ok(suite !== undefined);
  const block = keyBlock(systemCrypto, suite, secret, EXTRA_SIZE);
  return {
    client: { ...block.client, cid: cidOfPeer(recording, (from) => from !== client) },
    server: { ...block.server, cid: cidOfPeer(recording, (from) => from === client) },
    master: secret.master,
    macOf: (role) => {
      const keys = clusterMacKeys(systemCrypto, { suite: SUITE_NAME, extraKeys: block.extra, role });
      assert.ok(keys !== undefined);
      return keys;
    },
  };
}

/** The ID in the first record with one among those that `sent`. */
function cidOfPeer(recording: Recording, sent: (from: number) => boolean): Uint8Array {
  for (const { from, bytes } of recording.datagrams) {
    if (!isRecorded("records", bytes) || !sent(from)) continue;
    const record = recordsOf(bytes).find((each) => each[0] === WITH_CID);
    if (record !== undefined) return record.slice(CID_AT, CID_AT + CID_SIZE);
  }
  return new Uint8Array(0);
}

interface PlainMessage {
  readonly type: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** Handshake messages in the clear: what the client and what the server of this handshake may say. */
function plainMessages(recording: Recording, client: number): PlainMessage[] {
  const ofClient = new Set<number>([CLIENT_HELLO, CLIENT_KEY_EXCHANGE]);
  return recording.datagrams
    .filter(({ bytes }) => isRecorded("records", bytes))
    .flatMap(({ from, bytes }) => recordsOf(bytes).map((record) => ({ from, record })))
    .filter(({ record }) => record[0] === HANDSHAKE && record[4] === 0)
    .map(({ from, record }) => ({ from, bytes: record.subarray(RECORD_HEADER) }))
    .filter(({ from, bytes }) => (from === client) === ofClient.has(bytes[0] ?? 0))
    .map(({ bytes }) => ({ type: bytes[0] ?? 0, sequence: ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0), bytes }));
}
