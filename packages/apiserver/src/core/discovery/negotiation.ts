// Which form of a discovery root a client asks for, and the validator it may cache by (RFC 9110 §8.8.3, §12.5.1).

/** The two forms of /api and /apis. */
export type DiscoveryForm = "aggregated" | "plain";

const CLAUSES_MAX = 64;

/**
 * Reads an Accept header at /api or /apis. The aggregated form needs exactly `g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
 * older versions of it are not served, so their clauses are passed over. Everything else gets the plain form.
 */
export function negotiateDiscovery(accept: string | undefined): DiscoveryForm {
  const clauses = (accept ?? "").split(",", CLAUSES_MAX).map(parseClause);
  const wanted = clauses.filter((clause) => clause.quality > 0).toSorted((a, b) => b.quality - a.quality);
  for (const { type, parameters } of wanted) {
    if (type !== "application/json" && type !== "application/*" && type !== "*/*") continue;
    const target = parameters.get("as");
    if (target === undefined) return "plain";
    const isServed = parameters.get("g") === "apidiscovery.k8s.io" && parameters.get("v") === "v2";
    if (target === "APIGroupDiscoveryList" && isServed) return "aggregated";
  }
  return "plain";
}

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parseClause(text: string): Clause {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf("=");
    if (equals > 0) parameters.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
  }
  const quality = Number(parameters.get("q") ?? "1");
  return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
}

/** ETag of a document: the quoted upper-case hexadecimal form of the SHA-512 digest of its bytes. */
export function etagOf(sha512Digest: Uint8Array): string {
  return `"${upperHex(sha512Digest)}"`;
}

/** Upper-case hexadecimal text of a digest, as the hash parameter of OpenAPI addresses carries it. */
export function upperHex(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}
