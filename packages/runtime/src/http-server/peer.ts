// Who a connection's client is: its address and the certificate it showed.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { describeCertificate } from "../crypto/certificate.ts";
import type { PeerCertificate, PeerInfo } from "./types.ts";

/** Describes the client of a socket; `tls` is the socket after its handshake. */
export function peerOf(socket: Socket, tls: TLSSocket | undefined, hasClientCa: boolean): PeerInfo {
  const certificate = tls === undefined ? undefined : certificateOf(tls);
  return {
    remoteAddress: withoutMapping(socket.remoteAddress ?? ""),
    remotePort: socket.remotePort ?? 0,
    protocol: tls?.alpnProtocol === "h2" ? "h2" : "http/1.1",
    encrypted: tls !== undefined,
    certificate,
    // Without authorities of our own the runtime would check against the public ones: those say nothing about our clients.
    certificateVerified: certificate !== undefined && hasClientCa && tls?.authorized === true,
  };
}

function certificateOf(tls: TLSSocket): PeerCertificate | undefined {
  const x509 = tls.getPeerX509Certificate();
  if (x509 === undefined) return undefined;
  try {
    const parsed = describeCertificate(x509);
    return {
      subject: parsed.subject,
      issuerCN: parsed.issuer.CN ?? "",
      fingerprint256: parsed.fingerprint256,
      serialNumber: parsed.serialNumber,
      validFromMs: parsed.validFromMs,
      validToMs: parsed.validToMs,
      pem: parsed.pem,
    };
  } catch {
    // A client may show anything; what cannot be read identifies nobody.
    return undefined;
  }
}

/** A dual-stack socket shows IPv4 clients as `::ffff:1.2.3.4` (RFC 4291 §2.5.5.2). */
function withoutMapping(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
