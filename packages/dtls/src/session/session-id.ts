// Session ids of ours (RFC 5246 §7.4.1.2): random, with the node and the worker that can resume them at fixed places if wanted.
import { assert, type Random } from "@coracle/base";

/** Bytes of every id made here: as many as there may be, so that a filter can tell them from shorter ones. */
export const SESSION_ID_SIZE = 32;
/** The byte of an id that names the node. */
export const SESSION_ID_NODE_AT = 0;
/** The byte of an id that names the worker. */
export const SESSION_ID_WORKER_AT = 1;
/**
 * Where the id begins in a datagram that starts with a whole ClientHello: behind the record header (13), the handshake
 * header (12), the version (2), the random (32) and the id's length (1), which is the byte before.
 */
export const CLIENT_HELLO_SESSION_ID_AT = 60;

/** Makes at least two bytes of the random rest of an id, which nobody without its key can make; not for keeping. */
export type SessionIdMask = (rest: Uint8Array) => Uint8Array;

/** What ids say, in the clear unless there is a mask. Whatever is absent is random. */
export interface SessionIdLayout {
  /** 0..255. */
  readonly nodeId?: number | undefined;
  /** 0..255: lets the kernel steer a hello that resumes to the thread that has the session. */
  readonly worker?: number | undefined;
  /** Hides node and worker from everyone who has not the same mask. */
  readonly mask?: SessionIdMask | undefined;
}

/** Checks the numbers of a layout once, where it is configured. */
export function assertSessionIdLayout({ nodeId = 0, worker = 0 }: SessionIdLayout): void {
  for (const octet of [nodeId, worker]) {
    assert(Number.isInteger(octet) && octet >= 0 && octet <= 255, `Cannot put ${octet} into one byte of a session id`);
  }
}

/** A fresh id; at least 30 of its bytes are random. */
export function makeSessionId(random: Random, layout: SessionIdLayout): Uint8Array {
  const id = random.bytes(SESSION_ID_SIZE);
  const { nodeId, worker, mask } = layout;
  if (nodeId !== undefined) id[SESSION_ID_NODE_AT] = nodeId;
  if (worker !== undefined) id[SESSION_ID_WORKER_AT] = worker;
  if (mask !== undefined) applyMask(id, mask);
  return id;
}

/** The bytes of an id at the places of node and worker, bared. */
export function readSessionIdHome(
  id: Uint8Array,
  mask: SessionIdMask | undefined,
): { readonly nodeId: number; readonly worker: number } {
  const bared = mask === undefined ? id : id.slice();
  if (mask !== undefined) applyMask(bared, mask);
  return { nodeId: bared[SESSION_ID_NODE_AT] ?? 0, worker: bared[SESSION_ID_WORKER_AT] ?? 0 };
}

/** Its own inverse. */
function applyMask(id: Uint8Array, mask: SessionIdMask): void {
  const bytes = mask(id.subarray(SESSION_ID_WORKER_AT + 1));
  for (const at of [SESSION_ID_NODE_AT, SESSION_ID_WORKER_AT]) id[at] = (id[at] ?? 0) ^ (bytes[at] ?? 0);
}
