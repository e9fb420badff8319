// What the datagrams of real nodes and devices look like: everything that reaches one node while a cluster forms and serves.
import { assert, ManualClock } from "@coracle/base";
import type { ManagementMode } from "@coracle/cluster";
import { cipherSuiteByName, type DtlsServerOptions, RandomCids } from "@coracle/dtls";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { type Delivery, FuzzCluster, type FuzzDevice, type PortName } from "./fuzz-cluster.ts";

/** Datagrams kept for each port. */
const CORPUS_MAX = 400;

/** The node that is recorded, and that fuzzers aim at. */
export const TARGET = 1;

/** Different datagrams by the port they came to. */
export type Corpus = Readonly<Record<PortName, readonly Uint8Array[]>>;

/** A cluster in process whose devices can use certificates. */
export class CorpusSource {
  readonly #pki: TestPki;

  private constructor(pki: TestPki) {
    this.#pki = pki;
  }

  static async open(): Promise<CorpusSource> {
    return new CorpusSource(await makeTestPki());
  }

  /** Nodes that have not formed a cluster yet. */
  cluster(mode: ManagementMode, seed: number, hidesNodes = false): FuzzCluster {
    const dtls: Partial<DtlsServerOptions> = {
      credentials: loadCredentials(this.#pki.key, this.#pki.cert),
      clientCertificate: "none",
    };
    return new FuzzCluster({ seed, mode, dtls, hidesNodes });
  }

  /** Lets a cluster form, devices connect, ask and roam, and returns what the target got; `onDelivery` sees each. */
  record(cluster: FuzzCluster, onDelivery: (delivery: Delivery) => void = () => undefined): Corpus {
    const seen: Record<PortName, Map<string, Uint8Array>> = { public: new Map(), cluster: new Map() };
    cluster.onDelivery = (delivery: Delivery) => {
      const { nodeId, port, bytes } = delivery;
      onDelivery(delivery);
      if (nodeId !== TARGET || seen[port].size >= CORPUS_MAX) return;
      seen[port].set(Buffer.from(bytes).toString("latin1"), bytes);
    };
    cluster.advance(5000);
    assert(cluster.isFormed(), "Cannot record a cluster: it did not form");
    const devices = this.#connectDevices(cluster);
    assert(
      devices.every(({ isEstablished }) => isEstablished),
      "Cannot record devices: not every one connected",
    );
    for (let round = 0; round < 6; round++) {
      for (const [index, device] of devices.entries()) {
        if (device.roams) device.nodeId = 1 + ((index + round) % 3);
        assert(
          cluster.request(device, new Uint8Array(20 + round * 40)),
          `Cannot record: device ${index} got no answer`,
        );
      }
      cluster.advance(1000);
    }
    cluster.onDelivery = onDelivery;
    return { public: [...seen.public.values()], cluster: [...seen.cluster.values()] };
  }

  /** Every kind of key exchange and connection ID, at the target and at its neighbours. */
  #connectDevices(cluster: FuzzCluster): FuzzDevice[] {
    const verifyPeer = trustVerifier({
      ca: [this.#pki.ca],
      clock: new ManualClock({ wallMs: Date.now() }),
      usage: "server",
    });
    return [
      cluster.connect("198.51.100.1:4001", TARGET, { ...suite("PSK_WITH_AES_128_CCM_8"), cids: new RandomCids(0) }),
      cluster.connect("198.51.100.2:4002", TARGET, {
        ...suite("PSK_WITH_AES_128_GCM_SHA256"),
        cids: new RandomCids(4),
      }),
      cluster.connect("198.51.100.3:4003", TARGET, suite("ECDHE_PSK_WITH_AES_128_GCM_SHA256")),
      cluster.connect("[2001:db8::4]:4004", TARGET, {
        ...suite("ECDHE_ECDSA_WITH_AES_128_CCM_8"),
        cids: new RandomCids(0),
        psk: undefined,
        verifyPeer,
        serverName: "localhost",
      }),
      cluster.connect("198.51.100.5:4005", 2, { cids: new RandomCids(0) }),
      cluster.connect("198.51.100.6:4006", 3, { cids: new RandomCids(6) }),
    ];
  }
}

function suite(name: string) {
  const found = cipherSuiteByName(name);
  assert(found !== undefined, `Cannot use the suite ${name}`);
  return { suites: [found] };
}
