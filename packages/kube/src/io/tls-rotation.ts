// The TLS side of a client while files change under it: CA bundles and client certificates, reread and swapped whole.
import {
  type FileChange,
  type FileWatch,
  keyMatchesCertificate,
  readFileBytes,
  type TlsClientOptions,
  watchFiles,
} from "@coracle/runtime";
import type { KubeTls } from "./client-config.ts";
import type { ClientCertificate } from "./credentials.ts";
import { isCertificatePem } from "./pem-source.ts";

/** What a {@link TlsRotation} needs. */
export interface TlsRotationOptions {
  /** How often the bytes are compared even without an event of the file system. Default 60 000. */
  readonly pollMs?: number | undefined;
  /** Called with the new settings when they really changed. */
  readonly onChange: (tls: TlsClientOptions) => void;
  /** Called when a changed file cannot be used; the old content stays. */
  readonly onProblem?: ((message: string) => void) | undefined;
}

/**
 * Holds the current CA, certificate and key. A file that is empty, unparsable or gone keeps its old content; a certificate and
 * its key change together, when both files fit each other.
 */
export class TlsRotation {
  readonly #tls: KubeTls;
  readonly #options: TlsRotationOptions;
  readonly #watch: FileWatch | undefined;
  #ca: string | undefined;
  #certificate: string | undefined;
  #key: string | undefined;
  /** Last content of the certificate and key files, not in use until the two match. */
  #pendingCertificate: string | undefined;
  #pendingKey: string | undefined;
  readonly #caughtUp: Promise<void>;

  constructor(tls: KubeTls, options: TlsRotationOptions) {
    this.#tls = tls;
    this.#options = options;
    this.#ca = tls.ca?.pem;
    this.#certificate = tls.certificate?.pem;
    this.#key = tls.key?.pem;
    this.#pendingCertificate = this.#certificate;
    this.#pendingKey = this.#key;
    const paths = [tls.ca?.path, tls.certificate?.path, tls.key?.path].filter((path) => path !== undefined);
    if (paths.length === 0) {
      this.#caughtUp = Promise.resolve();
      return;
    }
    const watch = watchFiles(paths, { pollMs: options.pollMs, onChange: (changes) => this.#onFiles(changes) });
    this.#watch = watch;
    this.#caughtUp = watch.ready.then(() => this.#catchUp(paths));
  }

  /** What new connections are to use. */
  current(): TlsClientOptions {
    const { serverName, insecureSkipVerify } = this.#tls;
    return {
      ...(this.#ca === undefined ? {} : { ca: [this.#ca] }),
      ...(this.#certificate === undefined ? {} : { cert: this.#certificate }),
      ...(this.#key === undefined ? {} : { key: this.#key }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(insecureSkipVerify === undefined ? {} : { insecureSkipVerify }),
    };
  }

  /** Resolves when changes from now on are seen. */
  ready(): Promise<void> {
    return this.#caughtUp;
  }

  /** Uses what a credential plugin gave; nothing happens when it is in use already. */
  setCertificate(certificate: ClientCertificate): void {
    if (this.#certificate === certificate.certificate && this.#key === certificate.key) return;
    this.#certificate = certificate.certificate;
    this.#key = certificate.key;
    this.#options.onChange(this.current());
  }

  close(): void {
    this.#watch?.close();
  }

  /** The configuration was loaded before the watch began: what changed in between is taken now. */
  async #catchUp(paths: readonly string[]): Promise<void> {
    const changes: FileChange[] = [];
    for (const path of paths) changes.push({ path, content: await readFileBytes(path).catch(() => undefined) });
    this.#onFiles(changes);
  }

  #onFiles(changes: readonly FileChange[]): void {
    let hasChanged = false;
    for (const { path, content } of changes) {
      const text = content === undefined ? "" : new TextDecoder().decode(content);
      if (path === this.#tls.ca?.path) hasChanged = this.#takeCa(path, text) || hasChanged;
      if (path === this.#tls.certificate?.path) this.#pendingCertificate = text;
      if (path === this.#tls.key?.path) this.#pendingKey = text;
    }
    hasChanged = this.#takePair() || hasChanged;
    if (hasChanged) this.#options.onChange(this.current());
  }

  #takeCa(path: string, text: string): boolean {
    if (!isCertificatePem(text)) {
      this.#options.onProblem?.(
        `Cannot use certificate authority "${path}" as it holds no certificate: the old one stays`,
      );
      return false;
    }
    if (text === this.#ca) return false;
    this.#ca = text;
    return true;
  }

  #takePair(): boolean {
    const certificate = this.#pendingCertificate;
    const key = this.#pendingKey;
    if (certificate === undefined || key === undefined) return false;
    if (certificate === this.#certificate && key === this.#key) return false;
    if (!keyMatchesCertificate(key, certificate)) {
      this.#options.onProblem?.(
        `Cannot use client certificate "${this.#tls.certificate?.path ?? ""}" as it and its key do not match: the old pair stays`,
      );
      return false;
    }
    this.#certificate = certificate;
    this.#key = key;
    return true;
  }
}
