// /openapi/v2 and /openapi/v3: the documents are made once, and served with their hashes as tags.
import { sha512 } from "@coracle/runtime";
import type * as OpenApiModule from "../core/openapi/mod.ts";
import { upperHex } from "../core/discovery/mod.ts";
import { BASE_HEADERS, objectAnswer, pageNotFound, PLAIN_FORM, textAnswer } from "./answer.ts";
import type { ApiServer } from "./api-server.ts";
import { type Answer, type Exchange, header } from "./exchange.ts";

interface Document {
  readonly body: Uint8Array;
  readonly hash: string;
}

interface Documents {
  readonly v3: ReadonlyMap<string, Document>;
  v2Json: Document | undefined;
  v2Protobuf: Document | undefined;
}

type OpenApi = typeof OpenApiModule;

const cache: WeakMap<ApiServer, Documents> = new WeakMap();

/** Answers a path under `/openapi`. */
export async function answerOpenApi(server: ApiServer, exchange: Exchange, parts: readonly string[]): Promise<Answer> {
  // Loaded at the first question: most starts never need it.
  const openApi = await import("../core/openapi/mod.ts");
  const documents = documentsOf(server, openApi);
  if (parts[1] === "v2" && parts.length === 2) return answerV2(server, exchange, { openApi, documents });
  if (parts[1] !== "v3") return pageNotFound();
  if (parts.length === 2) {
    const hashes = new Map([...documents.v3].map(([path, { hash }]) => [path, hash]));
    const index = objectAnswer(200, openApi.openApiV3Index(hashes), { ...PLAIN_FORM, pretty: exchange.pretty });
    // Kubernetes lets the type be guessed from the bytes, and says what was guessed.
    return { ...index, headers: { ...index.headers, "content-type": "text/plain; charset=utf-8" } };
  }
  const document = documents.v3.get(parts.slice(2).join("/"));
  if (document === undefined) return { status: 404, headers: BASE_HEADERS };
  const fresh = exchange.query.get("hash") === document.hash;
  const caching = fresh ? "public, immutable" : "no-cache, private";
  return tagged(exchange, document, { "content-type": "application/json", "cache-control": caching, vary: "Accept" });
}

function documentsOf(server: ApiServer, openApi: OpenApi): Documents {
  const known = cache.get(server);
  if (known !== undefined) return known;
  const { definitions } = server.table;
  const v3 = new Map<string, Document>();
  for (const path of openApi.openApiV3Paths(definitions)) {
    const document = openApi.openApiV3Document(definitions, path);
    if (document !== undefined) v3.set(path, hashed(new TextEncoder().encode(JSON.stringify(document))));
  }
  const documents: Documents = { v3, v2Json: undefined, v2Protobuf: undefined };
  cache.set(server, documents);
  return documents;
}

function hashed(body: Uint8Array): Document {
  return { body, hash: upperHex(sha512(body)) };
}

interface Loaded {
  readonly openApi: OpenApi;
  readonly documents: Documents;
}

function answerV2(server: ApiServer, exchange: Exchange, loaded: Loaded): Answer {
  const { openApi, documents } = loaded;
  const { definitions } = server.table;
  const form = openApi.negotiateOpenApiV2(header(exchange, "accept"));
  switch (form) {
    case "not-acceptable":
      return textAnswer(406, "406 Not Acceptable\n");
    case "json":
      documents.v2Json ??= hashed(new TextEncoder().encode(JSON.stringify(openApi.openApiV2Document(definitions))));
      return tagged(exchange, documents.v2Json, {
        "content-type": "application/json",
        vary: "Accept-Encoding, Accept",
      });
    case "protobuf":
      documents.v2Protobuf ??= hashed(openApi.encodeOpenApiV2(openApi.openApiV2Document(definitions)));
      return tagged(exchange, documents.v2Protobuf, {
        "content-type": openApi.OPENAPI_V2_PROTOBUF_TYPE,
        vary: "Accept-Encoding, Accept",
      });
  }
}

/** The document, or 304 when the client has it. */
function tagged(exchange: Exchange, document: Document, extra: Readonly<Record<string, string>>): Answer {
  const etag = `"${document.hash}"`;
  const headers = { ...BASE_HEADERS, ...extra, etag };
  if (exchange.request.headers.get("if-none-match") === etag) return { status: 304, headers };
  return { status: 200, headers, body: document.body };
}
