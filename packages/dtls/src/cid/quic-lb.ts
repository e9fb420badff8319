// Connection IDs in the layouts of draft-ietf-quic-load-balancers-21: rotation bits, server id, nonce; plain or encrypted.
import { assert } from "@coracle/base";
import type { AesBlock, CryptoProvider } from "../crypto-provider.ts";
import type { CidSizeAt } from "../record/record-header.ts";
import { decryptQuicLb, encryptQuicLb } from "./quic-lb-cipher.ts";

/** Configurations that can be alive at once: three bits, of which 0b111 means "not routable by its ID". */
export const QUIC_LB_CONFIGURATIONS_MAX = 7;
/** Bytes of server id and nonce together. */
export const QUIC_LB_BODY_SIZE_MAX = 19;
/** Bytes of a key. */
export const QUIC_LB_KEY_SIZE = 16;

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
  readonly nonce: Uint8Array;
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
  readonly sizeAt: CidSizeAt;

  constructor(crypto: CryptoProvider, configurations: readonly QuicLbConfiguration[]) {
    this.#crypto = crypto;
    for (const configuration of configurations) this.add(configuration);
    this.sizeAt = (datagram, offset) => this.#byRotation[(datagram[offset] ?? 0xff) >>> 5]?.sizeBytes ?? -1;
  }

  /** Takes up a configuration. Its rotation number must be free. */
  add(configuration: QuicLbConfiguration): void {
    const problem = quicLbProblem(configuration);
    assert(problem === undefined, `Cannot use ${problem}`);
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
  encode(rotation: number, serverId: Uint8Array, nonce: Uint8Array): Uint8Array {
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
    const cid = new Uint8Array(sizeBytes);
    cid[0] = firstOctet(rotation, sizeBytes);
    cid.set(aes === undefined ? body : encryptQuicLb(aes, body), 1);
    return cid;
  }

  /** Where the ID at `offset` leads; `undefined` if its configuration is unknown, it is too short, or not routable. */
  decode(bytes: Uint8Array, offset = 0): QuicLbRoute | undefined {
    const rotation = (bytes[offset] ?? 0xff) >>> 5;
    const configuration = this.#byRotation[rotation]?.configuration;
    const body = this.decodeBody(bytes, offset);
    if (configuration === undefined || body === undefined) return undefined;
    const { serverIdSizeBytes } = configuration;
    return { rotation, serverId: body.subarray(0, serverIdSizeBytes), nonce: body.subarray(serverIdSizeBytes) };
  }

  /** Server id and nonce of the ID at `offset`, one behind the other; `undefined` as with {@link decode}. */
  decodeBody(bytes: Uint8Array, offset: number): Uint8Array | undefined {
    const rotation = (bytes[offset] ?? 0xff) >>> 5;
    const prepared = this.#byRotation[rotation];
    if (prepared === undefined || bytes.length - offset < prepared.sizeBytes) return undefined;
    const { aes, sizeBytes } = prepared;
    if (bytes[offset] !== firstOctet(rotation, sizeBytes)) return undefined;
    const body = bytes.subarray(offset + 1, offset + sizeBytes);
    return aes === undefined ? body.slice() : decryptQuicLb(aes, body);
  }
}

/** The rotation bits and the size of what follows: what every ID of a configuration begins with. */
export function firstOctet(rotation: number, sizeBytes: number): number {
  return (rotation << 5) | (sizeBytes - 1);
}

/** Refuses what the layout cannot hold: a word about the first thing wrong, never about the key's bytes. */
export function quicLbProblem(configuration: QuicLbConfiguration): string | undefined {
  const { rotation, serverIdSizeBytes, nonceSizeBytes, key } = configuration;
  if (!Number.isInteger(rotation) || rotation < 0 || rotation >= QUIC_LB_CONFIGURATIONS_MAX)
    return `rotation ${rotation}: 0..6 are possible`;
  if (serverIdSizeBytes < 1) return `server ids of ${serverIdSizeBytes} bytes`;
  if (nonceSizeBytes < 4) return `nonces of ${nonceSizeBytes} bytes: at least 4 are needed`;
  if (serverIdSizeBytes + nonceSizeBytes > QUIC_LB_BODY_SIZE_MAX)
    return `more than ${QUIC_LB_BODY_SIZE_MAX} bytes of server id and nonce`;
  if (key !== undefined && key.length !== QUIC_LB_KEY_SIZE) return `a key of ${key.length} bytes`;
  return undefined;
}
