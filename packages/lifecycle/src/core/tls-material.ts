// Which TLS material is in force while its files change under us (kube-api §5.1, Kubernetes' dynamiccertificates): pure.
import type { Result } from "@coracle/base";

/** What is shown of a certificate. */
export interface CertificateFacts {
  readonly commonName: string;
  readonly serialNumber: string;
  readonly validToMs: number;
}

/** X.509 and digests, given from outside. */
export interface MaterialInspector {
  /** Every certificate of a PEM text; a text without one is an error, in words. */
  readonly certificates: (pem: string) => Result<readonly CertificateFacts[], string>;
  readonly keyMatches: (keyPem: string, certPem: string) => boolean;
  readonly sha256Hex: (text: string) => string;
}

/** How an offer of new content came out. A refused one leaves the old in force. */
export type Offer =
  | { readonly kind: "unchanged" }
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: string };

/** What is in force, for metrics. */
export interface MaterialFacts {
  readonly sha256: string;
  readonly certificates: readonly CertificateFacts[];
}

const UNCHANGED: Offer = { kind: "unchanged" };

/** A certificate and its key. A half-written pair, a file that is empty or gone, and a key that is another's are refused. */
export class PairMaterial {
  readonly #inspect: MaterialInspector;
  #pair: { readonly cert: string; readonly key: string } | undefined;
  #facts: MaterialFacts | undefined;
  #refused: string = "";

  constructor(inspect: MaterialInspector) {
    this.#inspect = inspect;
  }

  /** The pair in force. */
  get current(): { readonly cert: string; readonly key: string } | undefined {
    return this.#pair;
  }

  /** Facts of the certificates in force. */
  get facts(): MaterialFacts | undefined {
    return this.#facts;
  }

  /** Offers the files' content; `undefined` for one that cannot be read. */
  offer(cert: string | undefined, key: string | undefined): Offer {
    if (cert === this.#pair?.cert && key === this.#pair?.key) {
      this.#refused = "";
      return UNCHANGED;
    }
    const problem = this.#problemOf(cert, key);
    if (problem !== undefined) return this.#refuse(`${problem}\n${cert ?? ""}\n${key ?? ""}`, problem);
    const parsed = this.#inspect.certificates(cert ?? "");
    if (!parsed.ok) return this.#refuse(`${parsed.error}\n${cert ?? ""}`, parsed.error);
    if (!this.#inspect.keyMatches(key ?? "", cert ?? ""))
      return this.#refuse(`${cert ?? ""}\n${key ?? ""}`, "the key is not the certificate's");
    this.#pair = { cert: cert ?? "", key: key ?? "" };
    this.#facts = { sha256: this.#inspect.sha256Hex(cert ?? ""), certificates: parsed.value };
    this.#refused = "";
    return { kind: "accepted" };
  }

  #problemOf(cert: string | undefined, key: string | undefined): string | undefined {
    if (cert === undefined) return "the certificate file cannot be read";
    if (key === undefined) return "the key file cannot be read";
    if (cert.trim() === "") return "the certificate file is empty";
    return key.trim() === "" ? "the key file is empty" : undefined;
  }

  /** The same refusal twice is reported once: pollers look every minute. */
  #refuse(content: string, reason: string): Offer {
    const digest = this.#inspect.sha256Hex(content);
    if (digest === this.#refused) return UNCHANGED;
    this.#refused = digest;
    return { kind: "refused", reason };
  }
}

/** Authorities from several sources, concatenated. A source that turns bad keeps what it had. */
export class BundleMaterial {
  readonly #inspect: MaterialInspector;
  readonly #sources: Map<string, { pem: string; certificates: readonly CertificateFacts[] }> = new Map();
  readonly #refused: Map<string, string> = new Map();

  constructor(inspect: MaterialInspector) {
    this.#inspect = inspect;
  }

  /** One text per source, in the order they were first offered. */
  get current(): readonly string[] {
    return [...this.#sources.values()].map((source) => source.pem);
  }

  /** Facts of all authorities in force. */
  get facts(): MaterialFacts {
    const sources = [...this.#sources.values()];
    return {
      sha256: this.#inspect.sha256Hex(sources.map((source) => source.pem).join("\n")),
      certificates: sources.flatMap((source) => source.certificates),
    };
  }

  /** Offers one source's content; `undefined` if it cannot be read. */
  offer(source: string, pem: string | undefined): Offer {
    if (pem !== undefined && pem === this.#sources.get(source)?.pem) {
      this.#refused.delete(source);
      return UNCHANGED;
    }
    if (pem === undefined) return this.#refuse(source, "", "the file cannot be read");
    if (pem.trim() === "") return this.#refuse(source, pem, "the file is empty");
    const parsed = this.#inspect.certificates(pem);
    if (!parsed.ok) return this.#refuse(source, pem, parsed.error);
    this.#sources.set(source, { pem, certificates: parsed.value });
    this.#refused.delete(source);
    return { kind: "accepted" };
  }

  #refuse(source: string, pem: string, reason: string): Offer {
    const mark = `${reason} ${this.#inspect.sha256Hex(pem)}`;
    if (this.#refused.get(source) === mark) return UNCHANGED;
    this.#refused.set(source, mark);
    return { kind: "refused", reason };
  }
}
