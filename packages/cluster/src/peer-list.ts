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
  for (const word of listWords(text)) {
    const peer = parsePeerName(word);
    if (peer === undefined) return refuseList(`"${word.slice(0, 80)}" is not HOST:PORT`);
    if (peers.size === PEERS_MAX) return refuseList(`there are more than ${PEERS_MAX} addresses`);
    peers.set(word, peer);
  }
  return ok([...peers.values()]);
}

/** The words of a list, comments left out. */
export function listWords(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, ""));
  return lines
    .join(" ")
    .split(/[\s,]+/)
    .filter((word) => word !== "");
}

/** The address that a word is; `undefined` if it is none. */
export function parsePeerName(word: string): PeerName | undefined {
  const match = FORM.exec(word);
  const port = Number(match?.[3] ?? 0);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || port > 0xffff ? undefined : { host, port };
}

/** The refusal of a list for a reason. */
export function refuseList(reason: string): Result<never, PeerListError> {
  return err({ code: "BAD_PEER_LIST", message: `Cannot read the list of nodes: ${reason}` });
}
