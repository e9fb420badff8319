// What a server comes back to: after a power cut, after a restore of an older database, and what it says while its store is down.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createHttpClient, type HttpClient } from "@coracle/runtime";
import { type Store, StoreError } from "@coracle/store";
import { openDataStore } from "../src/io/data-store.ts";
import { setUpStandalone } from "../src/io/standalone.ts";
import { type Answered, readAdmin, StandaloneServer } from "../src/testing/standalone-server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";

interface Listed {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[];
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-recovery-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A server in a process of its own, which can lose its power. */
class ServerProcess {
  readonly #child: ChildProcess;
  readonly #client: HttpClient;
  readonly #url: string;

  private constructor(child: ChildProcess, admin: Awaited<ReturnType<typeof readAdmin>>) {
    this.#child = child;
    this.#client = createHttpClient({ tls: admin.tls, http2: true });
    this.#url = admin.url;
  }

  static async start(folder: string): Promise<ServerProcess> {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    const run = "deno" in process.versions ? ["run", "--allow-all", "--no-check"] : [];
    const args = [...run, main, "--standalone", "--data", folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.resume();
    await new Promise<void>((resolve, reject) => {
      let log = "";
      child.stderr.on("data", (chunk) => {
        log += String(chunk);
        if (log.includes("kubeconfig written")) resolve();
      });
      child.once("close", () => reject(new Error(`the server ended: ${log}`)));
    });
    return new ServerProcess(child, await readAdmin(folder));
  }

  async ask(path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await this.#client.request({
      method: body === undefined ? "GET" : "POST",
      url: this.#url + path,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: JSON.parse(await response.text(64 * 1024 * 1024)) as unknown };
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGKILL");
    await gone;
    this.#client.close();
  }
}

const versionOf = (body: unknown): number =>
  Number((body as { metadata: { resourceVersion: string } }).metadata.resourceVersion);

describe("a server that comes back", () => {
  it("trap 16: has all it acknowledged before a power cut, and its versions never go back", { timeout: 60_000 }, () =>
    withFolder(async (folder) => {
      const acknowledged = new Map<string, number>();
      for (const round of [1, 2, 3]) {
        const server = await ServerProcess.start(folder);
        try {
          const listed = (await server.ask(MAPS)).body as Listed;
          const highest = Math.max(0, ...acknowledged.values());
          assert.ok(Number(listed.metadata.resourceVersion) >= highest);
          const found = new Map(listed.items.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)]));
          for (const [name, version] of acknowledged) assert.equal(found.get(name), version, name);
          const isEnough = new Promise<void>((resolve) => {
            const write = async (writer: number): Promise<void> => {
              for (let index = 0; ; index++) {
                const name = `map-${round}-${writer}-${index}`;
                const made = await server.ask(MAPS, { metadata: { name } });
                assert.equal(made.status, 201);
                assert.ok(versionOf(made.body) > highest);
                acknowledged.set(name, versionOf(made.body));
                if (acknowledged.size > round * 100) resolve();
              }
            };
            // Each writer ends with the server.
            for (let writer = 0; writer < 8; writer++) void write(writer).catch(() => undefined);
          });
          await isEnough;
        } finally {
          await server.kill();
        }
      }
      assert.ok(acknowledged.size > 300);
    }),
  );

  it("trap 17: versions jump forward over a restored database, and old ones are gone", { timeout: 60_000 }, () =>
    withFolder(async (folder) => {
      const database = join(folder, "coracle.db");
      const backup = join(folder, "backup.db");
      const run = async (use: (server: StandaloneServer) => Promise<void>): Promise<void> => {
        const server = await StandaloneServer.start({ folder });
        try {
          await use(server);
        } finally {
          await server.stop();
        }
      };
      const make = async (server: StandaloneServer, name: string): Promise<number> => {
        const made = await server.ask(MAPS, { method: "POST", body: { metadata: { name } } });
        assert.equal(made.status, 201);
        return versionOf(made.body);
      };
      await run(async (server) => void (await make(server, "kept")));
      await copyFile(database, backup);
      let last = 0;
      await run(async (server) => {
        for (const name of ["lost-1", "lost-2", "lost-3"]) last = await make(server, name);
      });
      await copyFile(backup, database);
      await run(async (server) => {
        const listed = (await server.ask(MAPS)).body as Listed;
        assert.deepEqual(
          listed.items.map(({ metadata }) => metadata.name),
          ["kept"],
        );
        assert.ok(Number(listed.metadata.resourceVersion) > last);
        const watch = await server.ask(`${MAPS}?watch=true&timeoutSeconds=1&resourceVersion=${last}`);
        assert.match(JSON.stringify(watch.body), /"reason":"Expired".*"code":410/);
        assert.ok((await make(server, "new")) > last);
      });
    }),
  );
});

it("trap 19: discovery answers at once while the store is down", { timeout: 30_000 }, async () => {
  const state: StoreState = { mode: "up" };
  const server = await StandaloneServer.start({
    setup: (service, config) =>
      setUpStandalone(service, config, async (folder, historyMs) =>
        downable(await openDataStore(folder, historyMs), state),
      ),
  });
  const make = (name: string): Promise<Answered> => server.ask(MAPS, { method: "POST", body: { metadata: { name } } });
  try {
    state.mode = "silent";
    for (const path of ["/api", "/apis", "/api/v1", "/apis/network.coracle.dev/v1alpha1", "/openapi/v3", "/version"]) {
      assert.equal((await server.ask(path)).status, 200, path);
    }
    state.mode = "failing";
    const refused = await make("early");
    assert.equal(refused.status, 500);
    assert.equal((refused.body as { readonly kind: string }).kind, "Status");
    state.mode = "up";
    assert.equal((await make("late")).status, 201);
  } finally {
    state.mode = "up";
    await server.stop();
  }
});

interface StoreState {
  mode: "up" | "failing" | "silent";
}

/** The store, every call of which fails or is never answered while it is down: who answers then has not asked it. */
function downable(store: Store, state: StoreState): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]): unknown => {
        if (state.mode === "failing") throw new StoreError("BACKEND", "Cannot reach the store");
        return state.mode === "silent" ? new Promise(() => undefined) : Reflect.apply(member, target, args);
      };
    },
  });
}
