// The connection IDs that one server makes in a QUIC-LB layout: a nonce for each, and a change of configuration while it runs.
import { assert, type Random } from "@coracle/base";
import type { CidSizeAt } from "../record/record-header.ts";
import type { CidGenerator } from "./cid-generator.ts";
import { NonceCounter } from "./nonce-counter.ts";
import type { QuicLbCodec, QuicLbConfiguration } from "./quic-lb.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Who makes the IDs. */
export interface QuicLbServer {
  readonly serverId: Uint8Array;
  /** The octet behind the encoded ID, where the layout has one. */
  readonly worker?: number;
}

/**
 * Encrypted, nonces count up from a random start, and none is used twice under a key: once all are used up, peers are asked for
 * no ID and are known by their address. In the clear nonces are random, as a count would link one device to the next
 * (draft-ietf-quic-load-balancers-21, "Connection ID Entropy"). Workers of one server share its key and its id: each begins its nonces
 * with its own octet (the same, "Server Process Demultiplexing").
 */
export class QuicLbCids implements CidGenerator {
  readonly sizeAt: CidSizeAt;
  readonly #codec: QuicLbCodec;
  #server: QuicLbServer;
  #configuration: QuicLbConfiguration;
  #nonces: NonceCounter | undefined;

  constructor(codec: QuicLbCodec, configuration: QuicLbConfiguration, server: QuicLbServer) {
    this.sizeAt = codec.sizeAt;
    this.#codec = codec;
    this.#configuration = configuration;
    this.#server = server;
  }

  /** Makes IDs of another configuration from now on. The codec has to know it already, and the old one as long as its IDs live. */
  rotateTo(configuration: QuicLbConfiguration, server: QuicLbServer = this.#server): void {
    assert(
      configuration.rotation !== this.#configuration.rotation,
      `Cannot rotate to configuration ${configuration.rotation}: it is in use`,
    );
    this.#configuration = configuration;
    this.#server = server;
    this.#nonces = undefined;
  }

  generate(random: Random): Uint8Array {
    const { rotation, key, nonceSizeBytes } = this.#configuration;
    const { serverId, worker } = this.#server;
    if (key === undefined) return this.#codec.encode(rotation, serverId, random.bytes(nonceSizeBytes), worker);
    const prefix = worker === undefined ? NO_BYTES : Uint8Array.of(worker);
    this.#nonces ??= new NonceCounter(random.bytes(nonceSizeBytes - prefix.length));
    const counted = this.#nonces.next();
    if (counted === undefined) return NO_BYTES;
    return this.#codec.encode(rotation, serverId, Uint8Array.from([...prefix, ...counted]), worker);
  }
}
