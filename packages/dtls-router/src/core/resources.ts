// The resources of the built-in CoAP application: those of Californium's test server that make sense for a router.
import type { CounterGroups } from "./process-counters.ts";

/** A request as far as resources are concerned. */
export interface ResourceRequest {
  readonly method: string;
  /** Without a leading slash: `benchmark`, `.well-known/core`. */
  readonly path: string;
  /** `name=value` or `name`, as they came. */
  readonly queries: readonly string[];
  readonly payload: Uint8Array;
  /** The content format asked for, if one was. */
  readonly accept: number | undefined;
}

/** An answer; `code` is CoAP's, such as `2.05`. */
export interface ResourceAnswer {
  readonly code: string;
  readonly format: number | undefined;
  readonly payload: Uint8Array;
}

/** What resources tell about the asking session and this node; addresses as text, IDs in hexadecimal. */
export interface ResourceFacts {
  readonly clientHost: string;
  readonly clientPort: number;
  readonly nodeId: number;
  readonly identity: string;
  readonly cipherSuite: string;
  /** What the client sends. */
  readonly readCid: string;
  /** What this node sends. */
  readonly writeCid: string;
  readonly extendedMasterSecret: boolean;
  /** The cluster address of the node through which the record came; empty if directly. */
  readonly router: string;
  readonly server: string;
}

/** Where the facts come from; computed only for the resources that show them. */
export interface ResourceSources {
  /** `undefined` if the session has just ended. */
  readonly facts: () => ResourceFacts | undefined;
  /** For `diagnose`. */
  readonly diagnosis: () => Diagnosis;
}

/** How this node does. */
export interface Diagnosis {
  readonly nodeId: number;
  readonly workers: number;
  /** The limit of the process. */
  readonly sessionsMax: number;
  /** What all workers count, by group: {@link DIAGNOSED_GROUPS}. */
  readonly groups: CounterGroups;
}

/** Groups of counters, each a resource below `diagnose`. */
export const DIAGNOSED_GROUPS = ["held", "application", "routes", "drops", "dtls", "dtls-drops"] as const;

/** Content formats (RFC 7252 §12.3). */
export const ContentFormat = { text: 0, links: 40, octets: 42, json: 50 } as const;

/** The largest `rlen`: an answer is one record. */
export const RESPONSE_SIZE_BYTES_MAX = 1024;
/** Where in the alphabet of answers a benchmark's begins. */
const BENCHMARK_TEXT: Uint8Array = new TextEncoder().encode("hello benchmark");
const FILL = 0x2a;
const EMPTY: Uint8Array = new Uint8Array(0);

type Resource = (request: ResourceRequest, sources: ResourceSources) => ResourceAnswer;

const RESOURCES: ReadonlyMap<string, { readonly title: string; readonly answer: Resource }> = new Map([
  ["benchmark", { title: "Answers of any size for load tests: rlen=N", answer: benchmark }],
  ["mycontext", { title: "The DTLS session that asks, as this node sees it", answer: myContext }],
  ["myip", { title: "The address that asks", answer: myIp }],
  ["echo", { title: "Answers with the payload", answer: echo }],
  ["diagnose", { title: "Counters of this node", answer: diagnose }],
  ...DIAGNOSED_GROUPS.map((group) => [`diagnose/${group}`, { title: "", answer: diagnoseGroup(group) }] as const),
  [".well-known/core", { title: "", answer: listResources }],
]);

/** Answers a request. */
export function answerRequest(request: ResourceRequest, sources: ResourceSources): ResourceAnswer {
  const resource = RESOURCES.get(request.path);
  return resource === undefined ? refused("4.04") : resource.answer(request, sources);
}

function benchmark({ method, queries }: ResourceRequest): ResourceAnswer {
  if (method !== "GET" && method !== "POST") return refused("4.05");
  const size = queryNumber(queries, "rlen") ?? BENCHMARK_TEXT.length;
  if (size > RESPONSE_SIZE_BYTES_MAX) return refused("4.00", `rlen is at most ${RESPONSE_SIZE_BYTES_MAX}`);
  const payload = new Uint8Array(size).fill(FILL);
  for (let at = 0; at < size && at < BENCHMARK_TEXT.length; at++) payload[at] = BENCHMARK_TEXT[at] ?? FILL;
  return { code: method === "GET" ? "2.05" : "2.04", format: ContentFormat.text, payload };
}

