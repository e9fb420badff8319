// What real Californium 3.14.0 nodes said on the cluster port, read, answered and written again by our protocol: pings, management
// sessions, frames and their MACs. The recordings and their sources are in `test/vectors/californium`.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import {
  type ClusterMacKeys,
  emptyForwardFrame,
  encodePingPong,
  type Endpoint,
  formatEndpoint,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  FramePeek,
  FrameType,
  ManagementPlane,
  nodeId,
  NodeState,
  parseEndpoint,
  parsePingPong,
  peekForwardFrame,
  RecordRouter,
  type RouteDecision,
} from "@coracle/cluster";
import { cipherSuiteByName, DtlsClient, type DtlsOutput, DtlsServer, type SessionId } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { clusterMacKeys } from "../../packages/cluster/src/io/channel-mac-keys.ts";
import {
  asHex,
  hex,
  isRecorded,
  readRecording,
  type RecordedDatagram,
  type RecordedKeys,
  recordedKeys,
  type Recording,
  recordsOf,
  resumedKeys,
  stateOf,
} from "./californium-vectors.ts";

const NOW = millis(0);
const CID_SIZE = 6;
const [PROTECTED, HANDSHAKE] = [1, 22] as const;
const SUITE = cipherSuiteByName("PSK_WITH_AES_128_CCM_8");

const address = (node: number): Endpoint => endpoint(`127.0.0.1:1${node}884`);
const datagramsOf = (type: "records" | "frame", recording: Recording): readonly RecordedDatagram[] =>
  recording.datagrams.filter(({ bytes }) => isRecorded(type, bytes));

function endpoint(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** A datagram with room for a header in front. */
function roomy(payload: Uint8Array) {
  const bytes = new Uint8Array(FORWARD_HEADER_SIZE_BYTES_MAX + payload.length);
  bytes.set(payload, FORWARD_HEADER_SIZE_BYTES_MAX);
  return { bytes, start: FORWARD_HEADER_SIZE_BYTES_MAX, end: bytes.length };
}

/** Client and payload of a frame. */
function contentOf(bytes: Uint8Array, macSizeBytes: number): { client: Endpoint; payload: Uint8Array } {
  const frame = emptyForwardFrame();
  assert.equal(peekForwardFrame({ bytes, start: 0, end: bytes.length }, macSizeBytes, frame), FramePeek.ok);
  const client = {
    address: bytes.slice(frame.addressOffset, frame.addressOffset + frame.addressSizeBytes),
    port: frame.port,
  };
  return { client, payload: bytes.slice(frame.payloadOffset) };
}

/** The packet path of a node that knows one other. */
function routerOf(node: number, other: number, keys: ClusterMacKeys | undefined): RecordRouter {
  const options = { nodeId: nodeId(node), cidSizeBytes: CID_SIZE, mac: keys !== undefined, hashSeed: 7 };
  const router = new RecordRouter(options);
  router.members.set(nodeId(other), address(other), keys);
  return router;
}

const written = (bytes: Uint8Array, { start, end }: RouteDecision): string => asHex(bytes.slice(start, end));

/**
 * Every recorded frame: our node in the place of the sender writes the same bytes, in the place of the receiver accepts them, and
 * refuses them with one bit of the header changed if there is a MAC. Returns how many there were.
 */
function passFrames(frames: readonly RecordedDatagram[], keysOf: (node: number) => ClusterMacKeys | undefined): number {
  for (const { from, to, bytes } of frames) {
    const macSizeBytes = keysOf(from) === undefined ? 0 : 8;
    const { client, payload } = contentOf(bytes, macSizeBytes);
    const sender = routerOf(from, to, keysOf(from));
    const receiver = routerOf(to, from, keysOf(to));
    const room = roomy(payload);
    if (bytes[0] === FrameType.forward) {
      assert.equal(written(room.bytes, sender.routePublic(room, client, NOW)), asHex(bytes));
    } else {
      assert.equal(written(room.bytes, sender.routeAnswer(room, client, address(to))), asHex(bytes));
      // The receiver has forwarded for that client: a record of its own with the sender's id in front.
      receiver.flows.touch(client, nodeId(from), NOW);
    }
    const changed = bytes.slice();
    changed[1] = (changed[1] ?? 0) ^ 1;
    const refusal = receiver.routeCluster({ bytes: changed, start: 0, end: bytes.length }, address(from), NOW);
    if (macSizeBytes > 0) assert.match(refusal.cause ?? "", /^bad-(forward|backward)$/);
    const accepted = receiver.routeCluster({ bytes, start: 0, end: bytes.length }, address(from), NOW);
    assert.equal(accepted.kind, bytes[0] === FrameType.forward ? "local" : "send-client");
    assert.equal(written(bytes, accepted), asHex(payload));
    if (bytes[0] === FrameType.forward)
      assert.equal(formatEndpoint(accepted.router ?? client), formatEndpoint(address(from)));
  }
  return frames.length;
}

/** One end of a management session, taken over from the recorded handshake. */
class TakenOver {
  readonly #server: DtlsServer;
  readonly #session: SessionId;

  constructor(keys: RecordedKeys, role: "client" | "server") {
    const state = stateOf(keys, role);
    this.#server = new DtlsServer({
      crypto: systemCrypto,
      random: new SeededRandom(1),
      cids: { generate: () => state.ownCid, sizeAt: () => state.ownCid.length },
    });
    this.#server.handle({ kind: "import", state }, NOW);
    const established = this.#server.poll();
    assert.ok(established?.kind === "established");
    this.#session = established.session;
  }

  /** What a record says; throws if it is not authentic. */
  open(bytes: Uint8Array): Uint8Array {
    this.#server.handle({ kind: "datagram", peer: "other", bytes }, NOW);
    for (let output = this.#server.poll(); output !== undefined; output = this.#server.poll())
      if (output.kind === "data") return output.bytes;
    throw new Error(`Cannot open ${asHex(bytes)}`);
  }

  seal(bytes: Uint8Array): Uint8Array {
    this.#server.handle({ kind: "send", session: this.#session, bytes }, NOW);
    const output = this.#server.poll();
    assert.ok(output?.kind === "send");
    return output.bytes;
  }
}

