// The cookie jar of a server on its own: a random key, replaced every minute, the one before still accepted.
import type { Millis, Random } from "@coracle/base";
import type { CryptoProvider } from "../crypto-provider.ts";
import type { ClientHello } from "../handshake/client-hello.ts";
import { type CookieJar, type CookieKey, HmacCookieJar } from "../handshake/cookie.ts";

const ROTATION_MS = 60_000;
const KEY_SIZE = 32;

/** Rotates when it is used, so an idle server needs no timer for it. */
export class RotatingCookieJar implements CookieJar {
  readonly #random: Random;
  readonly #jar: HmacCookieJar;
  #current: CookieKey;
  #rotatedAt: Millis | undefined;

  constructor(crypto: CryptoProvider, random: Random) {
    this.#random = random;
    this.#current = { id: 0, key: random.bytes(KEY_SIZE) };
    this.#jar = new HmacCookieJar(crypto, [this.#current]);
  }

  /** Replaces the key if its time is over; after a longer pause the old one is not accepted any more. */
  rotate(now: Millis): void {
    const ageMs = this.#rotatedAt === undefined ? 0 : now - this.#rotatedAt;
    this.#rotatedAt ??= now;
    if (ageMs < ROTATION_MS) return;
    const previous = this.#current;
    this.#current = { id: (previous.id + 1) & 0xff, key: this.#random.bytes(KEY_SIZE) };
    this.#jar.setKeys(ageMs < 2 * ROTATION_MS ? [this.#current, previous] : [this.#current]);
    this.#rotatedAt = now;
  }

  make(peer: string, hello: ClientHello): Uint8Array {
    return this.#jar.make(peer, hello);
  }

  accepts(peer: string, hello: ClientHello): boolean {
    return this.#jar.accepts(peer, hello);
  }
}
