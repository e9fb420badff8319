// Certificates and authorities swapped under load: no request fails, no connection is dropped, bad material changes nothing.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KubernetesVolume, makeTestPki, type TestPki } from "@coracle/sim";
import { LoadServer, PROCESS_TEST } from "./child.ts";
import { type HammerClient, Http1Client, Http2Client, progress, startWorker, type Trust } from "./hammer.ts";

interface Setting {
  readonly server: LoadServer;
  readonly volume: KubernetesVolume;
  readonly first: TestPki;
  readonly second: TestPki;
  readonly url: string;
}

/** A server whose pair and client authorities lie in a volume; `first` is in force. */
async function withVolume(run: (setting: Setting) => Promise<void>): Promise<void> {
  const [first, second] = [await makeTestPki({ caName: "first" }), await makeTestPki({ caName: "second" })];
  const volume = await KubernetesVolume.create({ "tls.crt": first.cert, "tls.key": first.key, "ca.crt": first.ca });
  const pair = ["--tls-cert-file", volume.path("tls.crt"), "--tls-private-key-file", volume.path("tls.key")];
  const server = new LoadServer([...pair, "--client-ca-file", volume.path("ca.crt")]);
  try {
    await server.ready();
    await run({ server, volume, first, second, url: await server.url("api") });
  } finally {
    await server.end();
    await volume.remove();
  }
}

/** Sends each request on a connection of its own: what a new client sees. */
class FreshClient implements HammerClient {
  connections: number = 0;
  readonly #make: () => HammerClient;

  constructor(make: () => HammerClient) {
    this.#make = make;
  }

  async request(...args: Parameters<HammerClient["request"]>): ReturnType<HammerClient["request"]> {
    const client = this.#make();
    const answer = await client.request(...args);
    client.close();
    this.connections += 1;
    return answer;
  }

  close(): void {}
}

async function userSeen(client: HammerClient): Promise<string> {
  const answer = await client.request("/work");
  client.close();
  if (answer.kind !== "status") return answer.kind === "failed" ? answer.error : answer.kind;
  return (JSON.parse(answer.body) as { user: string }).user;
}

function reloads(server: LoadServer): number {
  return server.lines.filter((line) => line["message"] === "TLS material in use for new connections").length;
}

async function reloaded(server: LoadServer, count: number): Promise<void> {
  await server.line(() => reloads(server) >= count);
}

