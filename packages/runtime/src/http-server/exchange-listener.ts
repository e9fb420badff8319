// From an exchange to the handler and back: peer, URL, abort on disconnect, errors.
import type { Connection, ConnectionTable } from "./connection-table.ts";
import type { Exchange } from "./exchange.ts";
import { abortRequest, incomingRequest } from "./incoming-request.ts";
import type { PlainResponse, ServeHttpOptions } from "./types.ts";
import { writePlain, writeResponse } from "./write-response.ts";

/** Answers exchanges with the handler of `options`. */
export class ExchangeListener {
  readonly #table: ConnectionTable;
  readonly #options: ServeHttpOptions;
  readonly #scheme: string;

  constructor(table: ConnectionTable, options: ServeHttpOptions, isSecure: boolean) {
    this.#table = table;
    this.#options = options;
    this.#scheme = isSecure ? "https://" : "http://";
  }

  /** Answers one exchange on the connection known by `owner`, its socket or session. */
  answer(exchange: Exchange, owner: object | undefined): void {
    const { sink } = exchange;
    sink.on("error", ignore);
    const connection = owner === undefined ? undefined : this.#table.find(owner);
    if (connection === undefined) {
      sink.destroy();
      return;
    }
    this.#table.began(connection);
    const request = incomingRequest(exchange, this.#urlOf(exchange));
    sink.once("close", () => {
      this.#table.ended(connection);
      if (exchange.isBroken) abortRequest(request);
    });
    this.#handle(request, exchange, connection);
  }

  #handle(request: Request, exchange: Exchange, connection: Connection): void {
    const fail = (thrown: unknown): void => {
      this.#options.onError?.(thrown);
      failExchange(exchange, connection);
    };
    try {
      const result = this.#options.handler(request, connection.peer);
      if (result instanceof Promise) result.then((value) => write(exchange, connection, value)).catch(fail);
      else write(exchange, connection, result)?.catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  }

  #urlOf(exchange: Exchange): string {
    const { target } = exchange;
    // The absolute form (RFC 9112 §3.2.2) is meant for proxies, but every server must accept it.
    if (target.startsWith("http://") || target.startsWith("https://")) return target;
    const host = exchange.host ?? "localhost";
    const safeHost = VALID_HOST.test(host) ? host : "localhost";
    return this.#scheme + safeHost + (target.startsWith("/") ? target : "/");
  }
}

function write(
  exchange: Exchange,
  connection: Connection,
  result: Response | PlainResponse,
): Promise<void> | undefined {
  if (result instanceof Response) {
    if (exchange.sink.destroyed) return result.body?.cancel();
    return writeResponse(exchange, result, connection.isGoing);
  }
  writePlain(exchange, result, connection.isGoing);
  return undefined;
}

/** 500 if nothing was sent yet; a cut answer otherwise. */
function failExchange(exchange: Exchange, connection: Connection): void {
  if (exchange.sink.destroyed) return;
  if (exchange.isHeadSent) {
    exchange.cut();
    return;
  }
  writePlain(
    exchange,
    {
      status: 500,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "Internal Server Error\n",
    },
    connection.isGoing,
  );
}

/** A host that would break the URL apart is not used. */
const VALID_HOST = /^[A-Za-z0-9._\-:[\]]+$/;

function ignore(): void {
  // The `close` that follows an error says what matters.
}
