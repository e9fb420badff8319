// Credential plugins: what they are told, what is taken from them, and what happens when they misbehave.
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { makeTestPki } from "@coracle/sim";
import type { ExecPlugin } from "./exec-plugin.ts";
import { ExecPluginError, ExecSource } from "./exec-source.ts";

const V1 = "client.authentication.k8s.io/v1";

interface Sandbox {
  readonly directory: string;
  readonly source: (plugin?: Partial<ExecPlugin>, more?: { timeoutMs?: number; interactive?: boolean }) => ExecSource;
  readonly clock: ManualClock;
  /** How often the plugin ran. */
  readonly runs: () => Promise<number>;
}

/** A shell script as plugin; it counts its runs in a file. */
async function withPlugin(body: string, run: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "coracle-exec-"));
  try {
    const command = join(directory, "plugin");
    await writeFile(command, `#!/bin/sh\necho run >> ${directory}/runs\n${body}\n`);
    await chmod(command, 0o755);
    const clock = new ManualClock({ wallMs: Date.parse("2030-01-01T00:00:00Z") });
    await run({
      directory,
      clock,
      source: (plugin = {}, more = {}) =>
        new ExecSource({
          plugin: { apiVersion: V1, command, args: [], env: {}, interactiveMode: "Never", ...plugin },
          clock,
          timeoutMs: 20_000,
          interactive: false,
          ...more,
        }),
      runs: async () => (await readFile(join(directory, "runs"), "utf8")).trim().split("\n").length,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function answer(status: object, apiVersion: string = V1): string {
  return `cat <<'END'\n${JSON.stringify({ kind: "ExecCredential", apiVersion, status })}\nEND`;
}

function failsWith(code: string, ...words: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ExecPluginError, String(error));
    assert.equal(error.code, code, error.message);
    for (const word of words) assert.ok(error.message.includes(word), error.message);
    return true;
  };
}

test("ExecSource tells the plugin the cluster, its own variables and that no one is there to ask", async () => {
  const body = `printf '%s' "$KUBERNETES_EXEC_INFO" > "$OUT/info"; printf '%s' "$1" > "$OUT/arg"\n${answer({ token: "t" })}`;
  await withPlugin(body, async ({ directory, source }) => {
    const cluster = { server: "https://one", config: { audience: "x" } };
    const plugin = { cluster, args: ["first"], env: { OUT: directory }, interactiveMode: "IfAvailable" as const };
    assert.deepEqual(await source(plugin).credential(), { token: "t" });
    assert.deepEqual(JSON.parse(await readFile(join(directory, "info"), "utf8")), {
      kind: "ExecCredential",
      apiVersion: V1,
      spec: { interactive: false, cluster },
    });
    assert.equal(await readFile(join(directory, "arg"), "utf8"), "first");
  });
});

test("ExecSource hands a person over to a plugin that may ask, and to no other", async () => {
  const body = `printf '%s' "$KUBERNETES_EXEC_INFO" > "$OUT/info"\n${answer({ token: "t" })}`;
  await withPlugin(body, async ({ directory, source }) => {
    for (const [interactiveMode, interactive] of [
      ["Always", true],
      ["IfAvailable", true],
      ["Never", false],
    ] as const) {
      await source({ interactiveMode, env: { OUT: directory } }, { interactive: true }).credential();
      const info: unknown = JSON.parse(await readFile(join(directory, "info"), "utf8"));
      assert.deepEqual(info, { kind: "ExecCredential", apiVersion: V1, spec: { interactive } });
    }
    await assert.rejects(source({ interactiveMode: "Always" }).credential(), failsWith("NEEDS_TERMINAL"));
  });
});

test("ExecSource runs the plugin once for all who wait and again only after its credential expired", async () => {
  const status = { token: "t", expirationTimestamp: "2030-01-01T00:10:00Z" };
  await withPlugin(answer(status), async ({ source, clock, runs }) => {
    const exec = source();
    await Promise.all([exec.credential(), exec.credential(), exec.credential()]);
    assert.equal(await runs(), 1);
    clock.advance(9 * 60_000);
    await exec.credential();
    assert.equal(await runs(), 1);
    clock.advance(60_000);
    await exec.credential();
    assert.equal(await runs(), 2);
  });
});

test("ExecSource runs the plugin again for the request after a 401, and only if it did not run since", async () => {
  await withPlugin(answer({ token: "t" }), async ({ source, clock, runs }) => {
    const exec = source();
    const early = clock.now();
    clock.advance(1);
    await exec.credential();
    exec.reject(early);
    await exec.credential();
    assert.equal(await runs(), 1);
    exec.reject(clock.now());
    assert.equal(await runs(), 1, "the refused request itself runs nothing");
    await exec.credential();
    assert.equal(await runs(), 2);
  });
});

test("trap 16: a plugin that hangs is killed with its children", async () => {
  await withPlugin(`sleep 600 & echo $! > "$OUT/child"; wait`, async ({ directory, source }) => {
    const exec = source({ env: { OUT: directory } }, { timeoutMs: 300 });
    await assert.rejects(exec.credential(), failsWith("TIMEOUT", "300 ms"));
    const child = Number(await readFile(join(directory, "child"), "utf8"));
    // The signal is delivered at once, its effect shows a moment later.
    for (let attempt = 0; attempt < 200 && isRunning(child); attempt++) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    assert.equal(isRunning(child), false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("trap 16: a plugin that prints garbage gives an error that says what is wrong and quotes nothing", async () => {
  const secret = "s3cr3t";
  const pki = await makeTestPki();
  const [one, two] = await Promise.all([pki.client({ commonName: "one" }), pki.client({ commonName: "two" })]);
  const cases: readonly (readonly [string, string])[] = [
    ["true", "printed nothing"],
    [`echo '${secret}'`, "not a JSON object"],
    [`echo '["${secret}"]'`, "not a JSON object"],
    [`echo '{"kind":"${secret}"}'`, "not of kind ExecCredential"],
    [answer({ token: secret }, "client.authentication.k8s.io/v1beta1"), `not of apiVersion ${V1}`],
    [`echo '{"kind":"ExecCredential","apiVersion":"${V1}"}'`, "no status"],
    [answer({}), "neither a token nor a certificate"],
    [answer({ token: `${secret}\r\nx: y` }), "characters no header may carry"],
    [answer({ clientCertificateData: secret }), "without the other"],
    [answer({ clientCertificateData: secret, clientKeyData: secret }), "clientCertificateData is not PEM"],
    [answer({ clientCertificateData: one.cert, clientKeyData: two.key }), "does not belong"],
    [answer({ token: secret, expirationTimestamp: "soon" }), "not RFC 3339"],
  ];
  for (const [body, problem] of cases) {
    await withPlugin(body, async ({ source }) => {
      await assert.rejects(source().credential(), (error) => {
        failsWith("BAD_OUTPUT", problem)(error);
        assert.ok(error instanceof Error && !error.message.includes(secret));
        return true;
      });
    });
  }
  await withPlugin("exit 3", ({ source }) => assert.rejects(source().credential(), failsWith("FAILED", "exit code 3")));
  await withPlugin("head -c 2000000 /dev/zero", ({ source }) =>
    assert.rejects(source().credential(), failsWith("TOO_LONG", "1048576")),
  );
});

test("trap 16: a plugin that gives only a certificate is enough", async () => {
  const pki = await makeTestPki();
  const client = await pki.client({ commonName: "me" });
  const status = { clientCertificateData: client.cert, clientKeyData: client.key };
  await withPlugin(answer(status), async ({ source }) => {
    assert.deepEqual(await source().credential(), { certificate: client.cert, key: client.key });
  });
});

test("ExecSource says what to install when the command is not there", async () => {
  await withPlugin("true", async ({ source }) => {
    const missing = { command: "/nonexistent/plugin", installHint: "get it\n  from the shop" };
    await assert.rejects(
      source(missing).credential(),
      failsWith("NOT_FOUND", "/nonexistent/plugin", "get it from the shop"),
    );
    await assert.rejects(source({ command: "/etc/passwd" }).credential(), failsWith("CANNOT_START", "EACCES"));
  });
});

test("ExecSource asks again after a failure", async () => {
  const body = `if [ -e "$OUT/second" ]; then ${answer({ token: "t" })}\nelse touch "$OUT/second"; exit 1; fi`;
  await withPlugin(body, async ({ directory, source }) => {
    const exec = source({ env: { OUT: directory } });
    await assert.rejects(exec.credential(), failsWith("FAILED"));
    assert.deepEqual(await exec.credential(), { token: "t" });
  });
});
