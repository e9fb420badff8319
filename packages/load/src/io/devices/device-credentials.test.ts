// What devices are told by files: keys in turn, a certificate for all or for each, servers trusted by authority or by key.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { millis } from "@coracle/base";
import { type DtlsOutput, DtlsServer, type PeerIdentity, RandomCids, type SessionSummary } from "@coracle/dtls";
import { loadCredentials, systemCrypto, trustVerifier } from "@coracle/dtls/io";
import { parseCommandLine } from "@coracle/lifecycle";
import { systemClock, systemRandom } from "@coracle/runtime";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { devicesConfig } from "../../devices-config.ts";
import { CERTIFICATES_MAX, certificateNames } from "./device-certificates.ts";
import { clientMaker } from "./device-credentials.ts";

const KEY = new Uint8Array(16).fill(9);
let folder: string;
let pki: TestPki;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "coracle-credentials-"));
  pki = await makeTestPki();
  write("ca.pem", pki.ca);
  write("server-key.pem", publicKeyOf(pki.key));
  mkdirSync(join(folder, "devices"));
  for (const name of ["a", "b", "c"]) {
    const { cert, key } = await pki.client({ commonName: `device-${name}` });
    write(`devices/${name}.pem`, cert);
    write(`devices/${name}.key`, key);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

function publicKeyOf(privatePem: string): string {
  return createPublicKey(privatePem).export({ format: "pem", type: "spki" });
}

function at(name: string): string {
  return join(folder, name);
}

/** How a device's handshake ended: what the client and the server say. */
interface Outcome {
  readonly client: SessionSummary | undefined;
  readonly device: PeerIdentity | undefined;
}

/** Lets device number `device` of a command line connect to a server with all kinds of credentials. */
async function connect(flags: readonly string[], device = 0): Promise<Outcome> {
  const parsed = parseCommandLine(devicesConfig, flags, {});
  assert.ok(parsed.kind === "config", JSON.stringify(parsed));
  const client = (await clientMaker(parsed.config))(device, undefined);
  const server = new DtlsServer({
    crypto: systemCrypto,
    random: systemRandom,
    psk: () => KEY,
    cids: new RandomCids(6),
    credentials: loadCredentials(pki.key, pki.cert),
    clientCertificate: "optional",
    verifyPeer: trustVerifier({ ca: [pki.ca], clock: systemClock, usage: "client" }),
  });
  let [clientSummary, identity]: [SessionSummary | undefined, PeerIdentity | undefined] = [undefined, undefined];
  const pump = (outputs: { poll(): DtlsOutput | undefined }, note: (summary: SessionSummary) => void): Uint8Array[] => {
    const sent: Uint8Array[] = [];
    for (let output = outputs.poll(); output !== undefined; output = outputs.poll()) {
      if (output.kind === "send") sent.push(output.bytes);
      else if (output.kind === "established") note(output.summary);
    }
    return sent;
  };
  client.handle({ kind: "connect", peer: "s" }, millis(0));
  for (let round = 0; round < 10; round++) {
    for (const bytes of pump(client, (summary) => (clientSummary = summary)))
      server.handle({ kind: "datagram", peer: "c", bytes: bytes.slice() }, millis(round));
    for (const bytes of pump(server, (summary) => (identity = summary.identity)))
      client.handle({ kind: "datagram", peer: "s", bytes: bytes.slice() }, millis(round));
  }
  return { client: clientSummary, device: identity };
}

describe("devices by command line", () => {
  it("take keys of the file in turn", async () => {
    const keys = ["one", "two"].map((name) => `${name}=${Buffer.from(KEY).toString("base64")}\n`);
    const file = write("keys.txt", `# of two devices\n${keys.join("")}`);
    for (const [device, name] of ["one", "two", "one"].entries()) {
      const { device: identity } = await connect(["--psk-file", file], device);
      assert.equal(identity?.kind === "psk" && new TextDecoder().decode(identity.identity), name);
    }
  });

  it("show each its own certificate, or all the same", async () => {
    const trust = ["--ca-file", at("ca.pem"), "--server-name", "localhost"];
    for (const [device, name] of ["device-a", "device-b", "device-c", "device-a"].entries()) {
      const { device: identity } = await connect([...trust, "--cert-dir", at("devices")], device);
      assert.equal(identity?.kind === "x509" && identity.name, name);
    }
    const shared = ["--cert-file", at("devices/b.pem"), "--key-file", at("devices/b.key")];
    const { device: identity } = await connect([...trust, ...shared], 7);
    assert.equal(identity?.kind === "x509" && identity.name, "device-b");
    assert.equal((await connect(trust)).device?.kind, "anonymous");
  });

  it("trust a server by its key, whichever form it comes in, and no other", async () => {
    const { client } = await connect(["--server-key-file", at("server-key.pem")]);
    assert.equal(client?.identity.kind, "raw-public-key");
    const other = await makeTestPki();
    const stranger = write("other-key.pem", publicKeyOf(other.key));
    assert.equal((await connect(["--server-key-file", stranger])).client, undefined);
    const both = ["--server-key-file", stranger, "--ca-file", at("ca.pem")];
    // It shows the raw key when asked to, which is not the one that is trusted.
    assert.equal((await connect(both)).client, undefined);
    assert.equal((await connect(["--ca-file", write("other-ca.pem", other.ca)])).client, undefined);
    const misnamed = ["--ca-file", at("ca.pem"), "--server-name", "elsewhere.example"];
    assert.equal((await connect(misnamed)).client, undefined);
  });

  it("say in one sentence what cannot be used", async () => {
    const refused = async (flags: readonly string[], says: RegExp): Promise<void> => {
      await assert.rejects(
        connect(flags),
        (error: Error) => says.test(error.message) && !error.message.includes("PRIVATE"),
      );
    };
    await refused(["--psk-file", write("bad.txt", "device=AAAA\nno line\n")], /bad.txt: line 2 is not identity=base64/);
    await refused(["--psk-file", write("empty.txt", "# none\n")], /empty.txt: it holds no key/);
    await refused(["--server-key-file", at("ca.pem")], /ca.pem: it holds no P-256 public key in PEM/);
    mkdirSync(at("none"));
    const trust = ["--ca-file", at("ca.pem")];
    await refused([...trust, "--cert-dir", at("none")], /none: it holds no NAME.pem beside NAME.key/);
    mkdirSync(at("half"));
    write("half/x.pem", "x");
    await refused([...trust, "--cert-dir", at("half")], /half: x.pem is there without x.key/);
    write("half/x.key", "x");
    await refused([...trust, "--cert-dir", at("half")], /private key: it is not P-256 in PEM \(.*x.pem\)/);
    const mixed = ["--cert-file", at("devices/a.pem"), "--key-file", at("devices/b.key")];
    await refused([...trust, ...mixed], /does not belong to the certificate/);
    await refused([...trust, "--cert-file", at("gone.pem"), "--key-file", at("gone.key")], /gone/);
  });

  it("take no more certificates than there can be devices", () => {
    const files = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => [`${index}.pem`, `${index}.key`]).flat();
    assert.equal(certificateNames("folder", files(CERTIFICATES_MAX)).length, CERTIFICATES_MAX);
    const tooMany = /folder: it holds 50001 certificates, more than 50000/;
    assert.throws(() => certificateNames("folder", files(CERTIFICATES_MAX + 1)), tooMany);
  });

  it("are refused when flags contradict each other", () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /give --psk-file, --ca-file or --server-key-file/],
      [["--ca-file", "x", "--cert-file", "x"], /--cert-file needs --key-file/],
      [["--ca-file", "x", "--cert-dir", "x", "--key-file", "x"], /--cert-dir and --key-file do not go together/],
      [["--psk-file", "x", "--count", "0"], /--count/],
      [["--psk-file", "x", "--suites", "NULL"], /--suites/],
    ];
    for (const [flags, says] of wrong) assert.match(JSON.stringify(parseCommandLine(devicesConfig, flags, {})), says);
  });
});
