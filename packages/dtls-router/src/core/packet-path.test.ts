// The packet thread's part: what leaves at once, what goes up, what it tells, and messages between the threads.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis } from "@coracle/base";
import { type DatagramView, type Endpoint, formatEndpoint, nodeId } from "@coracle/cluster";
import { endpointOf } from "../testing/simulated-service.ts";
import { decodeMessage, encodeMessage, type PostedMember } from "./packet-messages.ts";
import { PacketPath, Port } from "./packet-path.ts";

const CLIENT = endpointOf("198.51.100.7:40000");
const MEMBER = endpointOf("10.0.0.2:5884");
const STRANGER = endpointOf("10.0.0.66:5884");

/** A record with an ID of a node. */
function record(owner: number): Uint8Array {
  const bytes = new Uint8Array(39).fill(0xaa);
  bytes.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, owner, 1, 2, 3, 4, 5, 0, 20]);
  return bytes;
}

function setUp(): {
  path: PacketPath;
  done: string[];
  receive: (port: number, bytes: Uint8Array, source: Endpoint, now?: number) => string[];
} {
  const done: string[] = [];
  const options = { nodeId: nodeId(1), cidSizeBytes: 6, mac: false, hashSeed: 1, flowsMax: 64 };
  const path = new PacketPath(options, {
    send: (port: number, { bytes, start, end }: DatagramView, to) =>
      void done.push(
        `${port === Port.public ? "public" : "cluster"} ${bytes[start]} ${end - start} ${formatEndpoint(to)}`,
      ),
    passUp: () => void done.push("up"),
    stranger: (from) => void done.push(`stranger ${formatEndpoint(from)}`),
  });
  path.router.members.set(nodeId(2), MEMBER);
  const receive = (port: number, bytes: Uint8Array, source: Endpoint, now = 0): string[] => {
    const memory = new Uint8Array(64 + bytes.length);
    memory.set(bytes, 64);
    done.length = 0;
    path.receive(port, { bytes: memory, start: 64, end: memory.length }, { source, now: millis(now) });
    return [...done];
  };
  return { path, done, receive };
}

describe("the packet path", () => {
  it("forwards records of members and sends their answers back, hands up its own, drops the rest", () => {
    const { path, receive } = setUp();
    assert.deepEqual(receive(Port.public, record(2), CLIENT), ["cluster 63 47 10.0.0.2:5884"]);
    const back = Uint8Array.from([62, 0x40, 0x9c, 4, 198, 51, 100, 7, ...record(9)]);
    assert.deepEqual(receive(Port.cluster, back, MEMBER), ["public 25 39 198.51.100.7:40000"]);
    assert.deepEqual(receive(Port.public, record(1), CLIENT), ["up"]);
    assert.deepEqual(receive(Port.public, record(77), CLIENT), []);
    const own = Uint8Array.from([63, 0x40, 0x9c, 4, 198, 51, 100, 7, ...record(1)]);
    assert.deepEqual(receive(Port.cluster, own, MEMBER), ["up"]);
    assert.deepEqual(receive(Port.cluster, Uint8Array.of(61, 2, 0, 0, 0, 1), MEMBER), ["up"]);
    const counts = new Map(path.counts().routes);
    assert.deepEqual([counts.get("forwarded"), counts.get("backwarded"), counts.get("local")], [1, 1, 1]);
    assert.equal(new Map(path.counts().drops).get("unknown-node"), 1);
    assert.deepEqual([path.counts().flows, path.counts().flowsConfirmed], [1, 1]);
  });

  it("tells of strangers, but seldom", () => {
    const { receive } = setUp();
    const frame = Uint8Array.from([63, 0x40, 0x9c, 4, 198, 51, 100, 7, ...record(1)]);
    assert.deepEqual(receive(Port.cluster, frame, STRANGER), ["stranger 10.0.0.66:5884"]);
    assert.deepEqual(receive(Port.cluster, frame, STRANGER, 99), []);
    assert.deepEqual(receive(Port.cluster, frame, STRANGER, 100), ["stranger 10.0.0.66:5884"]);
  });
});

describe("messages between threads", () => {
  it("come out as they went in", () => {
    const keys = { hash: "sha256", sign: Uint8Array.of(1, 2), verify: Uint8Array.of(3) } as const;
    const member: PostedMember = { nodeId: nodeId(2), endpoint: MEMBER, keys };
    assert.deepEqual(decodeMessage(encodeMessage(member)), member);
  });
});