/** Opens every message of a session and seals it again to the same bytes; the messages. */
function passMessages(recording: Recording, client: number, keys: RecordedKeys): string[] {
  const ends = { client: new TakenOver(keys, "client"), server: new TakenOver(keys, "server") };
  const records = datagramsOf("records", recording).flatMap(({ from, bytes }) =>
    recordsOf(bytes).map((record) => ({ from, record })),
  );
  const messages: string[] = [];
  for (const { from, record } of records) {
    // Sequence number 0 is the Finished.
    if (record[4] !== PROTECTED || record[10] === 0) continue;
    const [sender, receiver] = from === client ? [ends.client, ends.server] : [ends.server, ends.client];
    const message = receiver.open(record);
    assert.equal(asHex(sender.seal(message)), asHex(record));
    messages.push(`${from} ${asHex(message)}`);
  }
  return messages;
}

describe("Californium 3.14.0 recorded in mode plain", () => {
  const recording = readRecording("plain");

  it("sends pings and pongs that read well, and are written to the same bytes", () => {
    const messages = recording.datagrams.filter(({ bytes }) => !isRecorded("frame", bytes));
    assert.ok(messages.length > 20);
    for (const { from, bytes } of messages) {
      const parsed = parsePingPong(bytes);
      assert.ok(parsed.ok && parsed.value.state !== undefined);
      assert.equal(parsed.value.nodeId, from);
      assert.equal(asHex(encodePingPong(parsed.value.kind, parsed.value.nodeId, parsed.value.state)), asHex(bytes));
    }
    const states = new Set(messages.filter(({ from }) => from < 3).map(({ bytes }) => bytes[5]));
    assert.deepEqual(states, new Set<number | undefined>([NodeState.start, NodeState.up, NodeState.initialized]));
  });

  it("is answered as it was, known and believed by our node", () => {
    const plane = new ManagementPlane({
      mode: "plain",
      table: {
        nodeId: nodeId(3),
        random: new SeededRandom(3),
        discovery: { kind: "static", addresses: [1, 2, 3].map(address) },
        selfAddresses: [address(3)],
      },
    });
    plane.handle({ kind: "start" }, NOW);
    const answers: string[] = [];
    for (const { from, to, bytes } of recording.datagrams) {
      if (to !== 3 || isRecorded("frame", bytes)) continue;
      plane.handle({ kind: "datagram", from: address(from), bytes }, NOW);
      for (let output = plane.poll(); output !== undefined; output = plane.poll()) {
        if (output.kind === "transmit" && output.bytes[0] === FrameType.pong)
          answers.push(`${formatEndpoint(output.to)} ${asHex(output.bytes)}`);
      }
    }
    const accepted = recording.datagrams.filter(({ from, bytes }) => from === 3 && bytes[0] === FrameType.pong);
    for (const { to, bytes } of accepted)
      assert.ok(answers.includes(`${formatEndpoint(address(to))} ${asHex(bytes)}`), asHex(bytes));
    const members = plane.table.nodes().map(({ nodeId: id, state, liveness }) => `${id} ${state} ${liveness}`);
    assert.deepEqual(
      members.sort((a, b) => a.localeCompare(b)),
      ["1 2 alive", "2 2 alive"],
    );
  });

  it("forwards and sends back as our node does", () => {
    assert.equal(
      passFrames(datagramsOf("frame", recording), () => undefined),
      12,
    );
    assert.equal(
      passFrames(datagramsOf("frame", readRecording("frames-ipv6")), () => undefined),
      3,
    );
  });
});

