// Frames on the wire: golden bytes seen from Californium, MAC vectors, round trips, and bytes of any kind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@coracle/base";
import { hmacBytes } from "@coracle/runtime";
import * as fc from "fast-check";
import {
  ClusterMac,
  CLUSTER_MAC_SIZE_BYTES,
  copyEndpoint,
  DATAGRAM_RECORDS_MAX,
  emptyForwardFrame,
  encodePingPong,
  type Endpoint,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  formatEndpoint,
  FramePeek,
  FrameType,
  BROKEN_RECORD,
  isRecords,
  NO_CID,
  NodeState,
  nodeId,
  parseEndpoint,
  parsePingPong,
  peekCid,
  peekForwardFrame,
  writeForwardHeader,
} from "./mod.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

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

function wrap(payload: Uint8Array, client: string, type: number, macSizeBytes = 0) {
  const datagram = roomy(payload);
  const frame = emptyForwardFrame();
  writeForwardHeader(datagram, { type, macSizeBytes }, endpoint(client), frame);
  return { bytes: datagram.bytes, frame };
}

test("forward and backward headers are those Californium 3.14.0 sends", () => {
  const record = hex("19fefd0001000000000002 01c17bd727de 001a 0001000000000002 52ca63980000000000000000000000000000");
  const forward = wrap(record, "127.0.0.1:47830", FrameType.forward);
  assert.equal(toHex(forward.bytes.subarray(forward.frame.start)), `3fd6ba047f000001${toHex(record)}`);
  const backward = wrap(record, "127.0.0.1:47830", FrameType.backward);
  assert.equal(toHex(backward.bytes.subarray(backward.frame.start, backward.frame.payloadOffset)), "3ed6ba047f000001");
  const six = wrap(record, "[2001:db8::7]:258", FrameType.forward);
  assert.equal(
    toHex(six.bytes.subarray(six.frame.start, six.frame.payloadOffset)),
    "3f02011020010db8000000000000000000000007",
  );
});

test("a client whose address is an IPv4 inside an IPv6 one, as a socket for both tells it, travels as IPv4", () => {
  const payload = new Uint8Array(26);
  for (const macSizeBytes of [0, CLUSTER_MAC_SIZE_BYTES]) {
    const datagram = roomy(payload);
    const frame = emptyForwardFrame();
    const client = { address: hex("00000000000000000000ffffc0000207"), port: 0x1234 };
    writeForwardHeader(datagram, { type: FrameType.forward, macSizeBytes }, client, frame);
    assert.equal(toHex(datagram.bytes.subarray(frame.start, frame.macOffset)), "3f341204c0000207");
    assert.deepEqual([frame.addressSizeBytes, frame.payloadOffset - frame.macOffset], [4, macSizeBytes]);
  }
});

test("cluster MACs are the published vectors", () => {
  const key = hex("000102030405060708090a0b0c0d0e0f");
  const hash = (data: Uint8Array): Uint8Array => hmacBytes("sha256", key, data);
  const mac = new ClusterMac();
  const vectors: readonly [size: number, expected: string][] = [
    [41, "c1c38e9d55b1a224"],
    [56, "dc9d9b74e6b76b2a"],
    [57, "54990236d0567a74"],
    [60, "42ad83a5c0824783"],
    [80, "fe05d0b3dc683282"],
  ];
  for (const [size, expected] of vectors) {
    const payload = Uint8Array.from({ length: size }, (_, index) => (0x40 + index) & 0xff);
    const { bytes, frame } = wrap(payload, "192.0.2.7:4660", FrameType.forward, CLUSTER_MAC_SIZE_BYTES);
    mac.write(bytes, frame, hash);
    assert.equal(toHex(bytes.subarray(frame.start, frame.macOffset)), "3f341204c0000207");
    assert.equal(toHex(bytes.subarray(frame.macOffset, frame.payloadOffset)), expected, `payload of ${size}`);
    assert.ok(mac.verify(bytes, frame, hash));
    for (const offset of [0, 1, 3, 7, 8, 15, 16, 47, frame.end - frame.start - 1].map((at) => frame.start + at)) {
      bytes[offset] = (bytes[offset] ?? 0) ^ 1;
      assert.equal(mac.verify(bytes, frame, hash), false, `tampered at ${offset - frame.start}`);
      bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    }
  }
});

