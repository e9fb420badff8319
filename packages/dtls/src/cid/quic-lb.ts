// Connection IDs in the layouts of draft-ietf-quic-load-balancers-21: rotation bits, server id, nonce; plain or encrypted.
import { assert } from "@coracle/base";
import type { AesBlock, CryptoProvider } from "../crypto-provider.ts";
import type { CidSizeAt } from "../record/record-header.ts";
import { decryptQuicLb, encryptQuicLb } from "./quic-lb-cipher.ts";

/** Configurations that can be alive at once: three bits, of which 0b111 means "not routable by its ID". */
export const QUIC_LB_CONFIGURATIONS_MAX = 7;

/** One way to write IDs, known to servers and routers alike. */
export interface QuicLbConfiguration {
  /** 0..6, in the top three bits of the first byte. */
  readonly rotation: number;
  /** At least 1. */
  readonly serverIdSizeBytes: number;
  /** At least 4; with the server id at most 19. */
  readonly nonceSizeBytes: number;
  /** Sixteen bytes; absent: nothing is hidden. */
  readonly key?: Uint8Array | undefined;
}

/** Where an ID leads. */
export interface QuicLbRoute {
  readonly rotation: number;
  readonly serverId: Uint8Array;
  /** The octet behind the encoded ID, if the layout has one. */
  readonly worker: number | undefined;
}

/** A configuration with its cipher. */
interface Prepared {
  readonly configuration: QuicLbConfiguration;
  readonly aes: AesBlock | undefined;
  /** First octet, server id and nonce. */
  readonly sizeBytes: number;
}

/**
 * The configurations alive in a cluster. Routers learn a new one before servers use it, and a rotation number is not used
 * again while IDs of its old meaning live. The first octet carries the size of what follows, so that IDs of different
 * configurations can be told apart on the wire.
 */
export class QuicLbCodec {
  readonly #byRotation: (Prepared | undefined)[] = Array.from({ length: 8 });
  readonly #crypto: CryptoProvider;
  readonly #workerSizeBytes: 0 | 1;
  readonly sizeAt: CidSizeAt;

  constructor(crypto: CryptoProvider, configurations: readonly QuicLbConfiguration[], hasWorkerOctet = false) {
    this.#crypto = crypto;
    this.#workerSizeBytes = hasWorkerOctet ? 1 : 0;
    for (const configuration of configurations) this.add(configuration);
    this.sizeAt = (datagram, offset) => {
      const prepared = this.#byRotation[(datagram[offset] ?? 0xff) >>> 5];
      return prepared === undefined ? -1 : prepared.sizeBytes + this.#workerSizeBytes;
    };
  }

  /** Takes up a configuration. Its rotation number must be free. */
  add(configuration: QuicLbConfiguration): void {
    assertConfiguration(configuration);
    const { rotation, serverIdSizeBytes, nonceSizeBytes, key } = configuration;
    assert(this.#byRotation[rotation] === undefined, `Cannot use rotation ${rotation} twice`);
    const aes = key === undefined ? undefined : this.#crypto.aesBlock(key);
    this.#byRotation[rotation] = { configuration, aes, sizeBytes: 1 + serverIdSizeBytes + nonceSizeBytes };
  }

  /** Gives up a configuration whose last ID is gone: its IDs are strangers' from now on. */
  remove(rotation: number): void {
    this.#byRotation[rotation] = undefined;
  }

  /** The ID of a server id and a nonce that never repeats under its key. */
  encode(rotation: number, serverId: Uint8Array, nonce: Uint8Array, worker = 0): Uint8Array {
    const prepared = this.#byRotation[rotation];
    assert(prepared !== undefined, `Cannot encode an ID: rotation ${rotation} is not configured`);
    const { configuration, aes, sizeBytes } = prepared;
    assert(
      serverId.length === configuration.serverIdSizeBytes,
      `Cannot encode a server id of ${serverId.length} bytes`,
    );
    assert(nonce.length === configuration.nonceSizeBytes, `Cannot encode a nonce of ${nonce.length} bytes`);
    const body = new Uint8Array(sizeBytes - 1);
    body.set(serverId);
    body.set(nonce, serverId.length);
    const cid = new Uint8Array(sizeBytes + this.#workerSizeBytes);
    cid[0] = (rotation << 5) | ((cid.length - 1) & 0x1f);
    cid.set(aes === undefined ? body : encryptQuicLb(aes, body), 1);
    if (this.#workerSizeBytes === 1) cid[sizeBytes] = worker;
    return cid;
  }

  /** Where the ID at `offset` leads; `undefined` if its configuration is unknown, it is too short, or not routable. */
  decode(bytes: Uint8Array, offset = 0): QuicLbRoute | undefined {
    const rotation = (bytes[offset] ?? 0xff) >>> 5;
    const prepared = this.#byRotation[rotation];
    if (prepared === undefined || bytes.length - offset < prepared.sizeBytes + this.#workerSizeBytes) return undefined;
    const { configuration, aes, sizeBytes } = prepared;
    const body = bytes.subarray(offset + 1, offset + sizeBytes);
    const plaintext = aes === undefined ? body : decryptQuicLb(aes, body);
    const worker = this.#workerSizeBytes === 1 ? bytes[offset + sizeBytes] : undefined;
    return { rotation, serverId: plaintext.slice(0, configuration.serverIdSizeBytes), worker };
  }
}

function assertConfiguration(configuration: QuicLbConfiguration): void {
  const { rotation, serverIdSizeBytes, nonceSizeBytes, key } = configuration;
  assert(
    Number.isInteger(rotation) && rotation >= 0 && rotation < QUIC_LB_CONFIGURATIONS_MAX,
    `Cannot use rotation ${rotation}: 0..6 are possible`,
  );
  assert(serverIdSizeBytes >= 1, `Cannot use server ids of ${serverIdSizeBytes} bytes`);
  assert(nonceSizeBytes >= 4, `Cannot use nonces of ${nonceSizeBytes} bytes: at least 4 are needed`);
  assert(serverIdSizeBytes + nonceSizeBytes <= 19, "Cannot use more than 19 bytes of server id and nonce");
  assert(key === undefined || key.length === 16, `Cannot use a key of ${key?.length} bytes`);
}
