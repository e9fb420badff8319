// Interop with OpenSSL over loopback: its client with our server and our client with its server, every suite both have.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemClock, systemRandom } from "@coracle/runtime";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { CIPHER_SUITES, type CipherSuite, cipherSuiteByName, DtlsClient, type DtlsClientOptions } from "../mod.ts";
import { type DtlsOutput, DtlsServer, type DtlsServerOptions, type GroupName, RandomCids } from "../mod.ts";
import { type ResumableSession, SessionStore } from "../mod.ts";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./mod.ts";
import { drive, type Driver, OpensslProcess } from "./testing/openssl-process.ts";

type Established = Extract<DtlsOutput, { kind: "established" }>;

const KEY = "000102030405060708090a0b0c0d0e0f";
const version = spawnSync("openssl", ["version"], { encoding: "utf8" });
const hasOpenssl = version.status === 0;
const psk = { identity: new TextEncoder().encode("device"), key: new Uint8Array(Buffer.from(KEY, "hex")) };
/** Lists that lead to each group: our certificate is on P-256, so that has to be in both (RFC 8422 §5.1). */
const GROUP_LISTS: readonly (readonly GroupName[])[] = [["x25519", "secp256r1"], ["secp256r1"]];
const THEIR_GROUPS: Readonly<Record<GroupName, string>> = { x25519: "X25519", secp256r1: "P-256" };

/** The name OpenSSL has for a suite; it has none for ECDHE_PSK. */
function theirName(suite: CipherSuite): string {
  const [, exchange = "", rest = ""] = /^(.+)_WITH_AES_(.+)$/.exec(suite.name) ?? [];
  return `${exchange.replace("_", "-")}-AES${rest.replace("_CCM_8", "-CCM8").replaceAll("_", "-")}`;
}

const pskSuites = CIPHER_SUITES.filter(({ keyExchange }) => keyExchange === "psk");
const ecdsaSuites = CIPHER_SUITES.filter(({ keyExchange }) => keyExchange === "ecdhe-ecdsa");

