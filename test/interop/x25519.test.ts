// Key agreement over X25519: Scandium, pion/dtls and OpenSSL at our router, our client at Scandium and pion/dtls.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cipherSuiteByName, RandomCids } from "@coracle/dtls";
import { trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { answerText, getRequest } from "./coap.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady, pionCommand } from "./peers.ts";
import { Relay } from "./relay.ts";
import { ScandiumHost } from "./scandium-host.ts";

const [HANDSHAKE, CLIENT_KEY_EXCHANGE, MESSAGE_AT, MESSAGE_HEADER_SIZE] = [22, 16, 13, 12] as const;
const X25519_KEY_SIZE = 32;

/** The size of the client's ephemeral key in its ClientKeyExchange: the last bytes behind one octet of their length. */
function keySize(upward: readonly Uint8Array[]): number {
  const flight = upward.find((bytes) => bytes[0] === HANDSHAKE && bytes[MESSAGE_AT] === CLIENT_KEY_EXCHANGE);
  assert.ok(flight !== undefined);
  const size = ((flight[MESSAGE_AT + 2] ?? 0) << 8) | (flight[MESSAGE_AT + 3] ?? 0);
  const body = flight.subarray(MESSAGE_AT + MESSAGE_HEADER_SIZE, MESSAGE_AT + MESSAGE_HEADER_SIZE + size);
  return body[body.length - X25519_KEY_SIZE - 1] === X25519_KEY_SIZE ? X25519_KEY_SIZE : size;
}

const stacks = (["scandium", "pion", "openssl"] as const).filter((peer) => interopPeerReady(peer, "X25519"));

if (stacks.length > 0) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost | undefined;
  const programs: LineProgram[] = [];
  before(async () => {
    credentials = await makeCredentials();
    machine = stacks.includes("scandium") ? await ScandiumHost.start() : undefined;
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await machine?.stop();
    credentials?.remove();
  });

  describe("our router over X25519", () => {
    let router: RouterProcess;
    before(async () => {
      const { pskFile, certFile, keyFile } = credentials;
      router = await startRouter(["--psk-file", pskFile, "--cert-file", certFile, "--key-file", keyFile]);
    });
    after(() => router?.stop());

    async function throughRelay(body: (server: string) => Promise<void>): Promise<void> {
      const relay = await Relay.open(router.port);
      try {
        await body(`127.0.0.1:${relay.port}`);
        assert.equal(keySize(relay.upward), X25519_KEY_SIZE);
      } finally {
        relay.close();
      }
    }

    if (stacks.includes("scandium")) {
      for (const suite of ["TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"]) {
        it(`serves Scandium with ${suite}`, () =>
          throughRelay(async (server) => {
            assert.ok(machine !== undefined);
            const psk = { identity: IDENTITY, key: credentials.keyHex, curves: "X25519" };
            // The certificate's curve has to be among the offered ones; the router prefers X25519.
            const certificate = { trust: credentials.caFile, curves: "X25519,secp256r1" };
            const flags = { server, cid: 4, suite, ...(suite.includes("PSK") ? psk : certificate) };
            const client = await machine.run("client", flags);
            const [, hex = ""] = await client.ask(`send ${getRequest("mycontext")}`, /^data (\S+)/);
            assert.match(answerText(hex), new RegExp(`^cipher-suite: ${suite}$`, "m"));
            await client.stop();
          }));
      }
    }

    if (stacks.includes("pion")) {
      it("serves pion/dtls with ECDHE_ECDSA", () =>
        throughRelay(async (server) => {
          const flags = { server, trust: credentials.caFile, cid: 4, suite: "c0ae", curve: "x25519" };
          const client = new LineProgram(pionCommand("client", flags));
          programs.push(client);
          await client.see(/^ready /);
          const [, hex = ""] = await client.ask(`send ${getRequest("myip")}`, /^data (\S+)/);
          assert.match(answerText(hex), /127\.0\.0\.1/);
        }));
    }

    if (stacks.includes("openssl")) {
      it("serves OpenSSL's s_client with ECDHE_ECDSA", () =>
        throughRelay(async (server) => {
          const groups = ["-groups", "X25519:P-256", "-CAfile", credentials.caFile];
          const client = new LineProgram(["openssl", "s_client", "-connect", server, "-dtls1_2", ...groups]);
          programs.push(client);
          await client.see(/^Server Temp Key: X25519/);
        }));
    }
  });

  describe("our client over X25519", () => {
    /** The server's certificate needs its curve among the groups (RFC 8422 §5.1.1): P-256 is the second. */
    async function connect(port: number, name: string): Promise<void> {
      const suite = cipherSuiteByName(name);
      assert.ok(suite !== undefined);
      const verifyPeer = trustVerifier({ ca: [credentials.caPem], clock: systemClock, usage: "server" });
      const by: DeviceOptions = name.includes("PSK") ? { psk: credentials.psk } : { verifyPeer };
      const groups = name.includes("PSK") ? (["x25519"] as const) : (["x25519", "secp256r1"] as const);
      const relay = await Relay.open(port);
      const device = await Device.connect(relay.port, { ...by, suites: [suite], groups, cids: new RandomCids(4) });
      try {
        assert.match(await device.ask("hello"), /hello/);
        assert.equal(keySize(relay.upward), X25519_KEY_SIZE);
      } finally {
        device.close();
        relay.close();
      }
    }

    if (stacks.includes("scandium")) {
      for (const name of ["ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", "ECDHE_ECDSA_WITH_AES_128_CCM_8"]) {
        it(`is served by Scandium with ${name}`, async () => {
          assert.ok(machine !== undefined);
          const psk = { identity: IDENTITY, key: credentials.keyHex };
          const own = name.includes("PSK") ? psk : { credentials: credentials.bundleFile };
          const server = await machine.run("node", { listen: "127.0.0.1:0", cid: 6, ...own });
          await connect(server.port, name);
        });
      }
    }

    if (stacks.includes("pion")) {
      it("is served by pion/dtls with ECDHE_ECDSA_WITH_AES_128_CCM_8", async () => {
        const { certFile, keyFile } = credentials;
        const flags = { cert: certFile, "key-file": keyFile, cid: 8, suite: "c0ae", curve: "x25519" };
        const server = new LineProgram(pionCommand("server", flags));
        programs.push(server);
        await connect(Number((await server.see(/^ready (\d+)$/))[1]), "ECDHE_ECDSA_WITH_AES_128_CCM_8");
      });
    }
  });
}
