// Every way to be a device, as a person starts it, against a real router: keys and certificates, both kinds of messages, sleep,
// new sessions full and resumed; the result as JSON, the exit codes, and how much the router agrees.
import assert from "node:assert/strict";
import { createPublicKey, randomBytes } from "node:crypto";

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestPki } from "@coracle/sim";
import { ChildProgram } from "../system/child-program.ts";
import type { FleetNumbers } from "./front.ts";

const COUNT = 10;
const REQUESTS = 60;
/** Nothing is lost on a machine that is busy elsewhere. */
const PATIENCE = ["--ack-timeout", "5s", "--answer-timeout", "30s", "--handshake-timeout", "60s"];

interface Result extends FleetNumbers {
  readonly codes: Readonly<Record<string, number>>;
  readonly request?: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
  readonly perSecond: { readonly requests: number; readonly handshakes: number };
}

let folder: string;
let router: ChildProgram;
let routerUrl: string;
let port: string;

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), "coracle-modes-"));
    const pki = await makeTestPki();
    write("ca.pem", pki.ca);
    write("server.pem", pki.cert);
    write("server.key", pki.key);
    write("server-public.pem", createPublicKey(pki.key).export({ format: "pem", type: "spki" }));
    write("keys.txt", `device=${randomBytes(16).toString("base64")}\n`);
    mkdirSync(at("devices"));
    for (let device = 0; device < COUNT; device++) {
      const { cert, key } = await pki.client({ commonName: `device-${device}` });
      write(`devices/${device}.pem`, cert);
      write(`devices/${device}.key`, key);
    }
    const keys = ["--psk-file", at("keys.txt"), "--cert-file", at("server.pem"), "--key-file", at("server.key")];
    const clients = ["--client-ca-file", at("ca.pem"), "--client-certificate", "required"];
    const place = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    router = ChildProgram.source("dtls-router", [...place, ...keys, ...clients]);
    [, routerUrl = ""] = await router.see(/"url":"(http:[^"]+)"/);
    [, port = ""] = await router.see(/"port":"listen","at":(\d+)/);
  },
  { timeout: 60_000 },
);

after(async () => {
  await router?.end();
  rmSync(folder, { recursive: true, force: true });
});

function at(name: string): string {
  return join(folder, name);
}

function write(name: string, content: string): void {
  writeFileSync(at(name), content, { mode: 0o600 });
}

/** Runs a fleet to its end. */
async function run(
  flags: readonly string[],
): Promise<{ readonly code: number; readonly result: Result; readonly stderr: string }> {
  const json = at("result.json");
  rmSync(json, { force: true });
  const whole = ["devices", "--target", `127.0.0.1:${port}`, "--count", String(COUNT), "--json", json];
  const program = ChildProgram.source("load", [...whole, ...PATIENCE, ...flags]);
  try {
    const code = await program.exited;
    assert.ok(existsSync(json), program.stderr);
    return { code, result: JSON.parse(readFileSync(json, "utf8")) as Result, stderr: program.stderr };
  } finally {
    await program.end();
  }
}

