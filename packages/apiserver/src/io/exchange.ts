// One request on its way through the server.
import type { RequestContext } from "@coracle/lifecycle";
import type { PlainResponse } from "@coracle/runtime";
import type { UserInfo } from "../core/registry/environment.ts";
import type { RequestInfo } from "../core/request/request-info.ts";

/** What every stage may look at. */
export interface Exchange {
  readonly request: Request;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly context: RequestContext;
  readonly user: UserInfo;
  /** Texts for `Warning` headers. */
  readonly warnings: string[];
  readonly pretty: boolean;
}

/** What a request is answered with. */
export type Answer = Response | PlainResponse;

/** A header, `undefined` when absent. */
export function header(exchange: { readonly request: Request }, name: string): string | undefined {
  return exchange.request.headers.get(name) ?? undefined;
}

/** Path and query of an absolute URL; building a URL object costs more than all the rest of a small request. */
export function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const mark = url.indexOf("?", start);
  if (mark < 0) return { path: start < 0 ? "/" : url.slice(start), query: new URLSearchParams() };
  return { path: url.slice(start, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}