describe("Californium 3.14.0 recorded in a management session", () => {
  for (const name of ["management-dtls", "management-mac"]) {
    it(`has the keys and messages of our key schedule: ${name}`, () => {
      const recording = readRecording(name);
      const client = recording.client ?? 0;
      const messages = passMessages(recording, client, recordedKeys(recording, client));
      assert.ok(messages.length >= 6);
      for (const message of messages) assert.match(message, /^([12]) 3[cd]0(?:\1)000000(00|01|02)$/);
    });
  }

  it("frames without MAC in mode dtls as our node does", () => {
    const frames = datagramsOf("frame", readRecording("management-dtls"));
    assert.equal(
      passFrames(frames, () => undefined),
      4,
    );
  });

  it("signs frames in mode dtls-mac as our node does with the keys of the session", () => {
    const recording = readRecording("management-mac");
    const keys = recordedKeys(recording, 1);
    const keysOf = (node: number): ClusterMacKeys => keys.macOf(node === 1 ? "client" : "server");
    assert.equal(passFrames(datagramsOf("frame", recording), keysOf), 8);
  });

  it("resumes a session and signs with the keys of the resumption", () => {
    const recording = readRecording("management-resumed");
    const { master } = recordedKeys(recording, 1);
    const begins = recording.datagrams.findIndex(
      ({ from, bytes }) => from === 2 && bytes[0] === HANDSHAKE && bytes[13] === 1,
    );
    const later = { ...recording, datagrams: recording.datagrams.slice(begins) };
    const keys = resumedKeys(later, 2, master);
    const keysOf = (node: number): ClusterMacKeys => keys.macOf(node === 2 ? "client" : "server");
    assert.equal(passFrames(datagramsOf("frame", recording), keysOf), 4);
  });
});

describe("our endpoints beside a recorded Californium 3.14.0 node", () => {
  for (const role of ["client", "server"] as const) {
    it(`say as ${role} what it accepted, byte for byte, and derive its MAC keys`, () => {
      const recording = readRecording(`session-${role}`);
      const keys = recordedKeys(recording, role === "client" ? 3 : 1);
      const plaintext = new TakenOver(keys, role === "client" ? "server" : "client");
      const ours = startEndpoint(recording, role);
      for (const { from, bytes } of datagramsOf("records", recording)) {
        if (from === 1) ours.receive(bytes);
        else assert.equal(asHex(ours.sent() ?? ours.send(plaintext.open(bytes))), asHex(bytes));
      }
      assert.equal(ours.sent(), undefined);
      assert.deepEqual([...new Set(ours.messages.map((message) => message.slice(2, 10)))], ["01000000"]);
      assert.ok(ours.messages.some((message) => message.startsWith("3c")));
      const derived = clusterMacKeys(systemCrypto, { suite: SUITE?.name ?? "", extraKeys: ours.extraKeys, role });
      const theirs = keys.macOf(role === "client" ? "server" : "client");
      const frames = datagramsOf("frame", recording);
      assert.equal(
        passFrames(frames, (node) => (node === 3 ? derived : theirs)),
        8,
      );
    });
  }
});

interface RecordedEndpoint {
  readonly messages: string[];
  readonly extraKeys: Uint8Array;
  receive(bytes: Uint8Array): void;
  send(bytes: Uint8Array): Uint8Array;
  /** The next datagram it wants to send. */
  sent(): Uint8Array | undefined;
}

/** Our client or server with the fixed random bytes, IDs and cookie of the recording. */
function startEndpoint(recording: Recording, role: "client" | "server"): RecordedEndpoint {
  const { identity = "", secret = "", random = "", ownCid = "", cookie = "" } = recording;
  assert.ok(SUITE !== undefined);
  const filled = { next: () => 0, uint32: () => 0, bytes: (size: number) => new Uint8Array(size).fill(Number(random)) };
  const shared = {
    crypto: systemCrypto,
    random: filled,
    suites: [SUITE],
    cids: { generate: () => hex(ownCid), sizeAt: () => CID_SIZE },
    returnRoutabilityCheck: false,
    extraKeySizeBytes: 64,
  };
  const [name, key] = [new TextEncoder().encode(identity), new TextEncoder().encode(secret)];
  const cookies = {
    make: () => hex(cookie),
    accepts: (_peer: string, hello: { cookie: Uint8Array }) => asHex(hello.cookie) === cookie,
  };
  const client = new DtlsClient({ ...shared, psk: { identity: name, key } });
  const server = new DtlsServer({ ...shared, psk: (id) => (asHex(id) === asHex(name) ? key : undefined), cookies });
  const machine = role === "client" ? client : server;
  const waiting: Uint8Array[] = [];
  const messages: string[] = [];
  let established: Extract<DtlsOutput, { kind: "established" }> | undefined;
  const drain = (): void => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === "send") waiting.push(output.bytes);
      else if (output.kind === "established") established = output;
      else if (output.kind === "data") messages.push(asHex(output.bytes));
    }
  };
  if (role === "client") client.handle({ kind: "connect", peer: "other" }, NOW);
  drain();
  return {
    messages,
    get extraKeys() {
      assert.ok(established !== undefined);
      return established.extraKeys;
    },
    receive: (bytes) => {
      machine.handle({ kind: "datagram", peer: "other", bytes }, NOW);
      drain();
    },
    send: (bytes) => {
      assert.ok(established !== undefined);
      if (role === "client") client.handle({ kind: "send", bytes }, NOW);
      else server.handle({ kind: "send", session: established.session, bytes }, NOW);
      drain();
      return waiting.shift() ?? new Uint8Array(0);
    },
    sent: () => waiting.shift(),
  };
}
