// Bearer tokens of service accounts: signature, time, audience, and that account and bound object still live.
import type { UserInfo } from "../core/registry/environment.ts";
import type { CacheDirectory } from "../core/registry/environment.ts";
import { type AuthenticationMethod, bearerToken } from "./authentication.ts";
import { DEFAULT_AUDIENCES, type ServiceAccountTokens, type TokenClaims } from "./service-account-tokens.ts";

/** Checked signatures are remembered, at most this many: checking one costs a tenth of a millisecond. */
const REMEMBERED_MAX = 1024;

/** A good token's user and the audiences it was accepted for. */
export interface TokenVerdict {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/** Knows users by the tokens this server signed. */
export class TokenAuthentication implements AuthenticationMethod {
  readonly #tokens: ServiceAccountTokens;
  readonly #caches: CacheDirectory;
  readonly #wallMs: () => number;
  readonly #remembered: Map<string, TokenClaims> = new Map();

  constructor(tokens: ServiceAccountTokens, caches: CacheDirectory, wallMs: () => number) {
    this.#tokens = tokens;
    this.#caches = caches;
    this.#wallMs = wallMs;
  }

  authenticate(request: Request): Promise<UserInfo | "rejected"> | undefined {
    const token = bearerToken(request);
    if (token === undefined) return undefined;
    return this.check(token, DEFAULT_AUDIENCES).then((verdict) => verdict?.user ?? "rejected");
  }

  /** The verdict on a token for any of these audiences; `undefined` when it is no good. */
  async check(token: string, audiences: readonly string[]): Promise<TokenVerdict | undefined> {
    const claims = await this.#claimsOf(token);
    if (claims === undefined || !this.#isAlive(claims)) return undefined;
    const accepted = audiences.filter((audience) => claims.audiences.includes(audience));
    if (accepted.length === 0) return undefined;
    return { user: userOf(claims), audiences: accepted };
  }

  async #claimsOf(token: string): Promise<TokenClaims | undefined> {
    const known = this.#remembered.get(token);
    if (known !== undefined) return known;
    const claims = await this.#tokens.verify(token);
    if (claims === undefined) return undefined;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(token, claims);
    return claims;
  }

  #isAlive(claims: TokenClaims): boolean {
    const nowSeconds = this.#wallMs() / 1000;
    if (nowSeconds >= claims.expiresAt || nowSeconds < claims.issuedAt - 60) return false;
    const { subject, bound } = claims;
    if (!this.#exists("serviceaccounts", subject.namespace, subject)) return false;
    if (bound === undefined) return true;
    const plural = `${bound.kind.toLowerCase()}s`;
    return this.#exists(plural, bound.kind === "Node" ? "" : subject.namespace, bound);
  }

  #exists(plural: string, namespace: string, object: { readonly name: string; readonly uid: string }): boolean {
    const cache = this.#caches.find("", plural);
    const place = namespace === "" ? "" : `${namespace}/`;
    const found = cache?.get(`${cache.prefix}${place}${object.name}`);
    return found !== undefined && found.metadata.uid === object.uid && found.metadata.deletionTimestamp === undefined;
  }
}

function userOf(claims: TokenClaims): UserInfo {
  const { subject, bound } = claims;
  const extra: Record<string, readonly string[]> = {
    "authentication.kubernetes.io/credential-id": [`JTI=${claims.id}`],
  };
  if (bound !== undefined && bound.kind !== "Secret") {
    const kind = bound.kind.toLowerCase();
    extra[`authentication.kubernetes.io/${kind}-name`] = [bound.name];
    extra[`authentication.kubernetes.io/${kind}-uid`] = [bound.uid];
  }
  return {
    name: `system:serviceaccount:${subject.namespace}:${subject.name}`,
    uid: subject.uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${subject.namespace}`],
    extra,
  };
}