test("a MAC covers header and payload up to 64 bytes together, for IPv6 a payload of 44", () => {
  const covered: number[] = [];
  const mac = new ClusterMac();
  for (const [client, size] of [
    ["[2001:db8::1]:9", 44],
    ["[2001:db8::1]:9", 45],
    ["192.0.2.1:9", 56],
    ["192.0.2.1:9", 57],
    ["192.0.2.1:9", 1400],
  ] as const) {
    const { bytes, frame } = wrap(new Uint8Array(size), client, FrameType.backward, CLUSTER_MAC_SIZE_BYTES);
    mac.write(bytes, frame, (data) => {
      covered.push(data.length);
      return new Uint8Array(32);
    });
  }
  assert.deepEqual(covered, [64, 84, 64, 72, 72]);
});

test("frames too short or with an odd address are told apart", () => {
  const frame = emptyForwardFrame();
  const peek = (bytes: Uint8Array, mac = 0) => peekForwardFrame({ bytes, start: 0, end: bytes.length }, mac, frame);
  const minimal = hex(`3f3412 04 c0000207${"19".repeat(26)}`);
  assert.equal(peek(minimal), FramePeek.ok);
  assert.deepEqual([frame.port, frame.payloadOffset, frame.end - frame.payloadOffset], [0x1234, 8, 26]);
  assert.equal(peek(minimal.subarray(0, 33)), FramePeek.short);
  assert.equal(peek(minimal.subarray(0, 32)), FramePeek.short);
  assert.equal(peek(minimal, CLUSTER_MAC_SIZE_BYTES), FramePeek.short);
  for (const size of [0, 3, 5, 15, 17, 255]) {
    const odd = minimal.slice();
    odd[3] = size;
    assert.equal(peek(odd), FramePeek.badAddressSize);
    assert.equal(peek(odd.subarray(0, 33)), FramePeek.badAddressSize);
    assert.equal(peek(odd.subarray(0, 32)), FramePeek.short);
  }
  assert.equal(peek(hex("3d0100000000")), FramePeek.notAFrame);
  assert.equal(peek(new Uint8Array(0)), FramePeek.notAFrame);
});

test("ping and pong are six bytes, the id in little endian", () => {
  assert.equal(toHex(encodePingPong("ping", nodeId(1), NodeState.start)), "3d0100000000");
  assert.equal(toHex(encodePingPong("pong", nodeId(2), NodeState.up)), "3c0200000001");
  assert.deepEqual(parsePingPong(hex("3d0100000000")), ok({ kind: "ping", nodeId: 1, state: 0 }));
  assert.deepEqual(parsePingPong(hex("3cff00000002aabbcc")), ok({ kind: "pong", nodeId: 255, state: 2 }));
  assert.deepEqual(parsePingPong(hex("3d0100000007")), ok({ kind: "ping", nodeId: 1, state: undefined }));
  for (const [text, error] of [
    ["", "unknown-message"],
    ["3e0100000000", "unknown-message"],
    ["3d01000000", "short-message"],
    ["3d0001000000", "node-id-out-of-range"],
    ["3dffffffff00", "node-id-out-of-range"],
  ] as const)
    assert.deepEqual(parsePingPong(hex(text)), { ok: false, error });
});

const CID_RECORD = "19fefd000100000000000101c17bd727de0003aabbcc";

