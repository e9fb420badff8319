// One connection to an origin: TCP, a proxy's tunnel, TLS with ALPN (RFC 7301), within one deadline.
import type { URL } from "node:url";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, TLSSocket } from "node:tls";
import { startTimer } from "../clock.ts";
import { type Certificate, describeCertificate } from "../crypto/certificate.ts";
import { connectError, isCertificateRefused } from "./connect-error.ts";
import { bypassesProxy, portOf, withoutBrackets } from "./no-proxy.ts";
import { tunnelByConnect, tunnelBySocks5 } from "./tunnel.ts";
import { HttpClientError, type TlsClientOptions } from "./types.ts";

/** Scheme, host without brackets, and port. */
export interface Origin {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
}

/** How to get there. */
export interface Route {
  readonly tls: TlsClientOptions;
  readonly offersHttp2: boolean;
  readonly timeoutMs: number;
  readonly proxy: URL | undefined;
  readonly noProxy: string;
}

/** An open connection. */
export interface Connected {
  readonly socket: Socket;
  readonly protocol: "h2" | "http/1.1";
  /** Set if requests go to an HTTP proxy in absolute form (RFC 9112 §3.2.2). */
  readonly proxy: URL | undefined;
}

const KEEP_ALIVE_MS = 30_000;
const CERTIFICATE_TIMEOUT_MS = 2000;

/** Connects to `origin`; throws HttpClientError. Aborting `signal` gives up. */
export async function connect(origin: Origin, route: Route, signal: AbortSignal): Promise<Connected> {
  const sockets = new OpenSockets();
  const where = `${origin.host} port ${origin.port}`;
  const deadline = startTimer(route.timeoutMs, () =>
    sockets.destroy(
      new HttpClientError("TIMEOUT", `Cannot connect to ${where} as it takes longer than ${route.timeoutMs} ms`, {
        isUnprocessed: true,
      }),
    ),
  );
  const abort = (): void =>
    sockets.destroy(new HttpClientError("CLOSED", `Cannot connect to ${where} as the client is closed`));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await connectBy(origin, route, sockets);
  } catch (thrown) {
    sockets.destroy(undefined);
    const reason = sockets.reason ?? thrown;
    const refused = isCertificateRefused(reason) ? await readCertificate(origin, route) : undefined;
    throw connectError(reason, where, refused);
  } finally {
    deadline.cancel();
    signal.removeEventListener("abort", abort);
  }
}

/**
 * The certificate that was just refused, for the error's text: a second handshake, without our certificate, that
 * sends nothing and is thrown away. No runtime shows the certificate of a handshake it has refused.
 */
async function readCertificate(origin: Origin, route: Route): Promise<Certificate | undefined> {
  const { serverName } = route.tls;
  const sockets = new OpenSockets();
  const deadline = startTimer(CERTIFICATE_TIMEOUT_MS, () => sockets.destroy(new Error("too slow")));
  try {
    const tls: TlsClientOptions = { serverName, insecureSkipVerify: true };
    const { socket } = await connectBy(origin, { ...route, tls }, sockets);
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    return certificate === undefined ? undefined : describeCertificate(certificate);
  } catch {
    return undefined;
  } finally {
    deadline.cancel();
    sockets.destroy(undefined);
  }
}

async function connectBy(origin: Origin, route: Route, sockets: OpenSockets): Promise<Connected> {
  const proxy = proxyFor(origin, route);
  if (proxy === undefined) {
    const socket = await openTcp(origin.host, origin.port, sockets);
    return secure(socket, origin, route, sockets);
  }
  const proxyHost = withoutBrackets(proxy.hostname);
  let socket = await openTcp(proxyHost, portOf(proxy), sockets);
  if (proxy.protocol === "https:") socket = await openTls(socket, tlsNames(proxyHost, undefined), sockets);
  if (proxy.protocol.startsWith("socks")) await tunnelBySocks5(socket, proxy, origin.host, origin.port);
  else if (origin.isSecure) await tunnelByConnect(socket, proxy, origin.host, origin.port);
  else return { socket, protocol: "http/1.1", proxy };
  return secure(socket, origin, route, sockets);
}

function proxyFor(origin: Origin, route: Route): URL | undefined {
  const { proxy, noProxy } = route;
  if (proxy === undefined) return undefined;
  return bypassesProxy(noProxy, origin.host, origin.port) ? undefined : proxy;
}

async function secure(socket: Socket, origin: Origin, route: Route, sockets: OpenSockets): Promise<Connected> {
  if (!origin.isSecure) return { socket, protocol: "http/1.1", proxy: undefined };
  const { tls } = route;
  const options: ConnectionOptions = {
    ...tlsNames(origin.host, tls.serverName),
    ALPNProtocols: route.offersHttp2 ? ["h2", "http/1.1"] : ["http/1.1"],
    rejectUnauthorized: tls.insecureSkipVerify !== true,
  };
  if (tls.ca !== undefined) options.ca = [...tls.ca];
  if (tls.cert !== undefined) options.cert = tls.cert;
  if (tls.key !== undefined) options.key = tls.key;
  const secured = await openTls(socket, options, sockets);
  const protocol = secured.alpnProtocol === "h2" ? "h2" : "http/1.1";
  return { socket: secured, protocol, proxy: undefined };
}

/** An address is never sent as a server name (RFC 6066 §3), but is looked for in the certificate. */
function tlsNames(host: string, serverName: string | undefined): ConnectionOptions {
  if (serverName !== undefined) return { host, servername: serverName };
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

function openTcp(host: string, port: number, sockets: OpenSockets): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, noDelay: true });
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    sockets.add(socket, reject);
    socket.once("connect", () => resolve(socket));
  });
}

function openTls(socket: Socket, options: ConnectionOptions, sockets: OpenSockets): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({ minVersion: "TLSv1.2", ...options, socket });
    sockets.add(secured, reject);
    secured.once("secureConnect", () => resolve(secured));
  });
}

/** What to destroy if the deadline comes first. */
class OpenSockets {
  readonly #sockets: Socket[] = [];
  readonly #rejects: ((error: Error) => void)[] = [];
  reason: Error | undefined;

  add(socket: Socket, reject: (error: Error) => void): void {
    this.#sockets.push(socket);
    this.#rejects.push(reject);
    socket.once("error", reject);
    socket.once("close", () =>
      reject(
        Object.assign(new Error("the other side closed the connection"), {
          code: "ECONNRESET",
        }),
      ),
    );
    if (this.reason !== undefined) this.destroy(this.reason);
  }

  destroy(reason: Error | undefined): void {
    this.reason ??= reason;
    // An error that comes after we gave up has no one left to tell.
    for (const socket of this.#sockets) {
      socket.on("error", () => undefined);
      socket.destroy();
    }
    if (reason !== undefined) for (const reject of this.#rejects) reject(reason);
  }
}
