// Everything the public port proves itself with and trusts, from files that are followed: what the workers are given.
import { CredentialsError, loadCredentials } from "@coracle/dtls/io";
import { ExitError, followTlsFiles, type Service, type TlsFiles, TlsMetrics } from "@coracle/lifecycle";
import type { DtlsRouterConfig } from "../config.ts";
import { PskStore } from "./psk-store.ts";
import type { PostedCredentials } from "./worker-credentials.ts";

/** The credentials in force. */
export class RouterCredentials {
  readonly psk: PskStore | undefined;
  readonly #files: TlsFiles | undefined;
  readonly #service: Service;
  #pair: PostedCredentials["pair"];
  #ca: readonly string[] | undefined;
  /** Something was read that nobody has asked for yet. */
  #isNew = false;
  #listener: ((credentials: PostedCredentials) => void) | undefined;

  private constructor(psk: PskStore | undefined, files: TlsFiles | undefined, service: Service) {
    this.psk = psk;
    this.#files = files;
    this.#service = service;
    this.#pair = checkedPair(files?.pair);
    this.#ca = files?.ca;
    psk?.onChange(() => this.#changed());
    files?.onChange(() => this.#onFiles(files));
  }

  /** Reads all files; one that cannot be used is an {@link ExitError}. */
  static async open(config: DtlsRouterConfig, service: Service): Promise<RouterCredentials> {
    const { pskFile: file, pskDir: directory, certFile, keyFile, clientCaFile: caFiles } = config;
    const { log } = service;
    const psk =
      file === undefined && directory === undefined ? undefined : await PskStore.open({ file, directory }, log);
    try {
      const files =
        certFile === undefined
          ? undefined
          : await followTlsFiles(
              { certFile, keyFile, caFiles },
              { name: "dtls", log, metrics: new TlsMetrics(service.metrics) },
            );
      return new RouterCredentials(psk, files, service);
    } catch (error) {
      psk?.close();
      throw error;
    }
  }

  /** What the workers are given. */
  posted(): PostedCredentials {
    this.#isNew = false;
    return { psk: this.psk?.memory, pair: this.#pair, ca: this.#ca };
  }

  /** Hands over what is new since it was asked for; what cannot be used is left out, and the old stays in force. */
  onChange(listener: (credentials: PostedCredentials) => void): void {
    this.#listener = listener;
    // The files may have changed while the workers were being started.
    if (this.#isNew) listener(this.posted());
  }

  #changed(): void {
    this.#isNew = true;
    this.#listener?.(this.posted());
  }

  #onFiles({ pair, ca }: TlsFiles): void {
    const { log } = this.#service;
    if (ca.join("") !== this.#ca?.join("")) log.info("Authorities replaced", { files: ca.length });
    this.#ca = ca;
    if (pair !== undefined && (pair.cert !== this.#pair?.cert || pair.key !== this.#pair.key)) {
      try {
        this.#pair = checkedPair(pair);
        log.info("Certificate replaced", {});
      } catch (error) {
        log.error("Certificate refused, the old stays in force", { error });
      }
    }
    this.#changed();
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
