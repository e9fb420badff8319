// Tokens of service accounts, for an audience and perhaps bound to a pod (authentication.k8s.io/v1 TokenRequest).
import { assert, type Millis } from "@coracle/base";
import { type GroupVersionResource, type KubeObject } from "../mod.ts";
import { KubeAnswerError } from "./client-error.ts";
import type { KubeClient } from "./kube-client.ts";

/** The object whose deletion ends a token: the pod it is for, usually. */
export interface BoundObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
}

/** Which token to ask for. */
export interface TokenRequestOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Whom the token is for; empty means the API server itself. */
  readonly audiences?: readonly string[];
  /** At least 600, which is also the least a server grants. Default 3600. */
  readonly expirationSeconds?: number;
  readonly boundObject?: BoundObjectReference;
}

/** A token and how long it lives. Never log it. */
export interface ServiceAccountToken {
  readonly token: string;
  /** Life granted by the server, counted from the request: independent of the clocks' difference. */
  readonly lifeMs: number;
}

const SERVICE_ACCOUNTS: GroupVersionResource = { group: "", version: "v1", resource: "serviceaccounts" };
const EXPIRATION_SECONDS = 3600;
const EXPIRATION_SECONDS_MIN = 600;
/** The kubelet renews at this share of a token's life. */
const RENEW_SHARE = 0.8;
/** Tokens kept; asking for one more forgets the one asked for longest ago. */
const TOKENS_MAX = 1000;

/** Asks for a new token. Throws StatusError (403 without permission, 404 without such an account). */
export async function requestToken(
  client: KubeClient,
  options: TokenRequestOptions,
  signal?: AbortSignal,
): Promise<ServiceAccountToken> {
  const { namespace, serviceAccount, audiences = [], boundObject } = options;
  const expirationSeconds = options.expirationSeconds ?? EXPIRATION_SECONDS;
  assert(
    expirationSeconds >= EXPIRATION_SECONDS_MIN,
    `Cannot ask for a token of less than ${EXPIRATION_SECONDS_MIN} s: current value is ${expirationSeconds}`,
  );
  const request: KubeObject = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    metadata: {},
    spec: { audiences, expirationSeconds, ...(boundObject === undefined ? {} : { boundObjectRef: boundObject }) },
  };
  const answer = await client.create(SERVICE_ACCOUNTS, request, {
    target: { namespace, name: serviceAccount, subresource: "token" },
    signal,
  });
  const token = member(answer["status"], "token");
  if (typeof token !== "string" || token === "") {
    throw new KubeAnswerError(
      "NOT_AN_OBJECT",
      `Cannot take the token of ${namespace}/${serviceAccount}: the answer has none`,
    );
  }
  const granted = member(answer["spec"], "expirationSeconds");
  return { token, lifeMs: (typeof granted === "number" && granted > 0 ? granted : expirationSeconds) * 1000 };
}

interface CachedToken {
  readonly token: string;
  readonly renewAt: Millis;
  readonly expiresAt: Millis;
}

/** Tokens by account, audience and bound object; each asked for again at 80 % of its life. */
export class TokenRequestSource {
  readonly #client: KubeClient;
  readonly #tokens: Map<string, CachedToken> = new Map();
  readonly #running: Map<string, Promise<string>> = new Map();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** How many tokens are kept. */
  get size(): number {
    return this.#tokens.size;
  }

  /**
   * A token with at least a fifth of its life left, or the old one for as long as it lives when no new one is to be had. Calls for
   * the same token share one request.
   */
  async token(options: TokenRequestOptions): Promise<string> {
    const key = keyOf(options);
    const cached = this.#tokens.get(key);
    if (cached !== undefined && this.#client.clock.now() < cached.renewAt) return cached.token;
    let running = this.#running.get(key);
    if (running === undefined) {
      running = this.#renew(key, options).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  async #renew(key: string, options: TokenRequestOptions): Promise<string> {
    const { clock } = this.#client;
    // Counted from before the request: the answer's way back is not added to the token's life.
    const askedAt = clock.now();
    try {
      const { token, lifeMs } = await requestToken(this.#client, options);
      this.#remember(key, {
        token,
        renewAt: (askedAt + lifeMs * RENEW_SHARE) as Millis,
        expiresAt: (askedAt + lifeMs) as Millis,
      });
      return token;
    } catch (error) {
      const old = this.#tokens.get(key);
      if (old === undefined || clock.now() >= old.expiresAt) throw error;
      return old.token;
    }
  }

  #remember(key: string, token: CachedToken): void {
    this.#tokens.delete(key);
    this.#tokens.set(key, token);
    if (this.#tokens.size <= TOKENS_MAX) return;
    const oldest = this.#tokens.keys().next();
    if (oldest.done !== true) this.#tokens.delete(oldest.value);
  }
}

function keyOf(options: TokenRequestOptions): string {
  const { namespace, serviceAccount, audiences = [], expirationSeconds, boundObject } = options;
  const { apiVersion, kind, name, uid } = boundObject ?? {};
  return JSON.stringify([namespace, serviceAccount, audiences, expirationSeconds, apiVersion, kind, name, uid]);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