async function metricOfRouter(sample: string): Promise<number> {
  const text = await (await fetch(`${routerUrl}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? 0);
}

const requests = ["--requests", String(REQUESTS)];

describe("devices", { timeout: 240_000 }, () => {
  const psk = (): string[] => ["--psk-file", at("keys.txt")];
  const ca = (): string[] => ["--ca-file", at("ca.pem"), "--server-name", "localhost"];
  const shared = (): string[] => ["--cert-file", at("devices/3.pem"), "--key-file", at("devices/3.key")];
  const ways: readonly { readonly way: string; readonly flags: () => readonly string[] }[] = [
    { way: "with keys", flags: psk },
    { way: "with keys, without acknowledgements", flags: () => [...psk(), "--no-confirmable"] },
    { way: "that sleep", flags: () => [...psk(), "--sleep", "100ms", "--sleep-after", "2"] },
    { way: "without connection IDs", flags: () => [...psk(), "--no-cid"] },
    { way: "with a certificate each", flags: () => [...ca(), "--cert-dir", at("devices")] },
    {
      way: "with one certificate, that trust the server's key",
      flags: () => ["--server-key-file", at("server-public.pem"), ...shared()],
    },
  ];
  for (const { way, flags } of ways) {
    it(`${way} are served`, async () => {
      const { code, result } = await run([...requests, ...flags()]);
      const { counts, codes, request, perSecond } = result;
      assert.equal(code, 0, JSON.stringify(result));
      assert.deepEqual([counts["requests"], counts["answered"], counts["lost"]], [REQUESTS, REQUESTS, 0]);
      assert.deepEqual(codes, { "2.05": REQUESTS });
      // The last ones may find nothing left to ask for.
      assert.ok((counts["handshakes"] ?? 0) <= COUNT, JSON.stringify(counts));
      assert.ok(request !== undefined && request.p50 <= request.p95 && request.p99 <= request.max);
      assert.ok(perSecond.requests > 0 && perSecond.handshakes > 0);
    });
  }

  it("make new sessions after so many requests, in full or by resuming them, as the router counts them too", async () => {
    const again = [...psk(), "--reconnect-after", "2"];
    const full = await run([...requests, ...again]);
    assert.equal(full.code, 0);
    assert.ok((full.result.counts["handshakes"] ?? 0) >= REQUESTS / 2 - COUNT, JSON.stringify(full.result.counts));
    assert.equal(full.result.counts["resumed"], 0);
    const before = await metricOfRouter('coracle_dtls_events_total{event="handshakesResumed"}');
    const resumed = await run([...requests, ...again, "--resume"]);
    const { counts } = resumed.result;
    assert.equal(resumed.code, 0);
    assert.ok((counts["resumed"] ?? 0) >= (counts["handshakes"] ?? 0) - COUNT, JSON.stringify(counts));
    assert.ok((counts["resumed"] ?? 0) >= REQUESTS / 2 - COUNT, JSON.stringify(counts));
    const after = await metricOfRouter('coracle_dtls_events_total{event="handshakesResumed"}');
    assert.ok(after - before >= (counts["resumed"] ?? 0), `${after - before}`);
  });

  it("say by their exit code that requests were lost", async () => {
    const place = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--backends", `127.0.0.1:${port}`];
    const nat = ChildProgram.source("load", ["nat", ...place]);
    const json = at("lost.json");
    try {
      const [, natUrl = ""] = await nat.see(/"url":"(http:[^"]+)"/);
      const [, natPort = ""] = await nat.see(/"port":"listen","at":(\d+)/);
      const fleet = ["--target", `127.0.0.1:${natPort}`, "--count", "2", "--rate", "20", "--requests", "60", ...psk()];
      const once = ["--no-confirmable", "--answer-timeout", "300ms", "--handshake-timeout", "1s"];
      const shown = ["--json", json, "--http", "127.0.0.1:0", "--log-level", "info"];
      const devices = ChildProgram.source("load", ["devices", ...fleet, ...once, ...shown]);
      try {
        const [, url = ""] = await devices.see(/"url":"(http:[^"]+)"/);
        const counts = async (): Promise<Readonly<Record<string, number>>> =>
          ((await (await fetch(`${url}/fleet`)).json()) as FleetNumbers).counts;
        await eventually(async () => ((await counts())["answered"] ?? 0) > 0, "they are served");
        await fetch(`${natUrl}/drops?toClients=1`, { method: "PUT" });
        await eventually(async () => ((await counts())["lost"] ?? 0) > 0, "a request is lost");
        await fetch(`${natUrl}/drops`, { method: "PUT" });
        assert.equal(await devices.exited, 3);
        const { counts: last } = JSON.parse(readFileSync(json, "utf8")) as Result;
        assert.equal((last["answered"] ?? 0) + (last["lost"] ?? 0), 60);
      } finally {
        await devices.end();
      }
    } finally {
      await nat.end();
    }
  });

  it("say by their exit code and in words that nothing was ever answered", async () => {
    const nobody = await run(["--target", "127.0.0.1:9", "--duration", "500ms", ...psk()]);
    assert.deepEqual([nobody.code, nobody.result.counts["answered"]], [5, 0]);
    assert.match(nobody.stderr, /no session was made: 127\.0\.0\.1:9 is silent/);
    write("wrong.txt", `device=${randomBytes(16).toString("base64")}\n`);
    const refused = await run(["--duration", "1s", "--psk-file", at("wrong.txt")]);
    assert.equal(refused.code, 5);
  });

  it("end at a signal with what they have, and say that they were interrupted", async () => {
    const json = at("interrupted.json");
    const endless = [
      "devices",
      "--target",
      `127.0.0.1:${port}`,
      "--count",
      "2",
      "--rate",
      "20",
      "--json",
      json,
      ...psk(),
    ];
    const program = ChildProgram.source("load", [...endless, "--progress-every", "100ms"]);
    try {
      await program.see(/2\/2 connected .* requests\/s .* handshakes\/s .* answered/);
      program.process.kill("SIGINT");
      assert.equal(await program.exited, 130);
      const { counts } = JSON.parse(readFileSync(json, "utf8")) as Result;
      assert.equal((counts["answered"] ?? 0) + (counts["lost"] ?? 0), counts["requests"]);
    } finally {
      await program.end();
    }
  });
});
