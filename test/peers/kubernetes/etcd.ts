// A real etcd on loopback, for one test: own data, own ports, gone afterwards.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type PeerProcess, startPeerProcess } from "./peer-process.ts";
import { freePorts } from "@coracle/sim";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";
import { ETCD, peerPath, programOnPath } from "./version.ts";
import { PeerGone, waitFor } from "./wait.ts";

/** A single-member etcd. */
export interface Etcd {
  /** Client URL, plain HTTP on 127.0.0.1: gRPC, and the JSON gateway below `/v3`. */
  readonly url: string;
  readonly dataFolder: string;
  pid(): number;
  /** The store's current revision. */
  revision(): Promise<number>;
  /** Forgets all revisions before `revision` (the current one by default); returns it. */
  compact(revision?: number): Promise<number>;
  kill9(): Promise<void>;
  /** Starts it again with the same data on the same ports, after an orderly stop if it still runs. */
  restart(): Promise<void>;
  /** Ends it and removes its data. Safe to call twice. */
  stop(): Promise<void>;
}

/** Options of {@link startEtcd}. */
export interface EtcdOptions {
  /** `built` (the default) is {@link ETCD}; `debian` the one on PATH, too old to answer watch progress requests. */
  readonly program?: "built" | "debian";
  /** Further command line flags, such as `--quota-backend-bytes=...`. */
  readonly flags?: readonly string[];
}

const START_ATTEMPTS_MAX = 3;

/** Starts an etcd; ready when it returns. fsync is kept on: the tests kill it. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  const isBuilt = options.program !== "debian";
  const program = isBuilt ? peerPath(ETCD) : programOnPath("etcd");
  if (program === undefined) throw new Error("Cannot start etcd: it is not on PATH");
  const dataFolder = await makeTemporaryFolder("coracle-etcd-");
  try {
    for (let attempt = 1; ; attempt++) {
      const [clientPort = 0, peerPort = 0] = await freePorts(2);
      const url = `http://127.0.0.1:${clientPort}`;
      const argv = [
        program,
        ...flagsFor(dataFolder, url, `http://127.0.0.1:${peerPort}`),
        // As kubeadm sets it: kube-apiserver's bookmarks go no further than etcd's progress. Older etcds do not know the flag.
        ...(isBuilt ? ["--watch-progress-notify-interval=5s"] : []),
        ...(options.flags ?? []),
      ];
      const started = await startPeerProcess(argv);
      try {
        await healthy(started, url);
        return handle({ argv, url, dataFolder, process: started });
      } catch (error) {
        await started.kill9();
        const taken = started.output().includes("address already in use");
        if (!taken || attempt === START_ATTEMPTS_MAX) throw error;
        await rm(join(dataFolder, "data"), { recursive: true, force: true });
      }
    }
  } catch (error) {
    await removeTemporaryFolder(dataFolder);
    throw error;
  }
}

function flagsFor(folder: string, url: string, peerUrl: string): string[] {
  return [
    "--name=peer",
    `--data-dir=${join(folder, "data")}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=peer=${peerUrl}`,
    "--logger=zap",
    "--log-level=warn",
    // A member alone elects itself; waiting a second for rivals buys nothing.
    "--heartbeat-interval=20",
    "--election-timeout=200",
  ];
}

async function healthy(process: PeerProcess, url: string): Promise<void> {
  await waitFor("etcd", async () => {
    if (!process.running()) throw new PeerGone(`Cannot start etcd, it ended: ${process.output()}`);
    const answer = await fetch(`${url}/health`);
    const text = await answer.text();
    return text.includes("true") ? true : undefined;
  });
}

interface Running {
  readonly argv: readonly string[];
  readonly url: string;
  readonly dataFolder: string;
  process: PeerProcess;
}

function handle(running: Running): Etcd {
  const revision = async (): Promise<number> => {
    const answer = await gateway(running.url, "/v3/kv/range", {
      key: "AA==",
      limit: 1,
    });
    return revisionOf(answer);
  };
  return {
    url: running.url,
    dataFolder: running.dataFolder,
    pid: () => running.process.pid,
    revision,
    compact: async (wanted) => {
      const target = wanted ?? (await revision());
      await gateway(running.url, "/v3/kv/compaction", {
        revision: String(target),
        physical: true,
      });
      return target;
    },
    kill9: async () => {
      await running.process.kill9();
    },
    restart: async () => {
      await running.process.stop();
      running.process = await startPeerProcess(running.argv);
      await healthy(running.process, running.url);
    },
    stop: async () => {
      await running.process.stop(3000);
      await removeTemporaryFolder(running.dataFolder);
    },
  };
}

/** One call of etcd's JSON gateway. */
async function gateway(url: string, path: string, body: object): Promise<unknown> {
  const answer = await fetch(url + path, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Cannot call etcd's ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

function revisionOf(answer: unknown): number {
  if (typeof answer === "object" && answer !== null && "header" in answer) {
    const { header } = answer;
    if (typeof header === "object" && header !== null && "revision" in header) return Number(header.revision);
  }
  throw new Error("Cannot read etcd's revision: the answer has no header");
}
