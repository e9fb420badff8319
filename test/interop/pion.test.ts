// pion/dtls v3 as client of our router and as server for our client: PSK and certificates, connection IDs, changes of address.
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

const PSK_SUITES = { PSK_WITH_AES_128_CCM_8: "c0a8", PSK_WITH_AES_128_GCM_SHA256: "00a8" };
const ECDSA_SUITES = { ECDHE_ECDSA_WITH_AES_128_CCM_8: "c0ae", ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "c02b" };

async function get(client: LineProgram, path: string): Promise<string> {
  const [, hex = ""] = await client.ask(`send ${getRequest(path)}`, /^data (\S+)$/);
  return answerText(hex);
}

if (interopPeerReady("pion", "pion/dtls with our router and our client")) {
  let credentials: InteropCredentials;
  const programs: LineProgram[] = [];
  before(async () => {
    credentials = await makeCredentials();
  });
  after(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    credentials?.remove();
  });

  async function start(
    role: "client" | "server",
    flags: Readonly<Record<string, string | number>>,
  ): Promise<[LineProgram, number]> {
    const program = new LineProgram(pionCommand(role, flags));
    programs.push(program);
    const [, port = ""] = await program.see(/^ready (\d+)$/);
    return [program, Number(port)];
  }

  function psk(): Record<string, string> {
    return { identity: IDENTITY, key: credentials.keyHex };
  }

  describe("pion/dtls as client of our router", () => {
    let router: RouterProcess;
    before(async () => {
      const { pskFile, certFile, keyFile } = credentials;
      router = await startRouter(["--psk-file", pskFile, "--cert-file", certFile, "--key-file", keyFile]);
    });
    after(() => router?.stop());

    for (const [suite, code] of Object.entries(PSK_SUITES)) {
      it(`is served with ${suite}`, async () => {
        const [client] = await start("client", { server: `127.0.0.1:${router.port}`, ...psk(), cid: 0, suite: code });
        assert.match(await get(client, "mycontext"), new RegExp(`^cipher-suite: TLS_${suite}$`, "m"));
      });
    }

    for (const [suite, code] of Object.entries(ECDSA_SUITES)) {
      it(`is served with ${suite}, and trusts our certificate`, async () => {
        const server = `127.0.0.1:${router.port}`;
        const [client] = await start("client", { server, trust: credentials.caFile, cid: 4, suite: code });
        assert.match(await get(client, "mycontext"), new RegExp(`^cipher-suite: TLS_${suite}$`, "m"));
      });
    }

    for (const size of [0, 8]) {
      it(`keeps its session on new source ports, with an ID of ${size} bytes of its own`, async () => {
        const relay = await Relay.open(router.port);
        try {
          const [client] = await start("client", {
            server: `127.0.0.1:${relay.port}`,
            ...psk(),
            cid: size,
            suite: "c0a8",
          });
          const cidOf = (text: string): string => /^write-cid: (.*)$/m.exec(text)?.[1] ?? "";
          const first = await get(client, "mycontext");
          assert.equal(cidOf(first).length, size * 2);
          for (let round = 0; round < 3; round++) {
            await relay.rebind();
            const again = await get(client, "mycontext");
            assert.equal(cidOf(again), cidOf(first));
            assert.match(again, new RegExp(`^port: ${relay.sourcePorts[0]}$`, "m"));
          }
        } finally {
          relay.close();
        }
      });
    }
  });

  describe("our client against a pion/dtls server", () => {
    async function connect(port: number, options: DeviceOptions): Promise<Device> {
      return await Device.connect(port, options);
    }

    for (const [name, code] of Object.entries(PSK_SUITES)) {
      for (const size of [0, 5]) {
        it(`keeps its session on new ports with ${name} and an ID of ${size} bytes of its own`, async () => {
          const [, port] = await start("server", { ...psk(), cid: 8, suite: code });
          const suite = cipherSuiteByName(name);
          assert.ok(suite !== undefined);
          const device = await connect(port, { psk: credentials.psk, suites: [suite], cids: new RandomCids(size) });
          try {
            assert.equal(device.summary?.peerCid?.length, 8);
            const ports = new Set<string>();
            for (let round = 0; round < 3; round++) {
              ports.add(/^peer=(\d+) hello/.exec(await device.ask("hello"))?.[1] ?? "");
              device.move();
            }
            assert.equal(ports.size, 3, "the server followed");
          } finally {
            device.close();
          }
        });
      }
    }

    for (const [name, code] of Object.entries(ECDSA_SUITES)) {
      it(`is served with ${name}, and trusts its certificate`, async () => {
        const { certFile, keyFile, caPem } = credentials;
        const [, port] = await start("server", { cert: certFile, "key-file": keyFile, cid: 8, suite: code });
        const suite = cipherSuiteByName(name);
        assert.ok(suite !== undefined);
        const verifyPeer = trustVerifier({ ca: [caPem], clock: systemClock, usage: "server" });
        const device = await connect(port, { verifyPeer, suites: [suite], cids: new RandomCids(0) });
        try {
          assert.match(await device.ask("hello"), /hello/);
        } finally {
          device.close();
        }
      });
    }
  });
}
