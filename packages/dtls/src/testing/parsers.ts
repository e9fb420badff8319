// Everything that reads bytes of a peer: none of it throws, whatever they are.
import { parseAlert } from "../alert/alert.ts";
import { parseCertificateTypeOffer } from "../extension/certificate-type.ts";
import { parseConnectionId } from "../extension/connection-id.ts";
import { parseUint16List } from "../extension/extension.ts";
import { parseServerName } from "../extension/server-name.ts";
import { parseCertificateChain, parseRawPublicKey } from "../handshake/certificate.ts";
import { parseCertificateRequest } from "../handshake/certificate-request.ts";
import { parseCertificateVerify } from "../handshake/certificate-verify.ts";
import { parseClientHello } from "../handshake/client-hello.ts";
import { parseClientKeyExchange } from "../handshake/client-key-exchange.ts";
import { parseFragments } from "../handshake/handshake-header.ts";
import { parseHelloVerifyRequest } from "../handshake/hello-verify-request.ts";
import { parseServerHello } from "../handshake/server-hello.ts";
import { parseEcdheEcdsa, parseEcdhePsk, parsePskHint } from "../handshake/server-key-exchange.ts";
import { findCid, parseRecordHeader, resumptionHome } from "../mod.ts";
import { parsePathMessage } from "../path/path-message.ts";

/** Each is given any bytes and answers `undefined`, or nothing found, for those it cannot read. */
export const PARSERS: readonly ((input: Uint8Array) => unknown)[] = [
  parseAlert,
  parseCertificateChain,
  parseRawPublicKey,
  parseCertificateRequest,
  parseCertificateVerify,
  parseClientHello,
  (input) => parseClientKeyExchange("psk", input),
  (input) => parseClientKeyExchange("ecdhe-psk", input),
  (input) => parseClientKeyExchange("ecdhe-ecdsa", input),
  parseServerHello,
  parseHelloVerifyRequest,
  parseEcdheEcdsa,
  parseEcdhePsk,
  parsePskHint,
  parseFragments,
  parseServerName,
  parseConnectionId,
  parseCertificateTypeOffer,
  parseUint16List,
  parsePathMessage,
  (input) => findCid(input, () => 6),
  (input) => resumptionHome(input, 0, input.length),
  (input) => parseRecordHeader(input, 0, () => 20),
];
