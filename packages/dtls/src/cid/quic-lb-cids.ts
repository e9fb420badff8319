// The connection IDs that one server makes in a QUIC-LB layout: a nonce for each, and a change of configuration while it runs.
import { assert, type Random } from "@coracle/base";
import type { CidSizeAt } from "../record/record-header.ts";
import type { CidGenerator } from "./cid-generator.ts";
import { moveToShare, NonceCounter, type NonceShare, WHOLE_SHARE } from "./nonce-counter.ts";
import type { QuicLbCodec, QuicLbConfiguration } from "./quic-lb.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Who makes the IDs. */
export interface QuicLbServer {
  readonly serverId: Uint8Array;
  /** Where several threads are one server: which nonces are this one's. */
  readonly share?: NonceShare;
}

/**
 * Encrypted, nonces count up from a random start, and none is used twice under a key: once all are used up, peers are asked for
 * no ID and are known by their address. In the clear nonces are random, as a count would link one device to the next
 * (draft-ietf-quic-load-balancers-21, "Connection ID Entropy"). Threads of one server share its key and its id: each has its
 * share of the nonces, which also tells to which of them an ID belongs (the same, "Server Process Demultiplexing").
 */
export class QuicLbCids implements CidGenerator {
  readonly sizeAt: CidSizeAt;
  readonly #codec: QuicLbCodec;
  #server: QuicLbServer;
  #configuration: QuicLbConfiguration;
  /** By configuration, so that going back to one does not begin its nonces anew. */
  readonly #nonces: WeakMap<QuicLbConfiguration, NonceCounter> = new WeakMap();

  constructor(codec: QuicLbCodec, configuration: QuicLbConfiguration, server: QuicLbServer) {
    this.sizeAt = codec.sizeAt;
    this.#codec = codec;
    this.#configuration = configuration;
    this.#server = server;
  }

  /** The number of the configuration that IDs are made with. */
  get rotation(): number {
    return this.#configuration.rotation;
  }

  /** True once every nonce has been used: no IDs are made until the configuration changes. */
  get isUsedUp(): boolean {
    return this.#nonces.get(this.#configuration)?.isUsedUp === true;
  }

  /** Makes IDs of another configuration from now on. The codec has to know it already, and the old one as long as its IDs live. */
  rotateTo(configuration: QuicLbConfiguration, server: QuicLbServer = this.#server): void {
    assert(
      configuration !== this.#configuration,
      `Cannot rotate to configuration ${configuration.rotation}: it is in use`,
    );
    this.#configuration = configuration;
    this.#server = server;
  }

  generate(random: Random): Uint8Array {
    const { rotation, key, nonceSizeBytes } = this.#configuration;
    const { serverId, share = WHOLE_SHARE } = this.#server;
    if (key === undefined) {
      const nonce = random.bytes(nonceSizeBytes);
      moveToShare(nonce, share);
      return this.#codec.encode(rotation, serverId, nonce);
    }
    let nonces = this.#nonces.get(this.#configuration);
    if (nonces === undefined) {
      nonces = new NonceCounter(random.bytes(nonceSizeBytes), share);
      this.#nonces.set(this.#configuration, nonces);
    }
    const nonce = nonces.next();
    return nonce === undefined ? NO_BYTES : this.#codec.encode(rotation, serverId, nonce);
  }
}
