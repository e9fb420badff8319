// Client certificates: the common name is the user, each organisation a group (Kubernetes authentication, x509).
import type { PeerInfo } from "@coracle/runtime";
import { verifyCertificate } from "@coracle/runtime";
import type { UserInfo } from "../core/registry/environment.ts";
import type { AuthenticationMethod } from "./authentication.ts";

/** Verified certificates are remembered by fingerprint, at most this many. */
const REMEMBERED_MAX = 1024;
/** … and for this long, so that an expired certificate is noticed. */
const REMEMBERED_MS = 60_000;

interface Remembered {
  readonly user: UserInfo | undefined;
  readonly untilMs: number;
}

/** Accepts certificates of given authorities. */
export class CertificateAuthentication implements AuthenticationMethod {
  readonly #authorities: () => readonly string[];
  readonly #wallMs: () => number;
  readonly #remembered: Map<string, Remembered> = new Map();

  /** `authorities` gives PEM bundles and is asked anew for each certificate that is not remembered. */
  constructor(authorities: () => readonly string[], wallMs: () => number) {
    this.#authorities = authorities;
    this.#wallMs = wallMs;
  }

  authenticate(_request: Request, peer: PeerInfo): UserInfo | undefined {
    const { certificate } = peer;
    if (certificate === undefined) return undefined;
    const nowMs = this.#wallMs();
    const known = this.#remembered.get(certificate.fingerprint256);
    if (known !== undefined && known.untilMs > nowMs) return known.user;
    const verified = verifyCertificate(certificate.pem, this.#authorities(), { nowMs, usage: "client" });
    const name = certificate.subject.CN ?? "";
    const user =
      verified.ok && name !== ""
        ? { name, uid: "", groups: [...certificate.subject.O], extra: credentialId(certificate.fingerprint256) }
        : undefined;
    this.#remember(certificate.fingerprint256, { user, untilMs: nowMs + REMEMBERED_MS });
    return user;
  }

  /** Forgets what was verified: the authorities changed. */
  forget(): void {
    this.#remembered.clear();
  }

  #remember(fingerprint: string, entry: Remembered): void {
    if (this.#remembered.size >= REMEMBERED_MAX) {
      const oldest = this.#remembered.keys().next().value;
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(fingerprint, entry);
  }
}

/** Names the credential in audit trails without giving it away. */
function credentialId(fingerprint: string): UserInfo["extra"] {
  const hex = fingerprint.replaceAll(":", "").toLowerCase();
  return { "authentication.kubernetes.io/credential-id": [`X509SHA256=${hex}`] };
}