test("peekCid() finds the connection ID behind plaintext records", () => {
  const peek = (text: string, cidSizeBytes = 6) => {
    const datagram = roomy(hex(text));
    const found = peekCid(datagram, cidSizeBytes);
    return found < 0 ? found : found - datagram.start;
  };
  const keyExchange = "16fefd000000000000000200021010";
  const changeCipher = "14fefd0000000000000003000101";
  assert.equal(peek(CID_RECORD), 11);
  assert.equal(peek(keyExchange + changeCipher + CID_RECORD), 15 + 14 + 11);
  assert.equal(peek(changeCipher.repeat(DATAGRAM_RECORDS_MAX - 1) + CID_RECORD), 14 * 15 + 11);
  assert.equal(peek(changeCipher.repeat(DATAGRAM_RECORDS_MAX) + CID_RECORD), NO_CID, "the walk is bounded");
  assert.equal(peek(keyExchange), NO_CID);
  assert.equal(peek("4001"), NO_CID, "CoAP is not ours to judge");
  assert.equal(peek(""), NO_CID);
  assert.equal(peek(CID_RECORD.slice(0, -2)), BROKEN_RECORD);
  assert.equal(peek("19fefd"), BROKEN_RECORD);
  assert.equal(peek(CID_RECORD.replace("fefd", "feff")), BROKEN_RECORD);
});

test("endpoints are parsed strictly, printed canonically, mapped addresses are IPv4", () => {
  for (const text of ["192.0.2.1:5884", "[2001:db8::1]:1", "[::]:65535"])
    assert.equal(formatEndpoint(endpoint(text)), text);
  assert.equal(formatEndpoint(endpoint("[::ffff:192.0.2.1]:7")), "192.0.2.1:7");
  for (const text of ["", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536", "[192.0.2.1]:5", "2001:db8::1:5", "host:5"])
    assert.equal(parseEndpoint(text).ok, false, text);
});

const client = fc.record({
  address: fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
  port: fc.integer({ min: 0, max: 0xffff }),
});

test("a written header is found again, with any client, payload and MAC size", () => {
  fc.assert(
    fc.property(
      client,
      fc.uint8Array({ minLength: 26, maxLength: 200 }),
      fc.constantFrom(0, 8),
      fc.constantFrom(FrameType.forward, FrameType.backward),
      (from, payload, macSizeBytes, type) => {
        const datagram = roomy(payload);
        const written = emptyForwardFrame();
        writeForwardHeader(datagram, { type, macSizeBytes }, from, written);
        const read = emptyForwardFrame();
        const peeked = peekForwardFrame(
          { bytes: datagram.bytes, start: written.start, end: datagram.end },
          macSizeBytes,
          read,
        );
        assert.equal(peeked, FramePeek.ok);
        assert.deepEqual(read, written);
        const address = datagram.bytes.slice(read.addressOffset, read.addressOffset + read.addressSizeBytes);
        assert.deepEqual({ address, port: read.port }, copyEndpoint(from));
        assert.deepEqual(datagram.bytes.slice(read.payloadOffset, read.end), payload, "the payload is not touched");
      },
    ),
  );
});

test("no bytes make a parser throw or read past the end", () => {
  const frame = emptyForwardFrame();
  const start = fc.constantFrom(0x3f, 0x3e, 0x3d, 0x3c, 0x19, 0x14, 0x16, 0x17);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), start, fc.integer({ min: 1, max: 20 }), (bytes, first, cidSize) => {
      if (bytes.length > 0) bytes[0] = first;
      if (bytes.length > 3) bytes.set(first < 0x30 ? [0xfe, 0xfd] : [0xfe, 0xfd, 4], 1);
      const datagram = { bytes, start: 0, end: bytes.length };
      const cid = peekCid(datagram, cidSize);
      assert.ok(cid === NO_CID || cid === BROKEN_RECORD || cid + cidSize <= bytes.length);
      for (const macSizeBytes of [0, 8])
        if (peekForwardFrame(datagram, macSizeBytes, frame) === FramePeek.ok)
          assert.ok(frame.end - frame.payloadOffset >= 26);
      parsePingPong(bytes);
      isRecords(datagram);
    }),
    { numRuns: 5000 },
  );
});
