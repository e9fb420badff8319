// Interim.
import { RuntimeError } from "../runtime-error.ts";
import type { HttpServer, ServeHttpOptions, ServeHttpsOptions } from "./types.ts";

/** Serves HTTPS: HTTP/2 and HTTP/1.1 by ALPN, with client certificates requested. */
export function serveHttps(_options: ServeHttpsOptions): Promise<HttpServer> {
  return Promise.reject(new RuntimeError("ENOSYS", "Cannot serve as it is not there yet"));
}

/** Serves plain HTTP/1.1. */
export function serveHttp(_options: ServeHttpOptions): Promise<HttpServer> {
  return Promise.reject(new RuntimeError("ENOSYS", "Cannot serve as it is not there yet"));
}
