// Sessions resumed by their ids: Scandium, pion/dtls and OpenSSL at our router, our client at Scandium and pion/dtls.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { answerText, getRequest } from "./coap.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady, pionCommand } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

const DATA = /^data (\S+) \S+ \S+ (\S+) (\S+)$/;

const stacks = (["scandium", "pion", "openssl"] as const).filter((peer) =>
  interopPeerReady(peer, "session resumption"),
);

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

  /** What a client and server authenticate with: flags of Scandium's and pion's programs. */
  const clientFlags = (by: "psk" | "certificate"): Record<string, string> =>
    by === "psk" ? { identity: IDENTITY, key: credentials.keyHex } : { trust: credentials.caFile };

  describe("a session resumed at our router", () => {
    let router: RouterProcess;
    before(async () => {
      const { pskFile, certFile, keyFile } = credentials;
      // A hello that offers no connection ID stays with the worker of its address, which then need not have the session.
      const flags = ["--psk-file", pskFile, "--cert-file", certFile, "--key-file", keyFile, "--workers", "1"];
      router = await startRouter(flags);
    });
    after(() => router?.stop());

    const resumedCount = (): Promise<number> => router.metric('coracle_dtls_events_total{event="handshakesResumed"}');

    /** Runs `body`; the router then counts `expected` more resumed handshakes. */
    async function resumes(expected: number, body: () => Promise<void>): Promise<void> {
      const earlier = await resumedCount();
      await body();
      await eventually(async () => (await resumedCount()) === earlier + expected, `${expected} handshakes are resumed`);
    }

    if (stacks.includes("scandium")) {
      for (const by of ["psk", "certificate"] as const) {
        for (const cid of [0, 4]) {
          it(`by Scandium, which keeps its session id and gets a new connection ID (${by}, own ID of ${cid} bytes)`, () =>
            resumes(2, async () => {
              assert.ok(machine !== undefined);
              const flags = { server: `127.0.0.1:${router.port}`, cid, ...clientFlags(by) };
              const client = await machine.run("client", flags);
              const [, , firstCid, firstId] = await client.ask(`send ${getRequest("myip")}`, DATA);
              for (let round = 0; round < 2; round++) {
                await client.ask("resume", /^resuming$/);
                const [, hex = "", peerCid, sessionId] = await client.ask(`send ${getRequest("mycontext")}`, DATA);
                assert.equal(sessionId, firstId);
                assert.notEqual(peerCid, firstCid);
                assert.match(answerText(hex), /^ext-master-secret: true$/m);
              }
              await client.stop();
            }));
        }
      }

      it("not by Scandium without extended master secret", () =>
        resumes(0, async () => {
          assert.ok(machine !== undefined);
          const flags = { server: `127.0.0.1:${router.port}`, cid: 4, ems: "NONE", ...clientFlags("psk") };
          const client = await machine.run("client", flags);
          await client.ask(`send ${getRequest("myip")}`, DATA);
          await client.ask("resume", /^resuming$/);
          const [, hex = ""] = await client.ask(`send ${getRequest("mycontext")}`, DATA);
          assert.match(answerText(hex), /^ext-master-secret: false$/m);
          await client.stop();
        }));
    }

    if (stacks.includes("pion")) {
      for (const by of ["psk", "certificate"] as const) {
        it(`by pion/dtls (${by})`, () =>
          resumes(1, async () => {
            const suite = by === "psk" ? "c0a8" : "c0ae";
            // When it resumes with IDs, its Finished has none: such a record is to be dropped (RFC 9146 §3).
            const flags = { server: `127.0.0.1:${router.port}`, suite, remember: 1, ...clientFlags(by) };
            const client = new LineProgram(pionCommand("client", flags));
            programs.push(client);
            await client.see(/^ready /);
            for (let round = 0; round < 2; round++) {
              if (round > 0) await client.ask("reconnect", /^ready /);
              const [, hex = ""] = await client.ask(`send ${getRequest("mycontext")}`, /^data (\S+)$/);
              assert.match(answerText(hex), /^ext-master-secret: true$/m);
            }
          }));
      }
    }

    if (stacks.includes("openssl")) {
      it("by OpenSSL's s_client (certificate)", () =>
        resumes(1, async () => {
          const file = join(tmpdir(), `coracle-openssl-session-${process.pid}.pem`);
          const connect = ["s_client", "-connect", `127.0.0.1:${router.port}`, "-dtls1_2", "-no_ticket"];
          const run = async (session: string, seen: RegExp): Promise<void> => {
            const client = new LineProgram(["openssl", ...connect, "-CAfile", credentials.caFile, session, file]);
            try {
              await client.see(seen);
            } finally {
              await client.stop();
            }
          };
          try {
            await run("-sess_out", /^New, .*Cipher is/);
            await run("-sess_in", /^Reused, .*Cipher is/);
          } finally {
            rmSync(file, { force: true });
          }
        }));
    }
  });

  describe("our client resumes a session", () => {
    const options = (by: "psk" | "certificate"): DeviceOptions => {
      const verifyPeer = trustVerifier({ ca: [credentials.caPem], clock: systemClock, usage: "server" });
      return by === "psk" ? { psk: credentials.psk } : { verifyPeer };
    };

    /** Connects, then connects twice more with what the first session left. */
    async function connectAgain(port: number, offer: DeviceOptions): Promise<void> {
      const first = await Device.connect(port, offer);
      const { resumable } = first;
      first.close();
      assert.equal(first.summary?.isResumed, false);
      assert.ok(resumable !== undefined);
      for (let round = 0; round < 2; round++) {
        const again = await Device.connect(port, { ...offer, resume: resumable });
        try {
          assert.equal(again.summary?.isResumed, true);
          assert.match(await again.ask("hello"), /hello/);
        } finally {
          again.close();
        }
      }
    }

    for (const by of ["psk", "certificate"] as const) {
      if (stacks.includes("scandium")) {
        it(`at Scandium (${by})`, async () => {
          assert.ok(machine !== undefined);
          const own = by === "psk" ? clientFlags("psk") : { credentials: credentials.bundleFile };
          const server = await machine.run("node", { listen: "127.0.0.1:0", cid: 6, ...own });
          await connectAgain(server.port, { ...options(by), cids: new RandomCids(4) });
        });
      }
      if (stacks.includes("pion")) {
        it(`at pion/dtls (${by})`, async () => {
          const { certFile, keyFile } = credentials;
          const own = by === "psk" ? clientFlags("psk") : { cert: certFile, "key-file": keyFile };
          const flags = { ...own, suite: by === "psk" ? "c0a8" : "c0ae", remember: 1 };
          const server = new LineProgram(pionCommand("server", flags));
          programs.push(server);
          // Without IDs: when it resumes it answers with none, and yet sends the client's.
          await connectAgain(Number((await server.see(/^ready (\d+)$/))[1]), options(by));
        });
      }
    }
  });
}