function myContext({ method, accept }: ResourceRequest, { facts }: ResourceSources): ResourceAnswer {
  if (method !== "GET") return refused("4.05");
  const known = facts();
  if (known === undefined) return refused("5.03");
  const shown: Readonly<Record<string, string | number | boolean>> = {
    ip: known.clientHost,
    port: known.clientPort,
    "node-id": known.nodeId,
    peer: known.identity,
    "cipher-suite": known.cipherSuite,
    "read-cid": known.readCid,
    "write-cid": known.writeCid,
    "ext-master-secret": known.extendedMasterSecret,
    router: known.router,
    server: known.server,
  };
  if (accept === ContentFormat.json) return json(shown);
  if (accept !== undefined && accept !== ContentFormat.text) return refused("4.06");
  const lines = Object.entries(shown).map(([name, value]) => `${name}: ${value}`);
  return text(lines.join("\n"));
}

function myIp({ method }: ResourceRequest, { facts }: ResourceSources): ResourceAnswer {
  if (method !== "GET") return refused("4.05");
  const known = facts();
  if (known === undefined) return refused("5.03");
  const { clientHost, clientPort } = known;
  return text(clientHost.includes(":") ? `[${clientHost}]:${clientPort}` : `${clientHost}:${clientPort}`);
}

function echo({ method, payload }: ResourceRequest): ResourceAnswer {
  if (method !== "POST" && method !== "PUT" && method !== "FETCH") return refused("4.05");
  const code = method === "FETCH" ? "2.05" : "2.04";
  return { code, format: payload.length > 0 ? ContentFormat.octets : undefined, payload };
}

/** Everything that is not zero; where that is too much for a record, what is held, and the names of the resources with the rest. */
function diagnose({ method, accept }: ResourceRequest, { diagnosis }: ResourceSources): ResourceAnswer {
  if (method !== "GET") return refused("4.05");
  if (accept !== undefined && accept !== ContentFormat.json) return refused("4.06");
  const { nodeId, workers, sessionsMax, groups } = diagnosis();
  const facts = { "node-id": nodeId, workers, "max-connections": sessionsMax };
  const seen = DIAGNOSED_GROUPS.map((group) => [group, notZero(groups[group])] as const);
  const answer = json({ ...facts, ...Object.fromEntries(seen) });
  if (answer.payload.length <= RESPONSE_SIZE_BYTES_MAX) return answer;
  return json({ ...facts, held: notZero(groups["held"]), more: DIAGNOSED_GROUPS.map((group) => `diagnose/${group}`) });
}

function diagnoseGroup(group: (typeof DIAGNOSED_GROUPS)[number]): Resource {
  return ({ method, accept }, { diagnosis }) => {
    if (method !== "GET") return refused("4.05");
    if (accept !== undefined && accept !== ContentFormat.json) return refused("4.06");
    return json(notZero(diagnosis().groups[group]));
  };
}

function notZero(counts: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function listResources({ method }: ResourceRequest): ResourceAnswer {
  if (method !== "GET") return refused("4.05");
  const links = [...RESOURCES]
    .filter(([, { title }]) => title !== "")
    .map(([path, { title }]) => `</${path}>;title="${title}"`);
  return { code: "2.05", format: ContentFormat.links, payload: encode(links.join(",")) };
}

function queryNumber(queries: readonly string[], name: string): number | undefined {
  for (const query of queries) {
    if (query.length <= name.length || !query.startsWith(name) || query[name.length] !== "=") continue;
    const found = query.slice(name.length + 1);
    return /^\d{1,6}$/.test(found) ? Number(found) : undefined;
  }
  return undefined;
}

function text(content: string): ResourceAnswer {
  return { code: "2.05", format: ContentFormat.text, payload: encode(content) };
}

function json(content: unknown): ResourceAnswer {
  return { code: "2.05", format: ContentFormat.json, payload: encode(JSON.stringify(content)) };
}

function refused(code: string, reason = ""): ResourceAnswer {
  return { code, format: undefined, payload: reason === "" ? EMPTY : encode(reason) };
}

function encode(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
