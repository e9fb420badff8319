// Interim.
import { type HttpClient, HttpClientError, type HttpClientOptions } from "./types.ts";

/** Makes a client with its own connections. */
export function createHttpClient(_options: HttpClientOptions = {}): HttpClient {
  throw new HttpClientError("CLOSED", "Cannot make an HTTP client as it is not there yet");
}
