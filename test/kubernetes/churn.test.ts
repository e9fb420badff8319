// Seeded churn on a real kube-apiserver with faults in between: followers end up with the server's state, told of every write once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Random, randomInteger, SeededRandom } from "@coracle/base";
import { StatusError } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import { kubernetesPeersReady, waitFor } from "../peers/kubernetes/mod.ts";
import { type Cluster, CONFIG_MAPS, configMap, withCluster } from "./cluster.ts";
import { Followed, versionsOf } from "./followed.ts";
import { Ledger } from "./ledger.ts";

const WRITERS = 4;
const KEYS_PER_WRITER = 8;
const WRITES_PER_ROUND = 60;
/** A fault leaves at most one write per writer in the dark, and with it one key of eight. */
const WRITES_CERTAIN_MIN = (WRITERS * WRITES_PER_ROUND) / 2;
const CHECKPOINT_MS = 60_000;

/** The faults of one run, in order. Each happens in the middle of a round of writes. */
const FAULTS: readonly { readonly name: string; readonly cause: (cluster: Cluster) => Promise<unknown> }[] = [
  { name: "nothing", cause: () => Promise.resolve() },
  {
    name: "kill -9 of the API server",
    cause: async ({ server }) => {
      await server.kill9();
      await server.restart();
    },
  },
  { name: "a compaction", cause: ({ server }) => server.compactEtcd() },
  {
    name: "a compaction while the API server is away",
    cause: async ({ server }) => {
      await server.kill9();
      await server.compactEtcd();
      await server.restart();
    },
  },
  {
    name: "kill -9 of the store",
    cause: async ({ server }) => {
      await server.etcd.kill9();
      await delay(300);
      await server.etcd.restart();
    },
  },
  { name: "an orderly restart of the API server", cause: ({ server }) => server.restart() },
];

/** One writer: it alone changes its keys, so the order of their writes is known. */
class Writer {
  readonly #client: KubeClient;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #id: number;
  readonly #present = new Set<string>();
  #count = 0;

  constructor(client: KubeClient, ledger: Ledger, random: Random, id: number) {
    this.#client = client;
    this.#ledger = ledger;
    this.#random = random;
    this.#id = id;
  }

  /** A round of writes. One that fails for want of a server is waited out. */
  async round(): Promise<void> {
    for (let index = 0; index < WRITES_PER_ROUND; index++) {
      const name = `map-${this.#id}-${randomInteger(this.#random, 0, KEYS_PER_WRITER - 1)}`;
      try {
        await this.#write(name);
      } catch (error) {
        // A refusal is an answer: nothing was written. Anything else may have been.
        if (!(error instanceof StatusError) || error.httpCode >= 500) this.#ledger.unclear(`default/${name}`);
        await waitFor("the server to answer", () => this.#lookAgain(name), { timeoutMs: CHECKPOINT_MS });
      }
    }
  }

  async #write(name: string): Promise<void> {
    const key = `default/${name}`;
    const target = { namespace: "default", name };
    if (this.#present.has(name) && randomInteger(this.#random, 0, 3) === 0) {
      await this.#client.delete(CONFIG_MAPS, target);
      this.#present.delete(name);
      this.#ledger.remove(key);
      return;
    }
    const object = configMap(name, `value-${this.#id}-${++this.#count}`);
    const written = this.#present.has(name)
      ? await this.#client.update(CONFIG_MAPS, object)
      : await this.#client.create(CONFIG_MAPS, object);
    this.#present.add(name);
    this.#ledger.upsert(key, written.metadata.resourceVersion ?? "");
  }

  /** After a failure: whether the object exists now. */
  async #lookAgain(name: string): Promise<true> {
    try {
      await this.#client.get(CONFIG_MAPS, { namespace: "default", name });
      this.#present.add(name);
    } catch (error) {
      if (!(error instanceof StatusError && error.httpCode === 404)) throw error;
      this.#present.delete(name);
    }
    return true;
  }
}

async function checkpoint(client: KubeClient, followers: readonly Followed[], ledger: Ledger): Promise<void> {
  const list = await client.list(CONFIG_MAPS, { namespace: "default" });
  const wanted = versionsOf(list.items).join("\n");
  for (const followed of followers) {
    await followed.until(
      "the state of a fresh list",
      (one) => !one.inGap && versionsOf(one.objects.values()).join("\n") === wanted,
      CHECKPOINT_MS,
    );
    assert.deepEqual(ledger.audit(followed).slice(0, 10), []);
    followed.deliveries.length = 0;
  }
  assert.ok(ledger.certain >= WRITES_CERTAIN_MIN, `only ${ledger.certain} writes of the round are certain`);
  ledger.startRound(list.metadata.resourceVersion ?? "");
}

if (kubernetesPeersReady("the churn on a real kube-apiserver")) {
  const seed = Number(process.env["CORACLE_SEED"] ?? 20_260_101);
  test(`churn with faults, seed ${seed}: no event lost, none told twice`, { timeout: 240_000 }, async () => {
    await withCluster({}, async (cluster) => {
      const { client } = cluster;
      const ledger = new Ledger();
      const random = new SeededRandom(seed);
      const writers = Array.from({ length: WRITERS }, (_, id) => new Writer(client, ledger, random, id));
      const followers = [
        new Followed(client, CONFIG_MAPS, { namespace: "default" }),
        new Followed(client, CONFIG_MAPS, { namespace: "default", streamingList: false, pageSize: 5 }),
        new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true }),
        new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true, streamingList: false }),
        new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true, form: "metadata" }),
      ];
      await Promise.all(followers.map((followed) => followed.synced()));
      for (const fault of FAULTS) {
        const written = Promise.all(writers.map((writer) => writer.round()));
        await delay(randomInteger(random, 0, 150));
        await fault.cause(cluster);
        await written;
        await checkpoint(client, followers, ledger).catch((cause: unknown) => {
          throw new Error(`Cannot follow through ${fault.name} with seed ${seed}`, { cause });
        });
      }
      for (const followed of followers) await followed.stop();
    });
  });
}
