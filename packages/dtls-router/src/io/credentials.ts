// Everything the public port proves itself with and trusts: keys and certificates from files that are followed.
import type { Credentials, DtlsServerOptions, PeerVerifier } from "@coracle/dtls";
import { CredentialsError, loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { ExitError, followTlsFiles, type Service, type TlsFiles } from "@coracle/lifecycle";
import { systemClock } from "@coracle/runtime";
import type { DtlsRouterConfig } from "../config.ts";
import { PskStore } from "./psk-store.ts";

/** The credentials in force. */
export class RouterCredentials {
  readonly psk: PskStore | undefined;
  readonly #files: TlsFiles | undefined;
  readonly #clientCertificate: DtlsRouterConfig["clientCertificate"];
  #verifier: PeerVerifier | undefined;

  private constructor(
    psk: PskStore | undefined,
    files: TlsFiles | undefined,
    clientCertificate: DtlsRouterConfig["clientCertificate"],
  ) {
    this.psk = psk;
    this.#files = files;
    this.#clientCertificate = clientCertificate;
    this.#verifier = this.#makeVerifier();
  }

  /** Reads all files; one that cannot be used is an {@link ExitError}. */
  static async open(config: DtlsRouterConfig, service: Service): Promise<RouterCredentials> {
    const { pskFile, certFile, keyFile, clientCaFile, clientCertificate } = config;
    const psk = pskFile === undefined ? undefined : await PskStore.open(pskFile, service.log);
    try {
      const files =
        certFile === undefined
          ? undefined
          : await followTlsFiles({ certFile, keyFile, caFiles: clientCaFile }, { name: "dtls", log: service.log });
      return new RouterCredentials(psk, files, clientCertificate);
    } catch (error) {
      psk?.close();
      throw error;
    }
  }

  /** What a DTLS server is made with. Lookups and verification follow the files by themselves. */
  serverOptions(): Pick<DtlsServerOptions, "psk" | "credentials" | "clientCertificate" | "verifyPeer"> {
    return {
      psk: this.psk?.lookup,
      credentials: this.load(),
      clientCertificate: this.#clientCertificate,
      verifyPeer: this.#files === undefined ? undefined : (presented, name) => this.#verify(presented, name),
    };
  }

  /** The certificate as it is in the files now; a key that DTLS cannot use is an {@link ExitError}. */
  load(): Credentials | undefined {
    const pair = this.#files?.pair;
    if (pair === undefined) return undefined;
    try {
      return loadCredentials(pair.key, pair.cert);
    } catch (error) {
      if (error instanceof CredentialsError) throw new ExitError(error.message, { cause: error });
      throw error;
    }
  }

  /** Called when certificates or authorities changed. */
  onChange(listener: () => void): void {
    this.#files?.onChange(() => {
      this.#verifier = this.#makeVerifier();
      listener();
    });
  }

  close(): void {
    this.psk?.close();
    this.#files?.close();
  }

  #makeVerifier(): PeerVerifier | undefined {
    const ca = this.#files?.ca ?? [];
    return ca.length === 0 ? undefined : trustVerifier({ ca, clock: systemClock, usage: "client" });
  }

  #verify(...presented: Parameters<PeerVerifier>): ReturnType<PeerVerifier> {
    return this.#verifier === undefined ? { ok: false, error: "unknownCa" } : this.#verifier(...presented);
  }
}
