// A worker's credentials: made from what the main thread read from files, replaced when that changes.
import type { Credentials, DtlsServerOptions, PeerVerifier } from "@coracle/dtls";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { PskIndex, type PskMemory } from "../core/psk-index.ts";

/** Credentials as they pass between threads: texts, and memory that is shared. */
export interface PostedCredentials {
  readonly psk: PskMemory | undefined;
  /** PEM. */
  readonly pair: { readonly key: string; readonly cert: string } | undefined;
  /** Authorities of client certificates, PEM; absent where there are no certificates at all. */
  readonly ca: readonly string[] | undefined;
}

/** The credentials of one DTLS server. Lookups and verification follow what is posted. */
export class WorkerCredentials {
  #psk: PskIndex | undefined;
  #verifier: PeerVerifier | undefined;
  #posted: PostedCredentials;
  readonly #lookups = { known: 0, unknown: 0 };

  constructor(posted: PostedCredentials) {
    this.#posted = posted;
    this.#take();
  }

  /** What a server is made with. */
  serverOptions(
    clientCertificate: "none" | "optional" | "required",
  ): Pick<DtlsServerOptions, "psk" | "credentials" | "clientCertificate" | "verifyPeer"> {
    return {
      psk: this.#psk === undefined ? undefined : (identity) => this.#find(identity),
      credentials: this.load(),
      clientCertificate,
      verifyPeer: this.#posted.ca === undefined ? undefined : (presented, name) => this.#verify(presented, name),
    };
  }

  /** The certificate in force. */
  load(): Credentials | undefined {
    const { pair } = this.#posted;
    return pair && loadCredentials(pair.key, pair.cert);
  }

  /** How often a pre-shared key was looked up. A handshake with an unknown identity just fails, so that nobody can try which there are. */
  get lookups(): Readonly<Record<"known" | "unknown", number>> {
    return this.#lookups;
  }

  replace(posted: PostedCredentials): void {
    this.#posted = posted;
    this.#take();
  }

  #find(identity: Uint8Array): Uint8Array | undefined {
    const key = this.#psk?.find(identity);
    this.#lookups[key === undefined ? "unknown" : "known"]++;
    return key;
  }

  #take(): void {
    const { psk, ca = [] } = this.#posted;
    this.#psk = psk && new PskIndex(psk);
    this.#verifier = ca.length === 0 ? undefined : trustVerifier({ ca, clock: systemClock, usage: "client" });
  }

  #verify(...presented: Parameters<PeerVerifier>): ReturnType<PeerVerifier> {
    return this.#verifier === undefined ? { ok: false, error: "unknownCa" } : this.#verifier(...presented);
  }
}
