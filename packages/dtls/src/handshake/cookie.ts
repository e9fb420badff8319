// Stateless cookies (RFC 6347 §4.2.1) under keys that rotate and that a cluster may share.
import type { CryptoProvider } from "../crypto-provider.ts";
import type { ClientHello } from "./client-hello.ts";

/** Bytes of the MAC in a cookie. */
const MAC_SIZE = 16;
/** Bytes of a cookie: key id, hint, MAC. Smaller than any ClientHello, so the answer never amplifies. */
export const COOKIE_SIZE: number = 2 + MAC_SIZE;

/** A cookie key; its id is the first byte of its cookies. */
export interface CookieKey {
  /** 0..255. */
  readonly id: number;
  readonly key: Uint8Array;
}

/** The keys in use: the first makes cookies, all are accepted. */
export type CookieKeys = readonly [CookieKey, ...CookieKey[]];

/** Makes and checks cookies: replaceable, as a cluster may have its own layout. */
export interface CookieJar {
  /** The cookie of a ClientHello from `peer`; at most 255 bytes. */
  make(peer: string, hello: ClientHello): Uint8Array;
  /** True if `hello.cookie` is one that this jar, or one with the same keys, made for it. */
  accepts(peer: string, hello: ClientHello): boolean;
}

/** HMAC-SHA256, cut to 16 bytes, over the peer's address and what of its hello must not change. */
export class HmacCookieJar implements CookieJar {
  readonly #crypto: CryptoProvider;
  readonly #hint: number;
  #keys: CookieKeys;

  /** `hint` is a byte of the maker's choice, such as its node id, readable by a router and protected by the MAC. */
  constructor(crypto: CryptoProvider, keys: CookieKeys, hint = 0) {
    this.#crypto = crypto;
    this.#keys = keys;
    this.#hint = hint & 0xff;
  }

  /** Replaces the keys; keep the one before among them for a while. */
  setKeys(keys: CookieKeys): void {
    this.#keys = keys;
  }

  make(peer: string, hello: ClientHello): Uint8Array {
    return this.#seal(this.#keys[0], this.#hint, peer, hello);
  }

  accepts(peer: string, hello: ClientHello): boolean {
    const [id, hint] = hello.cookie;
    if (hello.cookie.length !== COOKIE_SIZE || id === undefined || hint === undefined) return false;
    const key = this.#keys.find((candidate) => candidate.id === id);
    if (key === undefined) return false;
    return this.#crypto.constantTimeEqual(this.#seal(key, hint, peer, hello), hello.cookie);
  }

  #seal(key: CookieKey, hint: number, peer: string, hello: ClientHello): Uint8Array {
    const cookie = new Uint8Array(COOKIE_SIZE);
    cookie[0] = key.id;
    cookie[1] = hint;
    const mac = this.#crypto.hmac("sha256", key.key, coveredBytes(hint, peer, hello));
    cookie.set(mac.subarray(0, MAC_SIZE), 2);
    return cookie;
  }
}

/** The hint byte of a cookie in this layout, for a router that wants to know who made it. */
export function cookieHint(cookie: Uint8Array): number | undefined {
  return cookie.length === COOKIE_SIZE ? cookie[1] : undefined;
}

/**
 * The keys of a cluster at a wall-clock time, from one shared secret: those of this period, of the one before and of the
 * one after, so that nodes whose clocks differ by less than a period accept each other's cookies.
 */
export function sharedCookieKeys(
  crypto: CryptoProvider,
  secret: Uint8Array,
  time: { readonly wallMs: number; readonly periodMs: number },
): CookieKeys {
  const period = Math.floor(time.wallMs / time.periodMs);
  const keyOf = (number: number): CookieKey => ({
    id: ((number % 256) + 256) % 256,
    key: crypto.hmac("sha256", secret, new TextEncoder().encode(`coracle cookie ${number}`)),
  });
  return [keyOf(period), keyOf(period - 1), keyOf(period + 1)];
}

function coveredBytes(hint: number, peer: string, hello: ClientHello): Uint8Array {
  const address = new TextEncoder().encode(peer);
  const suites = Uint8Array.from(hello.cipherSuites.flatMap((code) => [code >>> 8, code & 0xff]));
  const version = Uint8Array.of(hello.version >>> 8, hello.version & 0xff);
  const parts = [
    Uint8Array.of(hint),
    address,
    version,
    hello.random,
    hello.sessionId,
    suites,
    hello.compressionMethods,
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 2 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes[at] = part.length >>> 8;
    bytes[at + 1] = part.length & 0xff;
    bytes.set(part, at + 2);
    at += 2 + part.length;
  }
  return bytes;
}
