// Requests that come through kube-apiserver: the proxy proves itself by certificate, then its headers say who the user is.
import { type PeerInfo, verifyCertificate } from "@coracle/runtime";
import { type AuthenticationSettings, isAllowedProxy, userOfProxyHeaders } from "../../core/auth/front-proxy.ts";
import type { UserInfo } from "../../core/registry/environment.ts";
import type { AuthenticationMethod } from "../authentication.ts";

const REMEMBERED_MAX = 256;
const REMEMBERED_MS = 60_000;

/** Trusts headers of a verified proxy only; for everyone else they do not exist. */
export class FrontProxyAuthentication implements AuthenticationMethod {
  readonly #settings: () => AuthenticationSettings;
  readonly #wallMs: () => number;
  readonly #verified: Map<string, { readonly trusted: boolean; readonly untilMs: number }> = new Map();

  constructor(settings: () => AuthenticationSettings, wallMs: () => number) {
    this.#settings = settings;
    this.#wallMs = wallMs;
  }

  authenticate(request: Request, peer: PeerInfo): UserInfo | undefined {
    const { certificate } = peer;
    const settings = this.#settings();
    if (certificate === undefined || settings.proxyCa === "") return undefined;
    if (!isAllowedProxy(settings, certificate.subject.CN ?? "")) return undefined;
    if (!settings.userHeaders.some((name) => request.headers.has(name))) return undefined;
    if (!this.#isVerified(certificate, settings.proxyCa)) return undefined;
    return userOfProxyHeaders(settings, request.headers.entries());
  }

  /** Forgets what was verified: the authorities changed. */
  forget(): void {
    this.#verified.clear();
  }

  #isVerified(certificate: NonNullable<PeerInfo["certificate"]>, ca: string): boolean {
    const nowMs = this.#wallMs();
    const known = this.#verified.get(certificate.fingerprint256);
    if (known !== undefined && known.untilMs > nowMs) return known.trusted;
    const trusted = verifyCertificate(certificate.pem, [ca], { nowMs, usage: "client" }).ok;
    if (this.#verified.size >= REMEMBERED_MAX) this.#verified.clear();
    this.#verified.set(certificate.fingerprint256, { trusted, untilMs: nowMs + REMEMBERED_MS });
    return trusted;
  }
}
