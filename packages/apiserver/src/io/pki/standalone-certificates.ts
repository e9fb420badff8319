// Certificates of a server on its own: made at the first start, kept in the data folder, renewed before they end.
import { ExitError, type Logger, type TlsSource } from "@coracle/lifecycle";
import { keyMatchesCertificate, parseCertificate, type ServerTls, startTimer, type Timer } from "@coracle/runtime";
import type { Clock } from "@coracle/base";
import type * as CertificateMaker from "./certificate-authority.ts";
import type { KeyPairPem } from "./certificate-authority.ts";
import type { DataFolder } from "./data-folder.ts";

const DAY_MS = 24 * 60 * 60_000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;
/** Renewed when less than this share of the lifetime is left. */
const RENEW_SHARE = 0.2;
const CHECK_MS = 60 * 60_000;
/** Clocks of clients may lag a little. */
const BACKDATE_MS = 5 * 60_000;

/** What the certificates are for. */
export interface StandaloneNames {
  /** DNS names and IP addresses clients use. */
  readonly serving: readonly string[];
}

/** The authority, the serving pair as a TLS source, and client certificates on demand. */
export class StandaloneCertificates implements TlsSource {
  readonly #folder: DataFolder;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #names: StandaloneNames;
  readonly #authority: KeyPairPem;
  readonly #listeners: Set<(tls: ServerTls) => void> = new Set();
  #serving: KeyPairPem;
  #timer: Timer | undefined;

  private constructor(parts: {
    readonly folder: DataFolder;
    readonly clock: Clock;
    readonly log: Logger;
    readonly names: StandaloneNames;
    readonly authority: KeyPairPem;
    readonly serving: KeyPairPem;
  }) {
    this.#folder = parts.folder;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#names = parts.names;
    this.#authority = parts.authority;
    this.#serving = parts.serving;
  }

  /** Reads or makes authority and serving certificate. */
  static async open(
    folder: DataFolder,
    names: StandaloneNames,
    environment: { readonly clock: Clock; readonly log: Logger },
  ): Promise<StandaloneCertificates> {
    const authority = await openAuthority(folder, environment.clock);
    const stored = await folder.readPair("serving");
    const usable = stored !== undefined && isUsable(stored, names, environment.clock.wallMs());
    const serving = usable ? stored : await issueServing(folder, authority, names, environment.clock);
    const certificates = new StandaloneCertificates({ folder, names, authority, serving, ...environment });
    certificates.#scheduleCheck();
    return certificates;
  }

  /** The authority's certificate, PEM. */
  get authorityPem(): string {
    return this.#authority.cert;
  }

  current(): ServerTls {
    return { ...this.#serving, clientCa: [this.#authority.cert] };
  }

  onChange(listener: (tls: ServerTls) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  /** A client certificate, kept under `name` in the folder and made anew when it is about to end. */
  async client(
    name: string,
    user: { readonly commonName: string; readonly organizations: readonly string[] },
  ): Promise<KeyPairPem> {
    const stored = await this.#folder.readPair(name);
    const nowMs = this.#clock.wallMs();
    if (stored !== undefined && isUsable(stored, { serving: [] }, nowMs)) return stored;
    const { issueCertificate } = await loadCertificateMaker();
    const validity = { validFromMs: nowMs - BACKDATE_MS, validToMs: nowMs + LEAF_DAYS * DAY_MS };
    const pair = await issueCertificate(this.#authority, { ...user, usage: "client", ...validity });
    await this.#folder.writePair(name, pair);
    return pair;
  }

  #scheduleCheck(): void {
    this.#timer = startTimer(CHECK_MS, () => void this.#check());
  }

  /** Renews the serving certificate when its time is nearly over; listeners load it without a restart. */
  async #check(): Promise<void> {
    try {
      if (isUsable(this.#serving, this.#names, this.#clock.wallMs())) return;
      this.#serving = await issueServing(this.#folder, this.#authority, this.#names, this.#clock);
      this.#log.info("Serving certificate renewed", {});
      for (const listener of this.#listeners) listener(this.current());
    } catch (error) {
      this.#log.error("Serving certificate could not be renewed", { error });
    } finally {
      this.#scheduleCheck();
    }
  }
}

/**
 * Loads what makes certificates, only where one is to be made. The polyfill comes first and by itself: in a compiled binary an
 * import beside the library's would run after it.
 */
async function loadCertificateMaker(): Promise<typeof CertificateMaker> {
  await import("reflect-metadata");
  return import("./certificate-authority.ts");
}

async function openAuthority(folder: DataFolder, clock: Clock): Promise<KeyPairPem> {
  const stored = await folder.readPair("ca");
  const nowMs = clock.wallMs();
  if (stored !== undefined) {
    const parsed = parseCertificate(stored.cert);
    if (!parsed.ok || !keyMatchesCertificate(stored.key, stored.cert)) {
      throw new ExitError(
        `cannot use ${folder.file("pki/ca.crt")}: it and its key do not belong together; restore them, or remove both (every client certificate made with them becomes useless)`,
      );
    }
    if (parsed.value.validToMs > nowMs + LEAF_DAYS * DAY_MS * RENEW_SHARE) return stored;
  }
  const { makeAuthority } = await loadCertificateMaker();
  const made = await makeAuthority("coracle-ca", {
    fromMs: nowMs - BACKDATE_MS,
    toMs: nowMs + AUTHORITY_DAYS * DAY_MS,
  });
  await folder.writePair("ca", made);
  return made;
}

async function issueServing(
  folder: DataFolder,
  authority: KeyPairPem,
  names: StandaloneNames,
  clock: Clock,
): Promise<KeyPairPem> {
  const { issueCertificate } = await loadCertificateMaker();
  const nowMs = clock.wallMs();
  const pair = await issueCertificate(authority, {
    commonName: "coracle-apiserver",
    usage: "server",
    names: names.serving,
    validFromMs: nowMs - BACKDATE_MS,
    validToMs: nowMs + LEAF_DAYS * DAY_MS,
  });
  await folder.writePair("serving", pair);
  return pair;
}

/** Belongs together, has enough life left, and is for all these names. */
function isUsable(pair: KeyPairPem, names: StandaloneNames, nowMs: number): boolean {
  const parsed = parseCertificate(pair.cert);
  if (!parsed.ok || !keyMatchesCertificate(pair.key, pair.cert)) return false;
  const { validFromMs, validToMs } = parsed.value;
  if (nowMs < validFromMs || validToMs - nowMs < (validToMs - validFromMs) * RENEW_SHARE) return false;
  const named = new Set([...parsed.value.dnsNames, ...parsed.value.ipAddresses]);
  return names.serving.every((name) => named.has(name));
}
