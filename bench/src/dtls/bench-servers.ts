// The servers of the benchmark with one set of credentials: our routers, Scandium with californium-core, OpenSSL's s_server.
import { IDENTITY, type InteropCredentials, makeCredentials } from "@coracle/test/interop/credentials";
import { javaCommand, whyMissing } from "@coracle/test/interop/peers";
import {
  freeUdpPort,
  type RouterProcess,
  startRouter,
} from "../../../packages/dtls-router/src/testing/router-process.ts";
import { LineProcess } from "../udp/line-process.ts";
import type { TerminatingServer } from "./terminating-server.ts";

const SECRET = Buffer.alloc(32, 7).toString("base64");
const READY_ATTEMPTS_MAX = 400;
const READY_PAUSE_MS = 50;

/** Two of our routers that are one cluster. */
export interface RouterPair {
  readonly owner: TerminatingServer;
  readonly other: TerminatingServer;
  readonly pids: readonly number[];
}

/** Starts servers and ends them all. */
export class BenchServers {
  readonly identity: string = IDENTITY;
  readonly #credentials: InteropCredentials;
  readonly #stops: (() => Promise<unknown>)[] = [];

  private constructor(credentials: InteropCredentials) {
    this.#credentials = credentials;
  }

  static async make(): Promise<BenchServers> {
    return new BenchServers(await makeCredentials());
  }

  get keyHex(): string {
    return this.#credentials.keyHex;
  }

  whyNoScandium(): string | undefined {
    return whyMissing("scandium");
  }

  /** A router alone. */
  async router(flags: readonly string[] = []): Promise<TerminatingServer> {
    return serverOf(await this.#startRouter(flags));
  }

  /** Two routers; `owner` is to be connected to, `other` forwards to it. */
  async twoRouters(mode: "plain" | "dtls-mac"): Promise<RouterPair> {
    const ports = [await freeUdpPort(), await freeUdpPort()];
    const env = { DTLS_CID_MGMT_IDENTITY: "cluster", DTLS_CID_MGMT_SECRET_BASE64: SECRET };
    const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
    const start = (clusterPort: number, index: number): Promise<RouterProcess> =>
      this.#startRouter(["--peers", peers, "--node-id", String(index + 1), "--cluster-security", mode], {
        clusterPort,
        env: mode === "plain" ? {} : env,
      });
    const routers = await Promise.all(ports.map(start));
    await Promise.all(routers.map(untilReady));
    const [owner, other] = routers.map(serverOf);
    if (owner === undefined || other === undefined) throw new Error("Cannot start two routers: one is missing");
    return { owner, other, pids: [...owner.pids, ...other.pids] };
  }

  async scandium(): Promise<TerminatingServer> {
    const { keyHex, bundleFile } = this.#credentials;
    const flags = { identity: IDENTITY, key: keyHex, credentials: bundleFile, cid: 6 };
    const process = this.#keep(new LineProcess(javaCommand("CoapBenchServer", flags)));
    const [, port = ""] = (await process.line()).split(" ");
    return { port: Number(port), pids: [process.pid] };
  }

  /** OpenSSL's test server for one kind of handshake; `undefined` if there is no OpenSSL. */
  async openssl(kind: "psk" | "ecdsa"): Promise<TerminatingServer | undefined> {
    if (whyMissing("openssl") !== undefined) return undefined;
    const port = await freeUdpPort();
    const { keyHex, certFile, keyFile } = this.#credentials;
    const serve = ["openssl", "s_server", "-quiet", "-dtls1_2", "-accept", `127.0.0.1:${port}`];
    const psk = ["-nocert", "-psk_identity", IDENTITY, "-psk", keyHex, "-cipher", "PSK-AES128-CCM8:@SECLEVEL=0"];
    const ecdsa = ["-cert", certFile, "-key", keyFile, "-cipher", "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"];
    const process = this.#keep(new LineProcess(serve.concat(kind === "psk" ? psk : ecdsa)));
    // It does not say when it listens; a client's hello is repeated until it does.
    return { port, pids: [process.pid] };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    this.#credentials.remove();
  }

  async #startRouter(
    flags: readonly string[],
    options: Parameters<typeof startRouter>[1] = {},
  ): Promise<RouterProcess> {
    const { pskFile, certFile, keyFile } = this.#credentials;
    const keys = ["--psk-file", pskFile, "--cert-file", certFile, "--key-file", keyFile];
    const router = await startRouter([...keys, "--handshakes-per-second", "100000", ...flags], options);
    this.#stops.push(() => router.stop());
    return router;
  }

  #keep(process: LineProcess): LineProcess {
    this.#stops.push(() => process.stop());
    return process;
  }
}

function serverOf({ port, child }: RouterProcess): TerminatingServer {
  return { port, pids: [child.pid ?? 0] };
}

async function untilReady({ http }: RouterProcess): Promise<void> {
  for (let attempt = 0; attempt < READY_ATTEMPTS_MAX; attempt++) {
    if ((await fetch(`${http}/readyz`)).status === 200) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, READY_PAUSE_MS);
    });
  }
  throw new Error("Cannot measure a cluster that does not become ready");
}
