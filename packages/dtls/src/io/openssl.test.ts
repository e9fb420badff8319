// Interop with OpenSSL over loopback: its client against our server, our client against its server, PSK and certificates.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemClock, systemRandom } from "@coracle/runtime";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { cipherSuiteByName, DtlsClient, type DtlsOutput, DtlsServer, RandomCids } from "../mod.ts";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./mod.ts";

/** A machine of either role, as far as a socket is concerned. */
interface Driven {
  handle(input: { kind: "datagram"; peer: string; bytes: Uint8Array } | { kind: "timeout" }, now: number): void;
}

const KEY = "000102030405060708090a0b0c0d0e0f";
const version = spawnSync("openssl", ["version"], { encoding: "utf8" });
const hasOpenssl = version.status === 0;
const DEADLINE_MS = 20_000;
const psk = { identity: new TextEncoder().encode("device"), key: new Uint8Array(Buffer.from(KEY, "hex")) };

/** Runs a machine on a socket until closed; gives every output that is no datagram. */
async function drive(
  machine: DtlsServer | DtlsClient,
  onOutput: (output: DtlsOutput) => void,
): Promise<{ socket: Socket; port: number; pump: () => void; close: () => void }> {
  const socket = createSocket("udp4");
  const driven = machine as unknown as Driven;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pump = (): void => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === "send") {
        const [host, port] = output.peer.split(" ");
        socket.send(output.bytes, Number(port), host);
      } else onOutput(output);
    }
    clearTimeout(timer);
    const next = machine.nextTimeout();
    if (next === undefined) return;
    timer = setTimeout(
      () => {
        driven.handle({ kind: "timeout" }, systemClock.now());
        pump();
      },
      Math.max(1, next - systemClock.now()),
    );
  };
  socket.on("message", (bytes, from) => {
    const datagram = new Uint8Array(bytes);
    driven.handle({ kind: "datagram", peer: `${from.address} ${from.port}`, bytes: datagram }, systemClock.now());
    pump();
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  const close = (): void => {
    clearTimeout(timer);
    socket.close();
  };
  return { socket, port: socket.address().port, pump, close };
}

/** Waits for a pattern in what a process prints. */
function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => {
      reject(new Error(`no ${pattern} within ${DEADLINE_MS} ms in: ${text}`));
    }, DEADLINE_MS);
    const look = (piece: Buffer): void => {
      text += piece.toString("utf8");
      const match = pattern.exec(text);
      if (match === null) return;
      clearTimeout(timer);
      resolve(match);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.on("exit", () => {
      clearTimeout(timer);
      reject(new Error(`openssl ended before ${pattern} in: ${text}`));
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      resolve();
    });
  });
  child.kill("SIGKILL");
  await ended;
}

describe(`OpenSSL (${hasOpenssl ? version.stdout.trim() : "not on this machine: its cases are not run"})`, () => {
  let pki: TestPki;
  let folder: string;
  const path = (name: string): string => join(folder, name);

  before(async () => {
    pki = await makeTestPki();
    folder = mkdtempSync(join(tmpdir(), "coracle-dtls-"));
    for (const [name, pem] of [
      ["ca.pem", pki.ca],
      ["cert.pem", pki.cert],
      ["key.pem", pki.key],
    ] as const) {
      writeFileSync(path(name), pem, { mode: 0o600 });
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  if (!hasOpenssl) return;

  const pskCases = [
    ["PSK-AES128-CCM8", "PSK_WITH_AES_128_CCM_8"],
    ["PSK-AES256-CCM", "PSK_WITH_AES_256_CCM"],
    ["PSK-AES256-GCM-SHA384", "PSK_WITH_AES_256_GCM_SHA384"],
  ] as const;
  const certificateCases = [
    ["ECDHE-ECDSA-AES128-CCM8", "ECDHE_ECDSA_WITH_AES_128_CCM_8"],
    ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  ] as const;

  for (const [theirs, ours] of [...pskCases, ...certificateCases]) {
    const isPsk = theirs.startsWith("PSK");
    const suite = cipherSuiteByName(ours);

    it(`its client talks ${theirs} with our server`, async () => {
      const server = new DtlsServer({
        crypto,
        random: systemRandom,
        psk: isPsk ? () => psk.key : undefined,
        credentials: isPsk ? undefined : loadCredentials(pki.key, pki.cert),
        cids: new RandomCids(6),
      });
      const seen: DtlsOutput[] = [];
      const driver = await drive(server, (output) => {
        seen.push(output);
        if (output.kind !== "data") return;
        const answer = new TextDecoder().decode(output.bytes).toUpperCase();
        server.handle(
          { kind: "send", session: output.session, bytes: new TextEncoder().encode(answer) },
          systemClock.now(),
        );
        driver.pump();
      });
      const credentials = isPsk
        ? ["-psk", KEY, "-psk_identity", "device"]
        : ["-CAfile", path("ca.pem"), "-verify_return_error"];
      const child = spawn("openssl", [
        "s_client",
        "-dtls1_2",
        "-quiet",
        "-connect",
        `127.0.0.1:${driver.port}`,
        "-cipher",
        `${theirs}:@SECLEVEL=0`,
        ...credentials,
      ]);
      try {
        const answered = printed(child, /HELLO FROM HERE/);
        child.stdin.write("hello from here\n");
        await answered;
        const established = seen.find((output) => output.kind === "established");
        assert.ok(established !== undefined);
        assert.equal(established.summary.suite, ours);
        assert.equal(established.summary.ownCid.length, 0);
        assert.ok(established.summary.usesExtendedMasterSecret);
      } finally {
        await stop(child);
        driver.close();
      }
    });

    it(`our client talks ${theirs} with its server`, async () => {
      assert.ok(suite !== undefined);
      const credentials = isPsk
        ? ["-nocert", "-psk", KEY, "-psk_identity", "device"]
        : ["-cert", path("cert.pem"), "-key", path("key.pem")];
      const child = spawn("openssl", [
        "s_server",
        "-dtls1_2",
        "-accept",
        "127.0.0.1:0",
        "-cipher",
        `${theirs}:@SECLEVEL=0`,
        ...credentials,
      ]);
      const client = new DtlsClient({
        crypto,
        random: systemRandom,
        suites: [suite],
        psk: isPsk ? psk : undefined,
        verifyPeer: isPsk ? undefined : trustVerifier({ ca: [pki.ca], clock: systemClock, usage: "server" }),
        serverName: "localhost",
        cids: new RandomCids(4),
      });
      const seen: DtlsOutput[] = [];
      let onEstablished = (): void => undefined;
      const driver = await drive(client, (output) => {
        seen.push(output);
        if (output.kind === "established") onEstablished();
      });
      try {
        const [, port] = await printed(child, /ACCEPT [^\n]*:(\d+)/);
        const received = printed(child, /greetings from our client/);
        onEstablished = () => {
          client.handle(
            { kind: "send", bytes: new TextEncoder().encode("greetings from our client\n") },
            systemClock.now(),
          );
          driver.pump();
        };
        client.handle({ kind: "connect", peer: `127.0.0.1 ${port}` }, systemClock.now());
        driver.pump();
        await received;
        const established = seen.find((output) => output.kind === "established");
        assert.equal(established?.kind === "established" ? established.summary.suite : "", ours);
      } finally {
        await stop(child);
        driver.close();
      }
    });
  }
});
