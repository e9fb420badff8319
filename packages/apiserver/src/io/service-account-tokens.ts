// Service account tokens: JSON Web Tokens (RFC 7519, ES256) signed with the server's own key, bound to objects by uid.
import { isJsonObject, type JsonObject } from "@coracle/api";
import { decodeBase64Url, encodeBase64Url } from "@coracle/base";
import { uuid } from "@coracle/runtime";
import type { DataFolder } from "./pki/data-folder.ts";

/** Who a token is for. */
export interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object a token is bound to: it is good only while the object lives. */
export interface BoundObject {
  readonly kind: "Pod" | "Secret" | "Node";
  readonly name: string;
  readonly uid: string;
}

/** What a token says. */
export interface TokenClaims {
  readonly subject: TokenSubject;
  readonly audiences: readonly string[];
  readonly bound: BoundObject | undefined;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly id: string;
}

/** The issuer of a server on its own, and its default audience. */
export const TOKEN_ISSUER = "https://kubernetes.default.svc.cluster.local";
export const DEFAULT_AUDIENCES: readonly string[] = [TOKEN_ISSUER];

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const TOKEN_SIZE_MAX = 8192;

/** A private key as JSON (RFC 7517). */
type SigningKey = Awaited<ReturnType<typeof exportJwk>> & { readonly kid?: string };

function exportJwk(key: CryptoKey) {
  return crypto.subtle.exportKey("jwk", key);
}

/** Signs and checks tokens. */
export class ServiceAccountTokens {
  readonly #privateKey: CryptoKey;
  readonly #publicKey: CryptoKey;
  readonly #keyId: string;

  private constructor(privateKey: CryptoKey, publicKey: CryptoKey, keyId: string) {
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#keyId = keyId;
  }

  /** Reads the key from the folder, or makes it. */
  static async open(folder: DataFolder): Promise<ServiceAccountTokens> {
    const stored = await folder.readText("pki/service-account.jwk");
    const jwk = stored === undefined ? await makeKey(folder) : (JSON.parse(stored) as SigningKey);
    const privateKey = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, false, ["sign"]);
    const { d: _secret, key_ops: _operations, ...open } = jwk;
    const publicKey = await crypto.subtle.importKey("jwk", open, ALGORITHM, false, ["verify"]);
    return new ServiceAccountTokens(privateKey, publicKey, jwk.kid ?? "");
  }

  /** A signed token. */
  async sign(claims: Omit<TokenClaims, "id">): Promise<string> {
    const header = { alg: "ES256", kid: this.#keyId, typ: "JWT" };
    const { subject, bound } = claims;
    const boundClaim = bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } };
    const payload = {
      aud: claims.audiences,
      exp: claims.expiresAt,
      iat: claims.issuedAt,
      nbf: claims.issuedAt,
      iss: TOKEN_ISSUER,
      jti: uuid(),
      sub: `system:serviceaccount:${subject.namespace}:${subject.name}`,
      "kubernetes.io": {
        namespace: subject.namespace,
        ...boundClaim,
        serviceaccount: { name: subject.name, uid: subject.uid },
      },
    };
    const signed = `${encodeJson(header)}.${encodeJson(payload)}`;
    const bytes = new TextEncoder().encode(signed);
    const signature = await crypto.subtle.sign(SIGNATURE, this.#privateKey, bytes);
    return `${signed}.${encodeBase64Url(new Uint8Array(signature))}`;
  }

  /** The claims of a token whose signature is ours; `undefined` for anything else. Times are not looked at. */
  async verify(token: string): Promise<TokenClaims | undefined> {
    const parts = token.split(".");
    const [header, payload, signature] = parts;
    if (token.length > TOKEN_SIZE_MAX || parts.length !== 3) return undefined;
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    if (decodeJson(header)?.["alg"] !== "ES256") return undefined;
    const bytes = decodeBase64Url(signature);
    if (bytes === undefined) return undefined;
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    if (!(await crypto.subtle.verify(SIGNATURE, this.#publicKey, bytes, signed))) return undefined;
    const claims = decodeJson(payload);
    return claims === undefined ? undefined : claimsOf(claims);
  }
}

async function makeKey(folder: DataFolder): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const jwk = { ...(await exportJwk(pair.privateKey)), kid: uuid() };
  await folder.writeSecret("pki/service-account.jwk", JSON.stringify(jwk));
  return jwk;
}

function claimsOf(payload: JsonObject): TokenClaims | undefined {
  const { aud, exp, iat, jti } = payload;
  const private_ = payload["kubernetes.io"];
  if (!isJsonObject(private_) || typeof exp !== "number" || typeof iat !== "number") return undefined;
  const account = private_["serviceaccount"];
  const namespace = private_["namespace"];
  if (!isJsonObject(account) || typeof namespace !== "string") return undefined;
  if (typeof account["name"] !== "string" || typeof account["uid"] !== "string" || !Array.isArray(aud))
    return undefined;
  return {
    subject: { namespace, name: account["name"], uid: account["uid"] },
    audiences: aud.filter((one) => typeof one === "string"),
    bound: boundOf(private_),
    issuedAt: iat,
    expiresAt: exp,
    id: typeof jti === "string" ? jti : "",
  };
}

function boundOf(claims: JsonObject): BoundObject | undefined {
  for (const kind of ["Pod", "Secret", "Node"] as const) {
    const object = claims[kind.toLowerCase()];
    if (isJsonObject(object) && typeof object["name"] === "string" && typeof object["uid"] === "string") {
      return { kind, name: object["name"], uid: object["uid"] };
    }
  }
  return undefined;
}

function encodeJson(value: object): string {
  return encodeBase64Url(new TextEncoder().encode(JSON.stringify(value)));
}

function decodeJson(text: string): JsonObject | undefined {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
