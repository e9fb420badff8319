// The secrets of one handshake: master secret, record keys of the role, and the Finished values.
import type { HelloRandoms } from "../suite/key-schedule.ts";
import { type KeyBlock, keyBlock, masterSecret, verifyData } from "../suite/key-schedule.ts";
import type { CipherSuite } from "../suite/cipher-suite.ts";
import type { Transcript } from "../handshake/transcript.ts";
import type { HandshakeContext } from "./handshake-context.ts";
import { RecordProtection } from "./record-protection.ts";

/** Which end this is. */
export type Role = "client" | "server";

/** What was negotiated before there were secrets. */
export interface NegotiatedParameters {
  readonly suite: CipherSuite;
  readonly randoms: HelloRandoms;
  readonly usesExtendedMasterSecret: boolean;
  readonly ownCid: Uint8Array;
  readonly peerCid: Uint8Array;
}

/** Master secret and what follows from it. */
export class HandshakeSecrets {
  readonly masterSecret: Uint8Array;
  readonly protection: RecordProtection;
  readonly extraKeys: Uint8Array;
  readonly #context: HandshakeContext;
  readonly #suite: CipherSuite;

  private constructor(context: HandshakeContext, role: Role, negotiated: NegotiatedParameters, master: Uint8Array) {
    const { suite, randoms, ownCid, peerCid } = negotiated;
    const block: KeyBlock = keyBlock(context.crypto, suite, { master, randoms }, context.extraKeySizeBytes);
    const [write, read] = role === "client" ? [block.client, block.server] : [block.server, block.client];
    this.#context = context;
    this.#suite = suite;
    this.masterSecret = master;
    this.protection = new RecordProtection(context, { suite, write, read, ownCid, peerCid });
    this.extraKeys = block.extra;
  }

  /** From a premaster secret; `transcript` ends with ClientKeyExchange (RFC 7627 §3). */
  static fromPremaster(
    context: HandshakeContext,
    role: Role,
    negotiated: NegotiatedParameters,
    input: { readonly premaster: Uint8Array; readonly transcript: Transcript },
  ): HandshakeSecrets {
    const { suite, randoms, usesExtendedMasterSecret } = negotiated;
    const seed = usesExtendedMasterSecret
      ? { sessionHash: context.crypto.hash(suite.hash, input.transcript.bytes()) }
      : { randoms };
    const master = masterSecret(context.crypto, suite.hash, input.premaster, seed);
    return new HandshakeSecrets(context, role, negotiated, master);
  }

  /** Of a resumed session. */
  static fromMaster(
    context: HandshakeContext,
    role: Role,
    negotiated: NegotiatedParameters,
    master: Uint8Array,
  ): HandshakeSecrets {
    return new HandshakeSecrets(context, role, negotiated, master);
  }

  /** verify_data of `sender` over everything in `transcript`. */
  verifyData(sender: Role, transcript: Transcript): Uint8Array {
    const transcriptHash = this.#context.crypto.hash(this.#suite.hash, transcript.bytes());
    return verifyData(this.#context.crypto, this.#suite.hash, sender, { master: this.masterSecret, transcriptHash });
  }
}
