// Hello cookies that every node of a cluster accepts: keys from a shared secret and the wall clock.
import type { Clock } from "@coracle/base";
import { type CookieJar, type CryptoProvider, HmacCookieJar, sharedCookieKeys } from "@coracle/dtls";

/** A key makes cookies for this long; the ones before and after are accepted too. */
const PERIOD_MS = 60_000;
const LABEL = "coracle dtls cookie";

/** The key of the cluster's cookies, derived so that it tells nothing of the secret it comes from. */
export function cookieSecret(crypto: CryptoProvider, managementSecret: Uint8Array): Uint8Array {
  return crypto.hmac("sha256", managementSecret, new TextEncoder().encode(LABEL));
}

/** Follows the clock when it is used. `hint` is the node's id: it can be read from its cookies. */
export class SharedCookies implements CookieJar {
  readonly #crypto: CryptoProvider;
  readonly #secret: Uint8Array;
  readonly #clock: Clock;
  readonly #jar: HmacCookieJar;
  #period: number;

  constructor(crypto: CryptoProvider, secret: Uint8Array, options: { readonly clock: Clock; readonly hint: number }) {
    this.#crypto = crypto;
    this.#secret = secret;
    this.#clock = options.clock;
    const wallMs = options.clock.wallMs();
    this.#period = Math.floor(wallMs / PERIOD_MS);
    this.#jar = new HmacCookieJar(
      crypto,
      sharedCookieKeys(crypto, secret, { wallMs, periodMs: PERIOD_MS }),
      options.hint,
    );
  }

  make(...hello: Parameters<CookieJar["make"]>): Uint8Array {
    this.#follow();
    return this.#jar.make(...hello);
  }

  accepts(...hello: Parameters<CookieJar["accepts"]>): boolean {
    this.#follow();
    return this.#jar.accepts(...hello);
  }

  #follow(): void {
    const wallMs = this.#clock.wallMs();
    const period = Math.floor(wallMs / PERIOD_MS);
    if (period === this.#period) return;
    this.#period = period;
    this.#jar.setKeys(sharedCookieKeys(this.#crypto, this.#secret, { wallMs, periodMs: PERIOD_MS }));
  }
}
