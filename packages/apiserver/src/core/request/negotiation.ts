// Which representation a client wants: the Accept header (RFC 9110) with the API's parameters `as`, `g`, `v`, and indentation.
import { notAcceptableStatus, StatusError } from "@coracle/kube";
import { type Query } from "./query.ts";

/** What an object or list is turned into before it is sent. */
export interface TransformTarget {
  readonly kind: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly version: "v1" | "v1beta1";
}

/** The representation agreed on. */
export interface Representation {
  readonly mediaType: "application/json" | "application/yaml";
  readonly target: TransformTarget | undefined;
}

const SERVED = ["application/json", "application/yaml"] as const;
/** Accept headers longer than this are cut: no client sends so many alternatives. */
const CLAUSES_MAX = 32;

interface Clause {
  readonly type: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Picks the first alternative, by quality and then order, that can be served; 406 when none can. */
export function negotiate(accept: string | undefined): Representation {
  if (accept === undefined || accept.trim() === "") return { mediaType: "application/json", target: undefined };
  for (const clause of parseAccept(accept)) {
    for (const mediaType of SERVED) {
      if (!matches(clause.type, mediaType)) continue;
      const representation = representationOf(clause, mediaType);
      if (representation !== undefined) return representation;
    }
  }
  throw new StatusError(notAcceptableStatus(SERVED));
}

/** The same for a watch, which exists as JSON only. */
export function negotiateStream(accept: string | undefined): Representation {
  const refused = new StatusError(notAcceptableStatus(["application/json;stream=watch"]));
  const representation = negotiate(accept);
  if (representation.mediaType !== "application/json") throw refused;
  return representation;
}

function matches(pattern: string, mediaType: string): boolean {
  return pattern === mediaType || pattern === "*/*" || pattern === "application/*";
}

function representationOf(clause: Clause, mediaType: (typeof SERVED)[number]): Representation | undefined {
  const { parameters } = clause;
  const stream = parameters.get("stream") ?? "";
  if (stream !== "" && (stream !== "watch" || mediaType !== "application/json")) return undefined;
  const serverVersion = parameters.get("sv") ?? "";
  if (serverVersion !== "" && serverVersion !== "v1") return undefined;
  const kind = parameters.get("as");
  const version = parameters.get("v");
  if (kind === undefined && version === undefined && !parameters.has("g")) return { mediaType, target: undefined };
  if (parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  if (kind !== "Table" && kind !== "PartialObjectMetadata" && kind !== "PartialObjectMetadataList") return undefined;
  return { mediaType, target: { kind, version } };
}

/** Clauses of an Accept header, best first. */
function parseAccept(header: string): Clause[] {
  const clauses = header
    .split(",", CLAUSES_MAX)
    .map(parseClause)
    .filter((clause) => clause.quality > 0);
  // Sorting is stable, so equal qualities keep their order; wildcards come last among equals.
  return clauses.sort((a, b) => b.quality - a.quality || wildness(a.type) - wildness(b.type));
}

function wildness(type: string): number {
  if (type === "*/*") return 2;
  return type.endsWith("/*") ? 1 : 0;
}

function parseClause(text: string): Clause {
  const [type = "", ...rest] = text.split(";");
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf("=");
    if (at > 0) parameters.set(part.slice(0, at).trim().toLowerCase(), unquote(part.slice(at + 1).trim()));
  }
  const quality = Number(parameters.get("q") ?? "1");
  return { type: type.trim().toLowerCase(), quality: Number.isFinite(quality) ? quality : 0, parameters };
}

function unquote(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
}

/** Whether JSON is to be indented: `pretty=true`, or a program that people read the output of. */
export function wantsPretty(query: Query, userAgent: string | undefined): boolean {
  const parameter = query.get("pretty");
  if (parameter !== null && parameter !== "") return /^(1|t|T|TRUE|true|True)$/.test(parameter);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent ?? "");
}
