// The small parts of the router: paths, key files, lists of nodes, the PROXY header, resources, shared cookies, caps.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { systemCrypto } from "@coracle/dtls/io";
import { decodeBase64 } from "../io/psk-store.ts";
import { endpointOf } from "../testing/simulated-service.ts";
import { HANDSHAKE_PATHS_MAX, HandshakePaths } from "./handshake-paths.ts";
import { directPath, isSameClient, readPath, routedPath } from "./peer-path.ts";
import { parsePeerList, PEERS_MAX } from "@coracle/cluster";
import { encodeProxyHeader } from "./proxy-header.ts";
import { parsePskFile, parsePskFileInSteps } from "./psk-file.ts";
import { layOutPskIndexInSteps, PskIndex } from "./psk-index.ts";
import { answerRequest, type ResourceFacts, type ResourceRequest } from "./resources.ts";
import { SharedCookies } from "./shared-cookies.ts";
import { stepByStep } from "./steps.ts";
import { parseUpstream } from "./upstream.ts";

const V4 = endpointOf("192.0.2.7:65535");
const V6 = endpointOf("[2001:db8::7]:1");
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("a path", () => {
  it("is read back as it was made, with and without a router, of both families", () => {
    for (const client of [V4, V6]) {
      assert.deepEqual(readPath(directPath(client)), { client, router: undefined });
      for (const router of [V4, V6]) {
        const frame = { addressOffset: 3, addressSizeBytes: client.address.length, port: client.port };
        const bytes = Uint8Array.of(9, 9, 9, ...client.address);
        const path = routedPath(bytes, frame, router);
        assert.deepEqual(readPath(path), { client, router });
        assert.ok(isSameClient(path, directPath(client)));
        assert.ok(!isSameClient(path, directPath(client === V4 ? V6 : V4)));
      }
    }
  });

  it("takes IPv4 inside IPv6 for IPv4", () => {
    const mapped = { address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7), port: 65_535 };
    assert.equal(directPath(mapped), directPath(V4));
  });
});

describe("paths of handshakes", () => {
  it("are kept up to their number, the oldest forgotten first, and forgotten when told", () => {
    const paths = new HandshakePaths();
    for (let index = 0; index <= HANDSHAKE_PATHS_MAX; index++) paths.note(`client ${index}`, V4);
    assert.equal(paths.size, HANDSHAKE_PATHS_MAX);
    assert.equal(paths.router("client 0"), undefined);
    assert.equal(paths.router("client 1"), V4);
    paths.forget("client 1");
    assert.equal(paths.router("client 1"), undefined);
  });
});

describe("a key file", () => {
  const parse = (content: string): ReturnType<typeof parsePskFile> => parsePskFile(content, decodeBase64);

  it("gives keys by identity, which may contain the sign that separates", () => {
    const parsed = parse("# keys\n\n device=AAEC \r\na=b=AAECAw==\nc==AAEC\n");
    assert.ok(parsed.ok);
    assert.deepEqual(
      [...parsed.value],
      [
        ["device", Uint8Array.of(0, 1, 2)],
        ["a=b", Uint8Array.of(0, 1, 2, 3)],
        ["c=", Uint8Array.of(0, 1, 2)],
      ],
    );
  });

  it("is read in steps, however long, and a fault far down is found", async () => {
    const line = (index: number): string => `d${index}=AAEC`;
    const content = Array.from({ length: 10_000 }, (_, index) => line(index)).join("\n");
    let pauses = 0;
    const inSteps = (text: string): Promise<ReturnType<typeof parsePskFile>> =>
      stepByStep(parsePskFileInSteps(text, decodeBase64), () => Promise.resolve(void pauses++));
    const parsed = await inSteps(content);
    assert.ok(parsed.ok);
    assert.deepEqual([parsed.value.size, pauses], [10_000, 5]);
    const memory = await stepByStep(layOutPskIndexInSteps(parsed.value), () => Promise.resolve(void pauses++));
    assert.equal(pauses, 5 + 4);
    const index = new PskIndex(memory);
    for (const at of [0, 4999, 5000, 9999]) assert.ok(index.find(new TextEncoder().encode(`d${at}`)) !== undefined);
    const bad = await inSteps(`${content}\nnothing`);
    assert.ok(!bad.ok);
    assert.match(bad.error.message, /line 10001/);
  });

  it("is refused as a whole with the number of the line and nothing of its content", () => {
    for (const [content, reason] of [
      ["a=AAEC\nsecret", /line 2 .*not identity=base64/],
      ["=AAEC", /line 1/],
      ["a=s*cret", /line 1 .*not base64/],
      ["a=", /line 1/],
      ["a=AAEC\na=AAED", /line 2 .*was there before/],
      [`${"a".repeat(129)}=AAEC`, /longer than 128/],
      [`a=${"A".repeat(88)}`, /longer than 64/],
    ] as const) {
      const parsed = parse(content);
      assert.ok(!parsed.ok, content);
      assert.match(parsed.error.message, reason);
      assert.ok(!/secret|s\*cret/.test(parsed.error.message));
    }
  });
});

