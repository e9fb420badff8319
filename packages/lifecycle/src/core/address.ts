// HOST:PORT as text: where a server listens or a client connects. IPv6 hosts stand in brackets (RFC 3986 §3.2.2).
import { type Result, err, ok } from "@coracle/base";

/** A host (name or IP address, IPv6 without brackets) and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const HOST_LENGTH_MAX = 253;
const NAME = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/;
const IPV6_CHARACTERS = /^[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?$/;
const FORM = "use HOST:PORT, such as";

/** Reads `HOST:PORT`. The error is a predicate: it reads on from the quoted text (`"8091" is not an address: …`). */
export function parseAddress(text: string): Result<Address, string> {
  const colon = text.lastIndexOf(":");
  const portText = colon < 0 ? text : text.slice(colon + 1);
  const port = parsePort(portText);
  if (colon < 0) {
    return err(
      `is not an address: ${FORM} ${port === undefined ? `${isHost(text) ? text : "127.0.0.1"}:8080` : `127.0.0.1:${port}`}`,
    );
  }
  if (port === undefined) return err(`is not an address: the port must be 0 to 65535`);
  const hostText = text.slice(0, colon);
  if (hostText === "") {
    return err(`is not an address: ${FORM} 127.0.0.1:${port} for this machine alone or 0.0.0.0:${port} for everyone`);
  }
  const host = readHost(hostText);
  if (host === undefined) return err(`is not an address: ${FORM} 127.0.0.1:${port} or [::1]:${port}`);
  return ok({ host, port });
}

/** Writes an address the way {@link parseAddress} reads it. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** True if only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function readHost(text: string): string | undefined {
  if (text.startsWith("[") && text.endsWith("]")) {
    const inner = text.slice(1, -1);
    return inner.includes(":") && IPV6_CHARACTERS.test(inner) ? inner : undefined;
  }
  return isHost(text) ? text : undefined;
}

function isHost(text: string): boolean {
  if (text.length > HOST_LENGTH_MAX || !NAME.test(text)) return false;
  if (!/^[\d.]+$/.test(text)) return true;
  const octets = text.split(".");
  return octets.length === 4 && octets.every((octet) => Number(octet) <= 255);
}
