// The runtime's own client through a termination and through a change of authorities in its files.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHttpClient, type HttpClient, HttpClientError } from "@coracle/runtime";
import { KubernetesVolume, makeTestPki, type TestPki } from "@coracle/sim";
import { createLogger, followClientTls, type TlsFiles } from "../src/mod.ts";
import { LoadServer, PROCESS_TEST } from "./child.ts";

interface Setting {
  readonly server: LoadServer;
  readonly serving: KubernetesVolume;
  readonly trusted: KubernetesVolume;
  readonly first: TestPki;
  readonly second: TestPki;
  readonly client: HttpClient;
  readonly files: TlsFiles;
  readonly url: string;
}

/** A server and a client, each with its TLS material in a volume of its own. */
async function withClient(args: readonly string[], run: (setting: Setting) => Promise<void>): Promise<void> {
  const [first, second] = [await makeTestPki({ caName: "first" }), await makeTestPki({ caName: "second" })];
  const serving = await KubernetesVolume.create({ "tls.crt": first.cert, "tls.key": first.key });
  const trusted = await KubernetesVolume.create({ "ca.crt": first.ca });
  const pair = ["--tls-cert-file", serving.path("tls.crt"), "--tls-private-key-file", serving.path("tls.key")];
  const server = new LoadServer([...pair, ...args]);
  const client = createHttpClient();
  const { tls, files } = await followClientTls(
    { caFiles: [trusted.path("ca.crt")] },
    { name: "client", log: createLogger("test"), client },
  );
  client.replaceTls(tls);
  try {
    await server.ready();
    await run({ server, serving, trusted, first, second, client, files, url: await server.url("api") });
  } finally {
    client.close();
    files.close();
    await server.end();
    await serving.remove();
    await trusted.remove();
  }
}

/** One who asks again and again. */
interface Follower {
  served: number;
  readonly end: Promise<string>;
}

/** Requests one after the other until one is refused, fails, or `until` aborts. */
function follow(client: HttpClient, url: string, until: AbortSignal): Follower {
  const follower = { served: 0, end: Promise.resolve("") };
  const ask = async (): Promise<string> => {
    while (!until.aborted) {
      const response = await client.request({ method: "GET", url });
      await response.text();
      if (response.status !== 200) return `status ${response.status} retry-after ${response.headers["retry-after"]}`;
      follower.served += 1;
    }
    return "still served";
  };
  follower.end = ask().catch((error: unknown) =>
    error instanceof HttpClientError ? `${error.code}: ${error.message}` : String(error),
  );
  return follower;
}

async function served(followers: readonly Follower[], count: number): Promise<void> {
  const goals = followers.map((follower) => follower.served + count);
  const isThere = (): boolean => followers.every((follower, index) => follower.served >= (goals[index] ?? 0));
  const anyEnd = Promise.race(followers.map((follower) => follower.end));
  while (!isThere()) {
    const pause = new Promise<undefined>((resolve) => setTimeout(resolve, 5));
    const end = await Promise.race([anyEnd, pause]);
    if (end !== undefined) throw new Error(`A follower stopped: ${end}`);
  }
}

describe("the runtime's client", () => {
  it("sees nothing of a termination but the announced 429", PROCESS_TEST, async () => {
    await withClient(["--shutdown-delay", "200ms"], async ({ server, client, url }) => {
      const never = new AbortController().signal;
      const followers = Array.from({ length: 6 }, () => follow(client, `${url}/work?ms=2`, never));
      await served(followers, 5);
      server.kill("SIGTERM");
      for (const { end } of followers) assert.equal(await end, "status 429 retry-after 5");
      client.close();
      assert.deepEqual(await server.exited, { code: 0, signal: null });
    });
  });

  it("goes on through a new authority on both sides while a watch lives on", PROCESS_TEST, async () => {
    await withClient([], async ({ server, serving, trusted, first, second, client, files, url }) => {
      const stop = new AbortController();
      const followers = Array.from({ length: 3 }, () => follow(client, `${url}/work?ms=2`, stop.signal));
      const watch = await client.request({ method: "GET", url: `${url}/events?watch=1` });
      const watched = watch.text();
      await served(followers, 3);
      const changed = new Promise<void>((resolve) => files.onChange(resolve));
      await trusted.swap({ "ca.crt": `${first.ca}\n${second.ca}` });
      await changed;
      await serving.swap({ "tls.crt": second.cert, "tls.key": second.key });
      await server.line((line) => line["message"] === "TLS material in use for new connections");
      const onlySecond = new Promise<void>((resolve) => files.onChange(resolve));
      await trusted.swap({ "ca.crt": second.ca });
      await onlySecond;
      const after = await client.request({ method: "GET", url: `${url}/plain` });
      assert.equal(await after.text(), "plain");
      await served(followers, 3);
      stop.abort();
      for (const { end } of followers) assert.equal(await end, "still served");
      server.kill("SIGTERM");
      assert.match(await watched, /^\{"event":0\}\n[\s\S]*\{"end":true\}\n$/);
    });
  });
});
