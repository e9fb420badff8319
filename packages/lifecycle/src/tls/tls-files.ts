// Serving pair and client authorities from files, followed while the server runs (kube-api §5.1).
import { readTextFile, type ServerTls, watchFiles, type FileWatch, type TlsClientOptions } from "@coracle/runtime";
import { BundleMaterial, type Offer, PairMaterial } from "../core/tls-material.ts";
import type { Logger } from "../log/logger.ts";
import { ExitError } from "../service/exit-error.ts";
import { runtimeInspector } from "./tls-inspector.ts";
import type { TlsMetrics } from "./tls-metrics.ts";
import type { TlsSource } from "./tls-source.ts";

/** Which files to follow. Without a pair only authorities are, which is enough for a client. */
export interface TlsFilePaths {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Authority bundles; all of them count together. */
  readonly caFiles?: readonly string[] | undefined;
}

/** What following needs. */
export interface TlsFilesOptions {
  /** Name in logs and metrics: `serving`, `kubernetes-client`. */
  readonly name: string;
  readonly log: Logger;
  readonly metrics?: TlsMetrics | undefined;
  readonly pollMs?: number | undefined;
}

/** Followed files: what they held when last all was well. */
export interface TlsFiles {
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
  readonly ca: readonly string[];
  onChange(listener: () => void): () => void;
  /** Looks at the files now. */
  check(): Promise<void>;
  close(): void;
}

const FILE_SIZE_BYTES_MAX = 4 * 1024 * 1024;

/** Reads the files and follows them. Files that are unusable at the start are an {@link ExitError}; later the old content stays and the log says so. */
export async function followTlsFiles(paths: TlsFilePaths, options: TlsFilesOptions): Promise<TlsFiles> {
  const files = new FollowedTlsFiles(paths, options);
  await files.start();
  return files;
}

/** Files as the source of a listener's TLS. */
export async function tlsSourceFromFiles(
  paths: TlsFilePaths & { readonly certFile: string; readonly keyFile: string },
  options: TlsFilesOptions,
): Promise<TlsSource> {
  const files = await followTlsFiles(paths, options);
  const current = (): ServerTls => {
    const { cert, key } = files.pair ?? { cert: "", key: "" };
    return paths.caFiles === undefined || paths.caFiles.length === 0
      ? { cert, key }
      : { cert, key, clientCa: files.ca };
  };
  return {
    current,
    onChange: (listener) => files.onChange(() => listener(current())),
    close: () => files.close(),
  };
}

/** Files as TLS options of an HTTP client; each change goes to `client.replaceTls`. Returns the first options and how to stop. */
export async function followClientTls(
  paths: TlsFilePaths,
  options: TlsFilesOptions & { readonly client?: { replaceTls(tls: TlsClientOptions): void } | undefined },
): Promise<{ readonly tls: TlsClientOptions; readonly files: TlsFiles }> {
  const files = await followTlsFiles(paths, options);
  const current = (): TlsClientOptions => ({
    ...(files.ca.length > 0 ? { ca: files.ca } : {}),
    ...(files.pair === undefined ? {} : files.pair),
  });
  if (options.client !== undefined) {
    const { client } = options;
    files.onChange(() => client.replaceTls(current()));
  }
  return { tls: current(), files };
}

class FollowedTlsFiles implements TlsFiles {
  readonly #paths: TlsFilePaths;
  readonly #options: TlsFilesOptions;
  readonly #pair: PairMaterial = new PairMaterial(runtimeInspector);
  readonly #bundle: BundleMaterial = new BundleMaterial(runtimeInspector);
  readonly #listeners: Set<() => void> = new Set();
  #watch: FileWatch | undefined;
  #reading: Promise<void> = Promise.resolve();
  #acceptedCount: number = 0;
  #isStarted: boolean = false;

  constructor(paths: TlsFilePaths, options: TlsFilesOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  get pair(): { readonly cert: string; readonly key: string } | undefined {
    return this.#pair.current;
  }

  get ca(): readonly string[] {
    return this.#bundle.current;
  }

  async start(): Promise<void> {
    const { certFile, keyFile, caFiles = [] } = this.#paths;
    const watched = [certFile, keyFile, ...caFiles].filter((path) => path !== undefined);
    // A watch that is ready before the first read sees every change after it.
    this.#watch = watchFiles(watched, { pollMs: this.#options.pollMs, onChange: () => void this.check() });
    await this.#watch.ready;
    try {
      const refusal = await this.#read();
      if (refusal !== undefined) throw new ExitError(refusal);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#isStarted = true;
    this.#publish();
  }

  check(): Promise<void> {
    // One look at a time, in order: an older look must not overwrite a newer one.
    this.#reading = this.#reading.then(() => this.#reload());
    return this.#reading;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#watch?.close();
    this.#listeners.clear();
  }

  async #reload(): Promise<void> {
    const before = this.#acceptedCount;
    await this.#read();
    if (before === this.#acceptedCount) return;
    this.#publish();
    for (const listener of this.#listeners) listener();
  }

  /** Offers every file's content; returns the first refusal as a sentence. */
  async #read(): Promise<string | undefined> {
    const { certFile, keyFile, caFiles = [] } = this.#paths;
    const refusals: (string | undefined)[] = [];
    if (certFile !== undefined || keyFile !== undefined) {
      const offer = this.#pair.offer(await readOrNothing(certFile), await readOrNothing(keyFile));
      refusals.push(this.#report(offer, `certificate ${certFile ?? "(none)"} with key ${keyFile ?? "(none)"}`));
    }
    for (const path of caFiles) {
      const offer = this.#bundle.offer(path, await readOrNothing(path));
      refusals.push(this.#report(offer, `authorities ${path}`));
    }
    return refusals.find((refusal) => refusal !== undefined);
  }

  #report(offer: Offer, what: string): string | undefined {
    const { log, metrics, name } = this.#options;
    if (offer.kind === "unchanged") return undefined;
    metrics?.countReload(name, offer.kind);
    if (offer.kind === "accepted") {
      this.#acceptedCount += 1;
      log.info("TLS material read", { tls: name, what });
      return undefined;
    }
    // At the start the refusal ends the process, which says it.
    if (this.#isStarted)
      log.error("TLS material refused, the old stays in force", { tls: name, what, reason: offer.reason });
    return `cannot use the ${what}: ${offer.reason}`;
  }

  #publish(): void {
    const { metrics, name } = this.#options;
    if (this.#pair.facts !== undefined) metrics?.show(name, "certificate", this.#pair.facts);
    if ((this.#paths.caFiles ?? []).length > 0) metrics?.show(name, "authorities", this.#bundle.facts);
  }
}

async function readOrNothing(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readTextFile(path, FILE_SIZE_BYTES_MAX);
  } catch {
    return undefined;
  }
}