describe("a list of nodes", () => {
  it("takes commas, lines and comments, names and addresses, each once", () => {
    const parsed = parsePeerList("10.0.0.1:5884, router-1.routers:5884 # the second\n[2001:db8::1]:1 10.0.0.1:5884\n");
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value, [
      { host: "10.0.0.1", port: 5884 },
      { host: "router-1.routers", port: 5884 },
      { host: "2001:db8::1", port: 1 },
    ]);
  });

  it("is refused if an entry is none, or if there are too many", () => {
    for (const word of ["10.0.0.1", "a:0", "a:65536", ":5884", "a b:1:2", "-a:1"])
      assert.ok(!parsePeerList(word).ok, word);
    const many = Array.from({ length: PEERS_MAX + 1 }, (_, index) => `n${index}:1`);
    assert.ok(parsePeerList(many.slice(1).join()).ok);
    assert.ok(!parsePeerList(many.join()).ok);
  });

  it("is not what an upstream is: one address", () => {
    assert.deepEqual(parseUpstream("udp://[::1]:5683"), { ok: true, value: { kind: "udp", host: "::1", port: 5683 } });
    assert.ok(parseUpstream("coap").ok);
    for (const wrong of ["udp://", "udp://a:1,b:2", "tcp://a:1", "a:1"]) assert.ok(!parseUpstream(wrong).ok, wrong);
  });
});

describe("a PROXY header", () => {
  const facts = { cid: Uint8Array.of(1, 2), identityKind: "psk", identity: new TextEncoder().encode("d") };

  it("names both addresses and what is known of the device", () => {
    const header = encodeProxyHeader({ client: V4, server: endpointOf("203.0.113.1:5684"), ...facts });
    const hex = Buffer.from(header).toString("hex");
    assert.equal(
      hex,
      "0d0a0d0a000d0a515549540a" +
        "2112" +
        "001b" +
        "c0000207cb007101" +
        "ffff1634" +
        "0500020102" +
        "e1000370736b" +
        "e0000164",
    );
  });

  it("writes addresses of two families as IPv6, and leaves out what is empty", () => {
    const none = { cid: new Uint8Array(0), identityKind: "anonymous", identity: new Uint8Array(0) };
    const hex = Buffer.from(encodeProxyHeader({ client: V6, server: V4, ...none })).toString("hex");
    assert.ok(
      hex.startsWith(
        `0d0a0d0a000d0a515549540a21220030${Buffer.from(V6.address).toString("hex")}${"00".repeat(10)}ffffc0000207`,
      ),
    );
    assert.ok(hex.endsWith(`0001ffffe10009${Buffer.from("anonymous").toString("hex")}`));
  });
});

const NO_DIAGNOSIS = { nodeId: 3, workers: 1, sessionsMax: 100, groups: {} };

describe("a resource", () => {
  const known: ResourceFacts = {
    clientHost: "2001:db8::7",
    clientPort: 4,
    nodeId: 3,
    identity: "device",
    cipherSuite: "TLS_X",
    readCid: "0301",
    writeCid: "",
    extendedMasterSecret: true,
    router: "",
    server: "here",
  };
  const ask = (
    request: Partial<ResourceRequest>,
    facts: ResourceFacts | undefined = known,
  ): ReturnType<typeof answerRequest> =>
    answerRequest(
      { method: "GET", path: "", queries: [], payload: new Uint8Array(0), accept: undefined, ...request },
      {
        facts: () => facts,
        diagnosis: () => NO_DIAGNOSIS,
      },
    );

  it("answers in the form asked for, or says that it has not got it", () => {
    assert.match(text(ask({ path: "mycontext" }).payload), /node-id: 3\n/);
    const json = ask({ path: "mycontext", accept: 50 });
    assert.equal((JSON.parse(text(json.payload)) as Record<string, unknown>)["read-cid"], "0301");
    assert.equal(ask({ path: "mycontext", accept: 41 }).code, "4.06");
    assert.equal(text(ask({ path: "myip" }).payload), "[2001:db8::7]:4");
    assert.equal(
      answerRequest(
        { method: "GET", path: "myip", queries: [], payload: new Uint8Array(0), accept: undefined },
        { facts: () => undefined, diagnosis: () => NO_DIAGNOSIS },
      ).code,
      "5.03",
    );
  });

  it("never answers with more than a record holds", () => {
    assert.equal(ask({ path: "benchmark", queries: ["rlen=1024"] }).payload.length, 1024);
    assert.equal(ask({ path: "benchmark", queries: ["rlen=1025"] }).code, "4.00");
    assert.equal(text(ask({ path: "benchmark", queries: ["rlen=17"] }).payload), "hello benchmark**");
  });
});

describe("cookies of a cluster", () => {
  const secret = new TextEncoder().encode("shared");
  const hello = {
    version: 0xfefd,
    random: new SeededRandom(1).bytes(32),
    sessionId: new Uint8Array(0),
    cookie: new Uint8Array(0),
    cipherSuites: [0xc0a8],
    compressionMethods: Uint8Array.of(0),
    extensions: [],
  };

  it("made by one node are taken by another whose clock is a minute off, and not after three", () => {
    const [one, two] = [new ManualClock({ wallMs: 600_000 }), new ManualClock({ wallMs: 660_000 })];
    const maker = new SharedCookies(systemCrypto, secret, { clock: one, hint: 1 });
    const taker = new SharedCookies(systemCrypto, secret, { clock: two, hint: 2 });
    const cookie = maker.make("client", hello);
    assert.ok(taker.accepts("client", { ...hello, cookie }));
    assert.ok(!taker.accepts("another", { ...hello, cookie }));
    two.advance(120_000);
    assert.ok(!taker.accepts("client", { ...hello, cookie }));
  });
});
