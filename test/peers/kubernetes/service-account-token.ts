// Bound service-account tokens signed with the server's own key (KEP-1205; RFC 7519 with ES256).
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { SERVICE_ACCOUNT_ISSUER } from "./kube-apiserver-flags.ts";

/** Which service account a token is for; the uid must be that of the live object. */
export interface ServiceAccountIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Clocks may differ: the server takes a token for a minute longer than it says. */
const LEEWAY_SECONDS = 60;

/** A token as TokenRequest would have issued it, that the server refuses `lifetimeSeconds` from now. */
export function signServiceAccountToken(
  privateKeyPem: string,
  account: ServiceAccountIdentity,
  lifetimeSeconds: number,
): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "ES256", typ: "JWT" };
  const claims = {
    iss: SERVICE_ACCOUNT_ISSUER,
    sub: `system:serviceaccount:${account.namespace}:${account.name}`,
    aud: [SERVICE_ACCOUNT_ISSUER],
    iat: now - 2 * LEEWAY_SECONDS,
    nbf: now - 2 * LEEWAY_SECONDS,
    exp: now + lifetimeSeconds - LEEWAY_SECONDS,
    jti: randomUUID(),
    "kubernetes.io": { namespace: account.namespace, serviceaccount: { name: account.name, uid: account.uid } },
  };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  // JWS wants r and s side by side, not the ASN.1 sequence (RFC 7518, 3.4).
  const signature = sign("sha256", Buffer.from(signed), {
    key: createPrivateKey(privateKeyPem),
    dsaEncoding: "ieee-p1363",
  });
  return `${signed}.${signature.toString("base64url")}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
