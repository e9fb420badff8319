// Everything the public port proves itself with and trusts, from files that are followed: what the workers are given.
import { CredentialsError, loadCredentials } from "@coracle/dtls/io";
import { ExitError, followTlsFiles, type Service, type TlsFiles } from "@coracle/lifecycle";
import type { DtlsRouterConfig } from "../config.ts";
import { PskStore } from "./psk-store.ts";
import type { PostedCredentials } from "./worker-credentials.ts";

/** The credentials in force. */
export class RouterCredentials {
  readonly psk: PskStore | undefined;
  readonly #files: TlsFiles | undefined;
  readonly #service: Service;
  #pair: PostedCredentials["pair"];

  private constructor(psk: PskStore | undefined, files: TlsFiles | undefined, service: Service) {
    this.psk = psk;
    this.#files = files;
    this.#service = service;
    this.#pair = checkedPair(files?.pair);
  }

  /** Reads all files; one that cannot be used is an {@link ExitError}. */
  static async open(config: DtlsRouterConfig, service: Service): Promise<RouterCredentials> {
    const { pskFile, certFile, keyFile, clientCaFile } = config;
    const psk = pskFile === undefined ? undefined : await PskStore.open(pskFile, service.log);
    try {
      const files =
        certFile === undefined
          ? undefined
          : await followTlsFiles({ certFile, keyFile, caFiles: clientCaFile }, { name: "dtls", log: service.log });
      return new RouterCredentials(psk, files, service);
    } catch (error) {
      psk?.close();
      throw error;
    }
  }

  /** What the workers are given. */
  posted(): PostedCredentials {
    return { psk: this.psk?.memory, pair: this.#pair, ca: this.#files?.ca };
  }

  /** Hands over what is new; what cannot be used is left out, and the old stays in force. */
  onChange(listener: (credentials: PostedCredentials) => void): void {
    this.psk?.onChange(() => listener(this.posted()));
    this.#files?.onChange(() => {
      const { log } = this.#service;
      try {
        this.#pair = checkedPair(this.#files?.pair);
        log.info("Certificate replaced", {});
      } catch (error) {
        log.error("Certificate refused, the old stays in force", { error });
      }
      listener(this.posted());
    });
  }

  close(): void {
    this.psk?.close();
    this.#files?.close();
  }
}

/** The pair if DTLS can use its key; else an {@link ExitError}. */
function checkedPair(pair: TlsFiles["pair"]): PostedCredentials["pair"] {
  if (pair === undefined) return undefined;
  try {
    loadCredentials(pair.key, pair.cert);
  } catch (error) {
    if (error instanceof CredentialsError) throw new ExitError(error.message, { cause: error });
    throw error;
  }
  return { key: pair.key, cert: pair.cert };
}
