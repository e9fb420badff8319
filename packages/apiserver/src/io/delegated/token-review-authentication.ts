// Bearer tokens checked by kube-apiserver (TokenReview), with answers believed for ten seconds.
import type { Clock } from "@coracle/base";
import { type KubeClient, reviewToken, type TokenReviewResult } from "@coracle/kube/io";
import { sha256Hex } from "@coracle/runtime";
import { ExpiringCache } from "../../core/auth/expiring-cache.ts";
import type { UserInfo } from "../../core/registry/environment.ts";
import { type AuthenticationMethod, bearerToken } from "../authentication.ts";

const BELIEVED_MS = 10_000;
const CACHED_MAX = 4096;
const CALL_TIMEOUT_MS = 10_000;
const TOKEN_SIZE_MAX = 16_384;

/** Knows users by tokens another server vouches for. */
export class TokenReviewAuthentication implements AuthenticationMethod {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #answers: ExpiringCache<UserInfo | "rejected"> = new ExpiringCache(CACHED_MAX);
  readonly #asking: Map<string, Promise<UserInfo | "rejected">> = new Map();

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  authenticate(request: Request): Promise<UserInfo | "rejected"> | UserInfo | "rejected" | undefined {
    const token = bearerToken(request);
    if (token === undefined) return undefined;
    if (token.length > TOKEN_SIZE_MAX) return "rejected";
    // The token itself is not kept in memory longer than its request.
    const key = sha256Hex(token);
    const known = this.#answers.get(key, this.#clock.now());
    if (known !== undefined) return known;
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asked = this.#ask(key, token).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  async #ask(key: string, token: string): Promise<UserInfo | "rejected"> {
    const result = await reviewToken(this.#client, token, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    const verdict = result.authenticated ? userOf(result) : "rejected";
    this.#answers.set(key, verdict, { now: this.#clock.now(), ms: BELIEVED_MS });
    return verdict;
  }
}

function userOf(result: TokenReviewResult & { readonly authenticated: true }): UserInfo {
  const { username, uid, groups, extra } = result.user;
  return { name: username, uid, groups, extra };
}
