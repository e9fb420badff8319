// Mbed TLS 3.6's own test programs, which pad every record, as client of our server and as server for our client.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { after, before, describe, it } from "node:test";
import { cipherSuiteByName, RandomCids, SessionStore } from "@coracle/dtls";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { eventually, freeUdpPort } from "@coracle/sim";
import { startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { CLIENT_NAME, IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { DtlsResponder, type ResponderOptions } from "./dtls-responder.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady, mbedtlsCommand } from "./peers.ts";
import { Relay } from "./relay.ts";

type Flags = Readonly<Record<string, string | number>>;

const PSK_SUITES = ["AES_128_CCM_8", "AES_128_CCM", "AES_256_CCM_8", "AES_256_CCM"].map((name) => `PSK_WITH_${name}`);
const GCM_SUITES = ["PSK_WITH_AES_128_GCM_SHA256", "PSK_WITH_AES_256_GCM_SHA384"];
const ECDSA_SUITES = ["AES_128_CCM_8", "AES_256_CCM", "AES_128_GCM_SHA256", "AES_256_GCM_SHA384"].map(
  (name) => `ECDHE_ECDSA_WITH_${name}`,
);
const theirName = (suite: string): string => `TLS-${suite.replaceAll("_", "-")}`;
/** What the client asks and our server says of it: without the zeros that pad it. */
const ANSWER = /^(psk|anonymous|x509|raw-public-key) GET \/ HTTP\/1\.0$/;

if (interopPeerReady("mbedtls", "Mbed TLS 3.6 with our server and our client")) {
  let credentials: InteropCredentials;
  before(async () => {
    credentials = await makeCredentials();
  });
  after(() => credentials?.remove());

  const pskFlags = (): Flags => ({
    psk: credentials.keyHex,
    psk_identity: IDENTITY,
    force_ciphersuite: theirName("PSK_WITH_AES_128_CCM_8"),
  });
  const trust = (usage: "client" | "server") => trustVerifier({ ca: [credentials.caPem], clock: systemClock, usage });

  describe("Mbed TLS as client of our server", () => {
    const serverOptions = (): ResponderOptions => ({
      psk: () => credentials.psk.key,
      credentials: loadCredentials(credentials.server.key, credentials.server.cert),
      verifyPeer: trust("client"),
      cids: new RandomCids(6),
      sessions: new SessionStore(),
    });

    /** Runs the client at our server until `body` has seen enough. */
    async function withClient(
      options: Partial<ResponderOptions>,
      flags: Flags,
      body: (client: LineProgram, server: DtlsResponder) => Promise<void>,
    ): Promise<void> {
      const server = await DtlsResponder.open({ ...serverOptions(), ...options });
      const client = new LineProgram(
        mbedtlsCommand("client", { server_port: server.port, read_timeout: 2000, ...flags }),
      );
      try {
        await body(client, server);
      } finally {
        await client.stop();
        server.close();
      }
    }

    for (const suite of [...PSK_SUITES, ...GCM_SUITES, ...ECDSA_SUITES]) {
      it(`is served with ${suite}`, async () => {
        const byCertificate = {
          ca_file: credentials.caFile,
          auth_mode: "required",
          crt_file: "none",
          key_file: "none",
        };
        const own = suite.startsWith("PSK") ? pskFlags() : byCertificate;
        const flags = { ...own, force_ciphersuite: theirName(suite), cid: 1, cid_val: "c1d2" };
        await withClient({}, flags, async (client, server) => {
          await client.see(ANSWER);
          assert.equal(server.established[0]?.suite, suite);
          await client.see(/^Peer CID|Use of Connection ID has been negotiated/);
        });
      });
    }

    for (const [ours, theirs] of [
      [6, 0],
      [0, 3],
      [0, 0],
      [1, 32],
      [32, 1],
    ] as const) {
      it(`keeps to IDs of ${ours} bytes of ours and ${theirs} of its own`, async () => {
        const flags = { ...pskFlags(), cid: 1, cid_val: "c1".repeat(theirs), exchanges: 2 };
        await withClient({ cids: new RandomCids(ours) }, flags, async (client, server) => {
          await client.see(/Closing the connection/);
          assert.equal(client.lines.filter((line) => ANSWER.test(line)).length, 2);
          const [summary] = server.established;
          assert.deepEqual([summary?.ownCid.length, summary?.peerCid.length], [ours, theirs]);
        });
      });
    }

    it("is followed to new ports", async () => {
      const server = await DtlsResponder.open(serverOptions());
      const relay = await Relay.open(server.port);
      const onLine = (line: string): void => {
        if (line.includes("Read from server")) void relay.rebind();
      };
      const flags = { ...pskFlags(), server_port: relay.port, cid: 1, exchanges: 6, read_timeout: 300, max_resend: 20 };
      const client = new LineProgram(mbedtlsCommand("client", flags), onLine);
      try {
        await client.see(/Closing the connection/);
        assert.equal(client.lines.filter((line) => ANSWER.test(line)).length, 6);
        assert.ok(server.moves >= 3, `${server.moves} moves`);
        assert.equal(server.established.length, 1);
      } finally {
        await client.stop();
        relay.close();
        server.close();
      }
    });

    it("resumes, with new IDs", async () => {
      await withClient({}, { ...pskFlags(), cid: 1, cid_val: "c1d2", reconnect: 1 }, async (client, server) => {
        await client.see(/Reconnecting with saved session\.\.\. ok/);
        const answers = (): number => client.lines.filter((line) => ANSWER.test(line)).length;
        await eventually(() => answers() === 2, "both sessions are answered");
        assert.deepEqual(
          server.established.map(({ isResumed }) => isResumed),
          [false, true],
        );
        assert.notDeepEqual(server.established[0]?.ownCid, server.established[1]?.ownCid);
      });
    });

    it("begins anew from the same port while it has a session", async () => {
      await withClient({}, { ...pskFlags(), cid: 1, reconnect_hard: 1 }, async (client, server) => {
        await client.see(/Restarting connection from same port\.\.\. ok/);
        await client.see(/Closing the connection/);
        assert.equal(server.established.length, 2);
      });
    });

    it("does not get to renegotiate", async () => {
      const flags = { ...pskFlags(), cid: 1, renegotiation: 1, renegotiate: 1, exchanges: 1 };
      await withClient({}, flags, async (client, server) => {
        await client.see(/Performing renegotiation/);
        // It takes our warning for the end and says nothing more.
        await client.see(/Unexpected message at ServerHello in renegotiation/);
        assert.deepEqual([server.counters.renegotiationsRefused, server.established.length], [1, 1]);
      });
    });

    it("is served without extended master secret, and refused where that is required", async () => {
      await withClient({}, { ...pskFlags(), extended_ms: 0 }, async (client, server) => {
        await client.see(ANSWER);
        assert.equal(server.established[0]?.usesExtendedMasterSecret, false);
      });
      const strict = { requireExtendedMasterSecret: true };
      await withClient(strict, { ...pskFlags(), extended_ms: 0 }, async (client, server) => {
        await client.see(/mbedtls_ssl_handshake returned -0x7780/);
        assert.equal(server.established.length, 0);
      });
    });

    it("shows its certificate over a path of 300 bytes, both flights in pieces", async () => {
      const { certFile, keyFile } = credentials.client;
      const own = { ca_file: credentials.caFile, auth_mode: "required", crt_file: certFile, key_file: keyFile };
      const narrow = { clientCertificate: "required", datagramSizeMax: 300 } as const;
      const flags = { ...own, mtu: 300, cid: 1, force_ciphersuite: theirName("ECDHE_ECDSA_WITH_AES_128_CCM_8") };
      await withClient(narrow, flags, async (client, server) => {
        await client.see(/^x509 GET/);
        const identity = server.established[0]?.identity;
        assert.equal(identity?.kind === "x509" ? identity.name : "", CLIENT_NAME);
      });
    });
  });

  it("Mbed TLS is served by our router in front of any UDP server, and followed to new ports", async () => {
    const upstream = createSocket("udp4");
    upstream.on("message", (bytes, { port }) => {
      upstream.send(`psk ${bytes.toString()}`, port, "127.0.0.1");
    });
    await new Promise<void>((resolve) => {
      upstream.bind(0, "127.0.0.1", resolve);
    });
    const onwards = ["--upstream", `udp://127.0.0.1:${upstream.address().port}`];
    const router = await startRouter(["--psk-file", credentials.pskFile, "--workers", "2", ...onwards]);
    const relay = await Relay.open(router.port);
    const onLine = (line: string): void => {
      if (line.includes("Read from server")) void relay.rebind();
    };
    const flags = { ...pskFlags(), server_port: relay.port, cid: 1, exchanges: 6, read_timeout: 500, max_resend: 20 };
    const client = new LineProgram(mbedtlsCommand("client", flags), onLine);
    try {
      await client.see(/Closing the connection/);
      assert.equal(client.lines.filter((line) => ANSWER.test(line)).length, 6);
      const moves = await router.metric('coracle_dtls_events_total{event="addressUpdates"}');
      assert.ok(moves >= 3, `${moves} moves`);
    } finally {
      await client.stop();
      relay.close();
      await router.stop();
      upstream.close();
    }
  });

  describe("our client at an Mbed TLS server", () => {
    /** Runs the server and connects to it. */
    async function withServer(
      flags: Flags,
      options: DeviceOptions,
      body: (device: Device, server: LineProgram, port: number) => Promise<void>,
    ): Promise<void> {
      const port = await freeUdpPort();
      const server = new LineProgram(mbedtlsCommand("server", { server_port: port, exchanges: 2, ...flags }));
      try {
        await server.see(/Bind on .* ok$/);
        const device = await Device.connect(port, { cids: new RandomCids(4), ...options });
        try {
          await body(device, server, port);
        } finally {
          device.close();
        }
      } finally {
        await server.stop();
      }
    }

    const certificateFlags = (): Flags => ({ crt_file: credentials.certFile, key_file: credentials.keyFile });

    for (const name of [...PSK_SUITES, ...GCM_SUITES, ...ECDSA_SUITES]) {
      it(`is served with ${name}`, async () => {
        const suite = cipherSuiteByName(name) ?? assert.fail(name);
        const isPsk = name.startsWith("PSK");
        const options = isPsk ? { psk: credentials.psk } : { verifyPeer: trust("server"), serverName: "localhost" };
        const own = isPsk ? pskFlags() : certificateFlags();
        const flags = { ...own, force_ciphersuite: theirName(name), cid: 1, cid_val: "2a0b0c0d0e0f" };
        await withServer(flags, { ...options, suites: [suite] }, async (device) => {
          for (let round = 0; round < 2; round++) assert.match(await device.say("GET /"), /^HTTP\/1\.0 200 OK/);
          assert.deepEqual([device.summary?.suite, device.summary?.peerCid.length], [name, 6]);
        });
      });
    }

    for (const [ours, theirs] of [
      [0, 6],
      [5, 0],
      [32, 32],
    ] as const) {
      it(`keeps to IDs of ${ours} bytes of ours and ${theirs} of its own`, async () => {
        const flags = { ...pskFlags(), cid: 1, cid_val: "2a".repeat(theirs) };
        await withServer(flags, { psk: credentials.psk, cids: new RandomCids(ours) }, async (device) => {
          assert.match(await device.say("GET /"), /^HTTP\/1\.0 200 OK/);
          assert.deepEqual([device.summary?.ownCid.length, device.summary?.peerCid.length], [ours, theirs]);
        });
      });
    }

    it("is known by its certificate where one is required, and served without where it is optional", async () => {
      const options = { verifyPeer: trust("server"), serverName: "localhost" };
      const own = loadCredentials(credentials.client.key, credentials.client.cert);
      for (const [mode, shown] of [
        ["required", own],
        ["optional", undefined],
      ] as const) {
        const flags = { ...certificateFlags(), ca_file: credentials.caFile, auth_mode: mode };
        await withServer(flags, { ...options, credentials: shown }, async (device, server) => {
          assert.match(await device.say("GET /"), /^HTTP\/1\.0 200 OK/);
          // It writes in pieces: what it said of the certificate is out when this is.
          await server.see(/bytes read/);
          const subject = new RegExp(`subject name +: CN=${CLIENT_NAME}`);
          assert.equal(
            server.lines.some((line) => subject.test(line)),
            mode === "required",
          );
        });
      }
    });

    it("resumes", async () => {
      await withServer(
        { ...pskFlags(), exchanges: 1, cid: 1 },
        { psk: credentials.psk },
        async (first, server, port) => {
          await first.say("GET /");
          await server.see(/Closing the connection\.\.\. done/);
          const { resumable } = first;
          assert.ok(resumable !== undefined);
          const again = await Device.connect(port, {
            psk: credentials.psk,
            cids: new RandomCids(4),
            resume: resumable,
          });
          try {
            assert.equal(again.summary?.isResumed, true);
            assert.match(await again.say("GET /"), /^HTTP\/1\.0 200 OK/);
          } finally {
            again.close();
          }
        },
      );
    });
  });
}