describe("TLS reload", () => {
  it(
    "swaps certificate and authorities under load without a failed request or a dropped connection",
    PROCESS_TEST,
    async () => {
      await withVolume(async ({ server, volume, first, second, url }) => {
        const trust: Trust = { ca: [first.ca, second.ca] };
        const steady = [new Http1Client(url, trust), new Http2Client(url, trust), new Http2Client(url, trust)];
        const fresh = [
          new FreshClient(() => new Http1Client(url, trust)),
          new FreshClient(() => new Http2Client(url, trust)),
        ];
        const stop = new AbortController();
        const workers = [...steady, ...fresh].map((client) => startWorker(client, "/work?ms=1", stop.signal));
        await progress(workers, 5);
        const both = `${first.ca}\n${second.ca}`;
        await volume.swap({ "tls.crt": first.cert, "tls.key": first.key, "ca.crt": both });
        await reloaded(server, 1);
        await progress(workers, 5);
        await volume.swap({ "tls.crt": second.cert, "tls.key": second.key, "ca.crt": both });
        await reloaded(server, 2);
        await progress(workers, 5);
        await volume.swap({ "tls.crt": second.cert, "tls.key": second.key, "ca.crt": second.ca });
        await reloaded(server, 3);
        await progress(workers, 5);
        stop.abort();
        await Promise.all(workers.map((worker) => worker.done));
        for (const { tally } of workers)
          assert.deepEqual({ ...tally, ok: 0 }, { ok: 0, refused: 0, replayed: 0, failures: [] });
        assert.deepEqual(
          steady.map((client) => client.connections),
          [1, 1, 1],
        );
        assert.equal(await userSeen(new Http2Client(url, { ca: [second.ca] })), "anonymous");
        assert.match(await userSeen(new Http2Client(url, { ca: [first.ca] })), /^connect: .*(certificate|issuer)/i);
      });
    },
  );

  it("knows client certificates of both authorities while both are in the bundle", PROCESS_TEST, async () => {
    await withVolume(async ({ server, volume, first, second, url }) => {
      const anna = await first.client({ commonName: "anna" });
      const berta = await second.client({ commonName: "berta" });
      const as = (client: { cert: string; key: string }): HammerClient =>
        new Http2Client(url, { ca: [first.ca], ...client });
      assert.equal(await userSeen(as(anna)), "anna");
      assert.equal(await userSeen(as(berta)), "anonymous");
      const pair = { "tls.crt": first.cert, "tls.key": first.key };
      await volume.swap({ ...pair, "ca.crt": `${first.ca}\n${second.ca}` });
      await reloaded(server, 1);
      assert.equal(await userSeen(as(anna)), "anna");
      assert.equal(await userSeen(as(berta)), "berta");
      await volume.swap({ ...pair, "ca.crt": second.ca });
      await reloaded(server, 2);
      assert.equal(await userSeen(as(anna)), "anonymous");
      assert.equal(await userSeen(as(berta)), "berta");
    });
  });

  it(
    "keeps the old material while the new is half written, empty or no certificate, and says so once",
    PROCESS_TEST,
    async () => {
      await withVolume(async ({ server, volume, first, second, url }) => {
        const refused = (reason: string) => (line: Readonly<Record<string, unknown>>) =>
          line["reason"] === reason && line["level"] === "error";
        await volume.swap({ "tls.crt": second.cert, "tls.key": first.key, "ca.crt": first.ca });
        await server.line(refused("the key is not the certificate's"));
        await volume.swap({ "tls.crt": second.cert, "tls.key": "", "ca.crt": first.ca });
        await server.line(refused("the key file is empty"));
        await volume.swap({ "tls.crt": second.cert, "tls.key": second.key.slice(0, 80), "ca.crt": "" });
        await server.line(refused("the file is empty"));
        assert.equal(await userSeen(new Http2Client(url, { ca: [first.ca] })), "anonymous");
        assert.equal(reloads(server), 0);
        await volume.swap({ "tls.crt": second.cert, "tls.key": second.key, "ca.crt": first.ca });
        await reloaded(server, 1);
        assert.equal(await userSeen(new Http2Client(url, { ca: [second.ca] })), "anonymous");
        const metrics = await new Http1Client(await server.url("http")).request("/metrics");
        const text = metrics.kind === "status" ? metrics.body : "";
        assert.match(text, /coracle_tls_bundle_info\{name="serving",part="certificate",sha256="[0-9a-f]{64}"\} 1/);
        assert.match(text, /coracle_tls_not_after_seconds\{name="serving",part="authorities"\} \d{10}/);
        assert.match(text, /coracle_tls_reloads_total\{name="serving",result="refused"\} [3-9]/);
        const log = JSON.stringify(server.lines);
        assert.ok(!log.includes("PRIVATE KEY"), "a key reached the log");
      });
    },
  );

  it("does not start with unusable material: one line and exit code 1", PROCESS_TEST, async () => {
    const volume = await KubernetesVolume.create({ "tls.crt": "", "tls.key": "x" });
    const path = volume.path("tls.crt");
    const server = new LoadServer(["--tls-cert-file", path, "--tls-private-key-file", volume.path("tls.key")]);
    try {
      assert.deepEqual(await server.exited, { code: 1, signal: null });
      assert.match(
        server.texts.join(""),
        /^load-server: cannot use the certificate .*tls\.crt with key .*: the certificate file is empty$/,
      );
    } finally {
      await server.end();
      await volume.remove();
    }
  });
});
