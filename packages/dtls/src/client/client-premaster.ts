// The client's half of key agreement: checks the server's parameters, makes its own, gives the premaster secret.
import { drawKeyShare, fail, type HandshakeFailure } from "../connection/handshake-context.ts";
import type { NegotiatedParameters } from "../connection/handshake-secrets.ts";
import type { PresentedKey } from "../connection/identity.ts";
import { hashOfScheme } from "../extension/signature-algorithms.ts";
import { groupByNumber, isAgreedForm } from "../extension/supported-groups.ts";
import type { ClientKeyExchange } from "../handshake/client-key-exchange.ts";
import {
  type EcParameters,
  encodeEcParameters,
  parseEcdheEcdsa,
  parseEcdhePsk,
  parsePskHint,
} from "../handshake/server-key-exchange.ts";
import { ecdhePskPremasterSecret, pskPremasterSecret } from "../suite/premaster-secret.ts";
import type { ClientHandshakeContext } from "./client-context.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Both halves joined. */
export interface AgreedPremaster {
  readonly kind: "agreed";
  readonly premaster: Uint8Array;
  /** What to send to the server. */
  readonly exchange: ClientKeyExchange;
}

/** `keyExchange` is the body of ServerKeyExchange, empty if there was none. */
export function agreeOnPremaster(
  context: ClientHandshakeContext,
  negotiated: NegotiatedParameters,
  keyExchange: Uint8Array,
  presented: PresentedKey | undefined,
): AgreedPremaster | HandshakeFailure {
  switch (negotiated.suite.keyExchange) {
    case "psk":
      return agreePsk(context, keyExchange);
    case "ecdhe-psk":
      return agreeEcdhePsk(context, keyExchange);
    case "ecdhe-ecdsa":
      return agreeEcdheEcdsa(context, negotiated, keyExchange, presented);
  }
}

function agreePsk(context: ClientHandshakeContext, keyExchange: Uint8Array): AgreedPremaster | HandshakeFailure {
  if (keyExchange.length > 0 && parsePskHint(keyExchange) === undefined) {
    return fail("decodeError", "ServerKeyExchange is malformed");
  }
  const { psk } = context;
  if (psk === undefined) return fail("internalError", "there is no pre-shared key");
  const exchange = { identity: psk.identity, publicKey: NO_BYTES };
  return { kind: "agreed", premaster: pskPremasterSecret(psk.key), exchange };
}

function agreeEcdhePsk(context: ClientHandshakeContext, keyExchange: Uint8Array): AgreedPremaster | HandshakeFailure {
  const parsed = parseEcdhePsk(keyExchange);
  if (parsed === undefined) return fail("decodeError", "ServerKeyExchange is malformed");
  const { psk } = context;
  if (psk === undefined) return fail("internalError", "there is no pre-shared key");
  const agreed = agree(context, parsed.parameters);
  if (agreed.kind === "fail") return agreed;
  const exchange = { identity: psk.identity, publicKey: agreed.publicKey };
  return { kind: "agreed", premaster: ecdhePskPremasterSecret(agreed.shared, psk.key), exchange };
}

function agreeEcdheEcdsa(
  context: ClientHandshakeContext,
  negotiated: NegotiatedParameters,
  keyExchange: Uint8Array,
  presented: PresentedKey | undefined,
): AgreedPremaster | HandshakeFailure {
  const parsed = parseEcdheEcdsa(keyExchange);
  if (parsed === undefined) return fail("decodeError", "ServerKeyExchange is malformed");
  const { parameters, signed } = parsed;
  const hash = hashOfScheme(signed.scheme);
  const publicKey =
    presented?.kind === "x509"
      ? context.crypto.certificatePublicKey(presented.chain[0] ?? NO_BYTES)
      : presented?.publicKey;
  if (hash === undefined || !context.signatureSchemes.includes(signed.scheme)) {
    return fail("illegalParameter", "the server signs with what was not offered");
  }
  if (publicKey === undefined) return fail("badCertificate", "the server's key cannot be read");
  const { client, server } = negotiated.randoms;
  const covered = Uint8Array.from([...client, ...server, ...encodeEcParameters(parameters)]);
  if (!context.crypto.verify(publicKey, hash, covered, signed.signature)) {
    return fail("decryptError", "the server's signature is wrong");
  }
  const agreed = agree(context, parameters);
  if (agreed.kind === "fail") return agreed;
  return {
    kind: "agreed",
    premaster: agreed.shared,
    exchange: { identity: NO_BYTES, publicKey: agreed.publicKey },
  };
}

function agree(
  context: ClientHandshakeContext,
  parameters: EcParameters,
): { readonly kind: "shared"; readonly shared: Uint8Array; readonly publicKey: Uint8Array } | HandshakeFailure {
  const group = groupByNumber(parameters.group);
  if (group === undefined || !context.groups.includes(group)) {
    return fail("illegalParameter", "the server chose a group that was not offered");
  }
  const share = drawKeyShare(context, group);
  if (share === undefined) return fail("internalError", "no key could be made");
  const shared = isAgreedForm(group, parameters.publicKey) ? share.agree(parameters.publicKey) : undefined;
  if (shared === undefined) return fail("illegalParameter", "the server's point is not valid");
  return { kind: "shared", shared, publicKey: share.publicKey };
}
