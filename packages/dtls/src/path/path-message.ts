// Messages of the return routability check (RFC 9853 §4): type and an eight-byte cookie.

/** Bytes of a cookie. */
export const PATH_COOKIE_SIZE = 8;

/** What a message says. */
export type PathMessageKind = "challenge" | "response" | "drop";

const KINDS: readonly PathMessageKind[] = ["challenge", "response", "drop"];

/** One message. */
export interface PathMessage {
  readonly kind: PathMessageKind;
  readonly cookie: Uint8Array;
}

export function encodePathMessage(message: PathMessage): Uint8Array {
  const bytes = new Uint8Array(1 + PATH_COOKIE_SIZE);
  bytes[0] = KINDS.indexOf(message.kind);
  bytes.set(message.cookie, 1);
  return bytes;
}

/** `undefined` if malformed or of an unknown type, both to be ignored. */
export function parsePathMessage(bytes: Uint8Array): PathMessage | undefined {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  if (kind === undefined || bytes.length !== 1 + PATH_COOKIE_SIZE) return undefined;
  return { kind, cookie: bytes.slice(1) };
}