describe(`OpenSSL (${hasOpenssl ? version.stdout.trim() : "not on this machine: its cases are not run"})`, () => {
  let pki: TestPki;
  let folder: string;
  const path = (name: string): string => join(folder, name);

  before(async () => {
    pki = await makeTestPki();
    const device = await pki.client({ commonName: "device" });
    folder = mkdtempSync(join(tmpdir(), "coracle-dtls-"));
    for (const [name, pem] of [
      ["ca.pem", pki.ca],
      ["cert.pem", pki.cert],
      ["key.pem", pki.key],
      ["device-cert.pem", device.cert],
      ["device-key.pem", device.key],
    ] as const) {
      writeFileSync(path(name), pem, { mode: 0o600 });
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  if (!hasOpenssl) return;

  const theirPsk = ["-psk", KEY, "-psk_identity", "device"];
  const theirTrust = (): string[] => ["-CAfile", path("ca.pem"), "-verify_return_error"];
  const only = (...suites: CipherSuite[]): string[] => ["-cipher", `${suites.map(theirName).join(":")}:@SECLEVEL=0`];

  function serverOf(suite: CipherSuite, options: Partial<DtlsServerOptions> = {}): DtlsServer {
    const isPsk = suite.keyExchange === "psk";
    const keys = isPsk ? { psk: () => psk.key } : { credentials: loadCredentials(pki.key, pki.cert) };
    return new DtlsServer({ crypto, random: systemRandom, cids: new RandomCids(6), ...keys, ...options });
  }

  /** Lets `s_client` connect, say a line and hear it in capitals; gives our view of the session. */
  async function theirClientTalks(
    server: DtlsServer,
    args: readonly string[],
    look?: (client: OpensslProcess, driver: Driver) => Promise<void>,
  ): Promise<Established> {
    const driver = await drive(server);
    const client = new OpensslProcess(["s_client", "-dtls1_2", "-connect", `127.0.0.1:${driver.port}`, ...args]);
    try {
      client.write("hello from here");
      const data = await driver.until("data");
      assert.ok(data.kind === "data");
      const answer = new TextDecoder().decode(data.bytes).toUpperCase();
      server.handle(
        { kind: "send", session: data.session, bytes: new TextEncoder().encode(answer) },
        systemClock.now(),
      );
      driver.pump();
      await client.see(/HELLO FROM HERE/);
      await look?.(client, driver);
      const established = driver.seen.findLast((output) => output.kind === "established");
      assert.ok(established?.kind === "established");
      assert.equal(established.summary.ownCid.length, 0);
      assert.ok(established.summary.usesExtendedMasterSecret);
      return established;
    } finally {
      await client.stop();
      driver.close();
    }
  }

  /** Starts `s_server`, runs `body` with its port, ends it. */
  async function withTheirServer(
    args: readonly string[],
    body: (port: number, server: OpensslProcess) => Promise<void>,
  ): Promise<void> {
    const server = new OpensslProcess(["s_server", "-dtls1_2", "-accept", "127.0.0.1:0", ...args]);
    try {
      const [, port] = await server.see(/ACCEPT [^\n]*:(\d+)/);
      await body(Number(port), server);
    } finally {
      await server.stop();
    }
  }

  /** Our client connects, says a line that the server prints, and closes. */
  async function ourClientTalks(
    port: number,
    server: OpensslProcess,
    options: Partial<DtlsClientOptions>,
  ): Promise<Established> {
    // Between two connections it hears nothing for a moment, so a hello may have to be repeated.
    const timing = { initialMs: 150, capMs: 1000, countMax: 10 };
    const client = new DtlsClient({ crypto, random: systemRandom, cids: new RandomCids(4), timing, ...options });
    const driver = await drive(client);
    try {
      client.handle({ kind: "connect", peer: `127.0.0.1 ${port}` }, systemClock.now());
      driver.pump();
      const established = await driver.until("established");
      assert.ok(established.kind === "established");
      const line = `greetings ${systemRandom.uint32()}`;
      client.handle({ kind: "send", bytes: new TextEncoder().encode(`${line}\n`) }, systemClock.now());
      driver.pump();
      await server.see(new RegExp(line));
      const from = server.printedChars;
      client.handle({ kind: "close" }, systemClock.now());
      driver.pump();
      await server.see(/DONE/, from);
      return established;
    } finally {
      driver.close();
    }
  }

  const ourTrust = (): Partial<DtlsClientOptions> => ({
    verifyPeer: trustVerifier({ ca: [pki.ca], clock: systemClock, usage: "server" }),
    serverName: "localhost",
  });

  for (const suite of pskSuites) {
    it(`talks ${theirName(suite)} both ways`, async () => {
      const established = await theirClientTalks(serverOf(suite), [...theirPsk, ...only(suite)]);
      assert.equal(established.summary.suite, suite.name);
      await withTheirServer(["-nocert", ...theirPsk, ...only(suite)], async (port, server) => {
        const ours = await ourClientTalks(port, server, { suites: [suite], psk });
        assert.equal(ours.summary.suite, suite.name);
      });
    });
  }

  for (const suite of ecdsaSuites) {
    it(`talks ${theirName(suite)} both ways over X25519 and P-256`, async () => {
      for (const list of GROUP_LISTS) {
        const groups = ["-groups", list.map((group) => THEIR_GROUPS[group]).join(":")];
        const established = await theirClientTalks(serverOf(suite), [...theirTrust(), ...groups, ...only(suite)]);
        assert.equal(established.summary.suite, suite.name);
      }
      const keys = ["-cert", path("cert.pem"), "-key", path("key.pem")];
      await withTheirServer([...keys, ...only(suite)], async (port, server) => {
        for (const groups of GROUP_LISTS) {
          const ours = await ourClientTalks(port, server, { suites: [suite], groups, ...ourTrust() });
          assert.equal(ours.summary.suite, suite.name);
        }
      });
    });
  }

  const [first, second] = ecdsaSuites;
  assert.ok(first !== undefined && second !== undefined);

  it("shows our server its certificate where it is asked, and is known by it", async () => {
    const verifyPeer = trustVerifier({ ca: [pki.ca], clock: systemClock, usage: "client" });
    const shown = ["-cert", path("device-cert.pem"), "-key", path("device-key.pem")];
    for (const [clientCertificate, keys, kind] of [
      ["required", shown, "x509"],
      ["optional", shown, "x509"],
      ["optional", [], "anonymous"],
    ] as const) {
      const server = serverOf(first, { clientCertificate, verifyPeer });
      const established = await theirClientTalks(server, [...theirTrust(), ...keys, ...only(first)]);
      assert.equal(established.summary.identity.kind, kind);
    }
  });

  it("takes our client's certificate where it demands one", async () => {
    const keys = ["-cert", path("cert.pem"), "-key", path("key.pem")];
    const demands = ["-CAfile", path("ca.pem"), "-Verify", "1", "-verify_return_error"];
    const credentials = loadCredentials(
      ...(await pki.client({ commonName: "device" }).then(({ key, cert }) => [key, cert] as const)),
    );
    await withTheirServer([...keys, ...demands, ...only(first)], async (port, server) => {
      await ourClientTalks(port, server, { suites: [first], credentials, ...ourTrust() });
      await server.see(/CN ?= ?device/);
    });
  });

  it("gets the suite our server prefers, whatever its own order", async () => {
    for (const suites of [
      [first, second],
      [second, first],
    ] as const) {
      const established = await theirClientTalks(serverOf(first, { suites }), [
        ...theirTrust(),
        ...only(first, second),
      ]);
      assert.equal(established.summary.suite, suites[0].name);
    }
  });

  it("resumes with our server by session id", async () => {
    for (const [suite, args] of [
      [first, theirTrust()],
      [pskSuites[0] ?? first, theirPsk],
    ] as const) {
      const sessions = new SessionStore();
      const saved = path(`${suite.code}.session`);
      const full = [...args, ...only(suite), "-sess_out", saved];
      const before = await theirClientTalks(serverOf(suite, { sessions }), full, async (client) => {
        await client.finish();
      });
      assert.deepEqual([before.summary.isResumed, sessions.size], [false, 1]);
      const again = [...args, ...only(suite), "-sess_in", saved];
      const after = await theirClientTalks(serverOf(suite, { sessions }), again, async (client) => {
        await client.see(/Reused, TLSv1\.2/);
      });
      assert.equal(after.summary.isResumed, true);
      const forgetful = await theirClientTalks(serverOf(suite, { sessions: new SessionStore() }), again);
      assert.equal(forgetful.summary.isResumed, false);
    }
  });

  it("lets our client resume", async () => {
    const suite = cipherSuiteByName("PSK_WITH_AES_128_GCM_SHA256");
    assert.ok(suite !== undefined);
    await withTheirServer(["-nocert", ...theirPsk, ...only(suite)], async (port, server) => {
      let resume: ResumableSession | undefined;
      for (const isResumed of [false, true, true]) {
        const established = await ourClientTalks(port, server, { suites: [suite], psk, resume });
        assert.equal(established.summary.isResumed, isResumed);
        resume = established.resumable;
      }
    });
  });

  it("does not get to renegotiate", async () => {
    const server = serverOf(first);
    await theirClientTalks(server, [...theirTrust(), ...only(first)], async (client, driver) => {
      client.write("R");
      await client.see(/RENEGOTIATING/);
      await client.see(/no renegotiation/i);
      assert.ok(server.counters.renegotiationsRefused >= 1);
      assert.equal(driver.seen.filter(({ kind }) => kind === "established").length, 1);
    });
  });

  it("gets our flights in pieces where its path is narrow, and sends its own so", async () => {
    const server = serverOf(first, { datagramSizeMax: 256 });
    const established = await theirClientTalks(server, [...theirTrust(), ...only(first), "-mtu", "256"]);
    assert.equal(established.summary.suite, first.name);
  });
});
