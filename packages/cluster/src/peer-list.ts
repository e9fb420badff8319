// A list of cluster addresses: HOST:PORT separated by commas, white space or lines; # starts a comment.
import { err, ok, type Result } from "@coracle/base";

/** Addresses of one list. */
export const PEERS_MAX = 512;

/** An address as it was written: the host is an IP address or a name to be looked up. */
export interface PeerName {
  readonly host: string;
  readonly port: number;
}

/** Why a list is refused. */
export interface PeerListError {
  readonly code: "BAD_PEER_LIST";
  readonly message: string;
}

const FORM = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)):([1-9]\d{0,4})$/;

/** Reads a list; each address once. */
export function parsePeerList(text: string): Result<readonly PeerName[], PeerListError> {
  const peers = new Map<string, PeerName>();
  const words = text
    .split("\n")
    .map((line) => line.replace(/#.*/, ""))
    .join(" ")
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  for (const word of words) {
    const match = FORM.exec(word);
    const port = Number(match?.[3] ?? 0);
    const host = match?.[1] ?? match?.[2];
    if (host === undefined || port > 0xffff) return refuse(`"${word.slice(0, 80)}" is not HOST:PORT`);
    if (peers.size === PEERS_MAX) return refuse(`there are more than ${PEERS_MAX} addresses`);
    peers.set(word, { host, port });
  }
  return ok([...peers.values()]);
}

function refuse(reason: string): Result<never, PeerListError> {
  return err({ code: "BAD_PEER_LIST", message: `Cannot read the list of nodes: ${reason}` });
}
