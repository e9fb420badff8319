// What the connection IDs of this process look like, from its flags and its key file, for the workers and for `/cid`.
import { nodeId } from "@coracle/cluster";
import { systemCrypto } from "@coracle/dtls/io";
import type { Logger } from "@coracle/lifecycle";
import { systemRandom } from "@coracle/runtime";
import { type CidLayoutName, cidSize, quicLbSizes } from "../cid-flags.ts";
import type { DtlsRouterConfig } from "../config.ts";
import { QuicLbLayout, type QuicLbKeys, type QuicLbSizes } from "../core/quic-lb-layout.ts";
import { CidKeyStore } from "./cid-key-store.ts";

/** Bytes of the key that hides node and worker in session ids. */
const SESSION_ID_KEY_SIZE = 32;

/** A QUIC-LB layout as the workers are given it. */
export interface PostedLayout extends QuicLbSizes {
  readonly keys: QuicLbKeys;
  /** Encrypted IDs: hides node and worker in session ids as well. Only this process reads those, so it draws the key itself. */
  readonly sessionIdKey: Uint8Array | undefined;
}

/** How the key file stands, without its keys. */
export interface CidKeyStatus {
  readonly active: number;
  readonly configurations: readonly number[];
  readonly versions: CidKeyStore["counts"];
}

/** The layout in force. */
export class ConnectionIds {
  readonly sizeBytes: number;
  /** The layout's name, for people. */
  readonly layout: CidLayoutName;
  /** Bytes that name the node. */
  readonly serverIdSizeBytes: number;
  readonly #nodeId: number;
  readonly #sizes: QuicLbSizes | undefined;
  readonly #plain: QuicLbKeys;
  readonly #store: CidKeyStore | undefined;
  readonly #sessionIdKey: Uint8Array | undefined;

  private constructor(config: DtlsRouterConfig, store: CidKeyStore | undefined) {
    this.sizeBytes = cidSize(config);
    this.#nodeId = config.nodeId;
    this.layout = config.cidLayout;
    this.#sizes = quicLbSizes(config);
    this.serverIdSizeBytes = this.#sizes?.serverIdSizeBytes ?? 1;
    const id = config.cidConfigId ?? 0;
    this.#plain = { active: id, configurations: [{ id, key: undefined }] };
    this.#store = store;
    this.#sessionIdKey = store && systemRandom.bytes(SESSION_ID_KEY_SIZE);
  }

  /** Reads the key file, if there is one; one that cannot be used is an `ExitError`. */
  static async open(config: DtlsRouterConfig, log: Logger): Promise<ConnectionIds> {
    const { cidKeyFile } = config;
    const store = cidKeyFile === undefined ? undefined : await CidKeyStore.open(cidKeyFile, log);
    const ids = new ConnectionIds(config, store);
    const { layout, sizeBytes, serverIdSizeBytes } = ids;
    log.info("Connection IDs", { layout, sizeBytes, serverIdSizeBytes, active: ids.posted()?.keys.active });
    return ids;
  }

  /** What the workers are given; `undefined` with Californium's layout. */
  posted(): PostedLayout | undefined {
    return this.#sizes && { ...this.#sizes, keys: this.#keys, sessionIdKey: this.#sessionIdKey };
  }

  /** The layout for reading IDs on the main thread, where that many workers make them. It follows the key file. */
  reader(workers: number): QuicLbLayout | undefined {
    const posted = this.posted();
    return posted && makeLayout(posted, { nodeId: this.#nodeId, worker: 0, workers, idsMax: 1 });
  }

  /** The configuration that makes new IDs, all of them, and the versions of the key file; `undefined` without a file. */
  status(): CidKeyStatus | undefined {
    const { active, configurations } = this.#keys;
    return this.#store && { active, configurations: configurations.map(({ id }) => id), versions: this.#store.counts };
  }

  /** Hands over the keys of the file, now and whenever they change. */
  onChange(listener: (keys: QuicLbKeys) => void): void {
    if (this.#store === undefined) return;
    this.#store.onChange(listener);
    // They may have changed since the workers were started.
    listener(this.#store.keys);
  }

  close(): void {
    this.#store?.close();
  }

  get #keys(): QuicLbKeys {
    return this.#store?.keys ?? this.#plain;
  }
}

/** The layout of one worker. */
export function makeLayout(
  posted: PostedLayout,
  place: {
    readonly nodeId: number;
    readonly worker: number;
    readonly workers: number;
    /** Sessions and flows whose IDs are in use at once. */
    readonly idsMax: number;
  },
): QuicLbLayout {
  const { serverIdSizeBytes, nonceSizeBytes, keys } = posted;
  const { worker, workers, idsMax } = place;
  return new QuicLbLayout({
    serverIdSizeBytes,
    nonceSizeBytes,
    keys,
    crypto: systemCrypto,
    nodeId: nodeId(place.nodeId),
    worker,
    workers,
    hashSeed: systemRandom.uint32(),
    routesMax: 2 * idsMax,
  });
}
