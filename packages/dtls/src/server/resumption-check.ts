// Whether a session that a hello names may be resumed: the terms are the same, and whoever it was may still come in.
import type { Millis } from "@coracle/base";
import type { PeerIdentity } from "../connection/identity.ts";
import type { CryptoProvider } from "../crypto-provider.ts";
import type { ClientHello } from "../handshake/client-hello.ts";
import { PSK_CHECK_SIZE } from "../session/session-slab.ts";
import type { FoundSession } from "../session/session-store.ts";
import { type CipherSuite, cipherSuiteByCode } from "../suite/cipher-suite.ts";
import type { ServerHandshakeContext } from "./server-context.ts";

/** A hello that may name a session. */
interface ResumingHello {
  readonly hello: ClientHello;
  readonly serverName: string | undefined;
  readonly now: Millis;
}

/** The session to resume. With `undefined` the handshake goes on in full, which is never an error (RFC 5246 §7.4.1.3). */
export function findResumable(
  context: ServerHandshakeContext,
  { hello, serverName, now }: ResumingHello,
): { readonly session: FoundSession; readonly suite: CipherSuite } | undefined {
  if (hello.sessionId.length === 0) return undefined;
  const session = context.sessions?.find(hello.sessionId, now);
  if (session === undefined || session.serverName !== serverName) return undefined;
  // The suite must still be one of ours and in this hello, or the session is not resumed (RFC 5246 §7.4.1.2).
  const suite = cipherSuiteByCode(session.suite);
  if (suite === undefined || !context.suites.includes(suite)) return undefined;
  if (!hello.cipherSuites.includes(suite.code) || !isStillWelcome(context, session, suite)) return undefined;
  return { session, suite };
}

/**
 * What ties a stored session to the pre-shared key it was made with. Under the master secret, so that it says nothing of the
 * key to whoever has not both.
 */
export function pskCheckOf(crypto: CryptoProvider, masterSecret: Uint8Array, psk: Uint8Array): Uint8Array {
  return crypto.hmac("sha256", masterSecret, psk).slice(0, PSK_CHECK_SIZE);
}

/** A key or trust that was taken back since the full handshake must not live on in a resumed session. */
function isStillWelcome(context: ServerHandshakeContext, session: FoundSession, suite: CipherSuite): boolean {
  const { identity } = session;
  switch (identity.kind) {
    case "psk":
      return hasSameKey(context, session, identity.identity);
    case "anonymous":
      return suite.keyExchange === "ecdhe-ecdsa" && context.clientCertificate !== "required";
    case "x509":
    case "raw-public-key":
      return isStillTrusted(context, identity);
  }
}

function hasSameKey(context: ServerHandshakeContext, session: FoundSession, identity: Uint8Array): boolean {
  const psk = context.psk?.(identity);
  if (psk === undefined) return false;
  const { crypto } = context;
  return crypto.constantTimeEqual(pskCheckOf(crypto, session.masterSecret, psk), session.pskCheck);
}

/** Asks the verifier again: authorities may have changed and certificates expired. */
function isStillTrusted(
  context: ServerHandshakeContext,
  identity: Extract<PeerIdentity, { kind: "x509" | "raw-public-key" }>,
): boolean {
  if (!context.clientCertificateTypes.includes(identity.kind)) return false;
  const verdict = context.verifyPeer?.(identity, undefined);
  if (verdict?.ok !== true) return false;
  return identity.kind === "raw-public-key" || verdict.value === identity.name;
}
