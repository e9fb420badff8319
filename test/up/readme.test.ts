// The README's own command lines: those that start and test everything exist, and five lines put the router in front of a CoAP server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { generate, parse } from "coap-packet";
import { freePort } from "@coracle/sim";

const ROOT = join(import.meta.dirname, "../..");
const RUN_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 120_000;

/** The fenced lines behind a heading, the first block of them. */
function linesUnder(readme: string, heading: string): string[] {
  const section = readme.split(`${heading}\n`)[1] ?? "";
  const block = /^```\n([^]*?)\n```$/m.exec(section)?.[1];
  assert.ok(block !== undefined, `no lines under "${heading}"`);
  return block.split("\n");
}

/** Somebody's own CoAP server, which knows nothing of DTLS. */
class CoapServer {
  readonly clients: Set<string> = new Set();
  readonly paths: string[] = [];
  readonly #socket: Socket = createSocket("udp4");

  async open(): Promise<number> {
    this.#socket.on("message", (bytes, from) => this.#answer(bytes, from));
    await new Promise<void>((resolve) => {
      this.#socket.bind(0, "127.0.0.1", resolve);
    });
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }

  #answer(bytes: Buffer, from: RemoteInfo): void {
    const { messageId, token, options } = parse(bytes);
    this.clients.add(`${from.address}:${from.port}`);
    this.paths.push(
      options
        .filter(({ name }) => name === "Uri-Path")
        .map(({ value }) => String(value))
        .join("/"),
    );
    const payload = Buffer.from("</sensors>");
    this.#socket.send(generate({ code: "2.05", ack: true, messageId, token, payload }), from.port, from.address);
  }
}

/** Free UDP and TCP ports are different lists; each is free a moment ago. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  const { port } = socket.address();
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
  return port;
}

/** Programs by the names that the README gives them, from the sources, with more flags behind those of the line. */
async function writePrograms(folder: string, flags: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [name, more] of Object.entries(flags)) {
    const main = join(ROOT, "packages", name.replace("coracle-", ""), "src/main.ts");
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\nexec bun ${main} "$@" ${more.join(" ")}\n`);
    await chmod(path, 0o755);
  }
}

function runScript(script: string, folder: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], { cwd: folder, env, timeout: RUN_TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

test(
  "five lines put the router in front of a CoAP server, which sees one client while the device moves",
  {
    timeout: TEST_TIMEOUT_MS,
  },
  async () => {
    const lines = linesUnder(
      await readFile(join(ROOT, "README.md"), "utf8"),
      "### DTLS in front of your own CoAP server",
    );
    assert.equal(lines.length, 5);
    const folder = await mkdtemp(join(tmpdir(), "coracle-readme-"));
    const server = new CoapServer();
    try {
      const [upstream, listen, http] = [await server.open(), await freeUdpPort(), await freePort()];
      await writePrograms(folder, {
        "coracle-dtls-router": ["--http", `127.0.0.1:${http}`],
        "coracle-load": ["--target", `127.0.0.1:${listen}`],
      });
      const script = lines
        .join("\n")
        .replaceAll("127.0.0.1:5683", `127.0.0.1:${upstream}`)
        .replaceAll("0.0.0.0:5684", `127.0.0.1:${listen}`)
        .replaceAll("127.0.0.1:9684", `127.0.0.1:${http}`);
      // Nothing may be left, also when a line fails.
      const guard = "set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT TERM\n";
      const { code, stdout, stderr } = await runScript(`${guard}${script}\nwait $! || true\n`, folder);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /20 answered/, stdout);
      const metric = (event: string): number =>
        Number(new RegExp(`event="${event}"\\} (\\d+)`).exec(stdout)?.[1] ?? Number.NaN);
      assert.equal(metric("handshakesCompleted"), 1, stdout);
      assert.ok(metric("addressUpdates") >= 1 && metric("recordsOpened") >= 20, stdout);
      assert.deepEqual(new Set(server.paths), new Set([".well-known/core"]));
      assert.ok(server.paths.length >= 20);
      assert.equal(server.clients.size, 1, [...server.clients].join(", "));
      assert.equal((await stat(join(folder, "keys.txt"))).mode & 0o777, 0o600);
    } finally {
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test("the two commands of the README run scripts that there are, with the Bun that the sources are for", async () => {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const root: unknown = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  assert.ok(typeof root === "object" && root !== null && "scripts" in root && "packageManager" in root);
  const { scripts, packageManager } = root;
  for (const [heading, name] of [
    ["## Run it", "up"],
    ["## Test it", "test"],
  ] as const) {
    assert.deepEqual(linesUnder(readme, heading), [`npx --yes ${String(packageManager)} run ${name}`]);
    assert.ok(typeof scripts === "object" && scripts !== null && name in scripts, `there is no script ${name}`);
  }
});
