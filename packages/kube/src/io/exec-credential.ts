// The ExecCredential exchange with a credential plugin: what it is told and what its answer must be (KEP-541).
import { err, ok, type Result } from "@coracle/base";
import { keyMatchesCertificate } from "@coracle/runtime";
import type { ExecPlugin } from "./exec-plugin.ts";
import { isCertificatePem, isPrivateKeyPem } from "./pem-source.ts";

/** What a plugin gave: a token, a certificate with its key, or both. */
export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Wall clock, milliseconds since 1970; absent means good until a 401. */
  readonly expiresAtMs?: number;
}

/** The value of `KUBERNETES_EXEC_INFO`. */
export function encodeExecInfo(plugin: ExecPlugin, interactive: boolean): string {
  return JSON.stringify({
    kind: "ExecCredential",
    apiVersion: plugin.apiVersion,
    spec: { interactive, ...(plugin.cluster === undefined ? {} : { cluster: plugin.cluster }) },
  });
}

/** Decodes a plugin's standard output. The error says what is wrong with it and quotes none of it. */
export function decodeExecCredential(output: string, apiVersion: string): Result<ExecCredential, string> {
  if (output.trim() === "") return err("it printed nothing");
  const parsed = parseJson(output);
  if (!isRecord(parsed)) return err("its output is not a JSON object");
  if (parsed["kind"] !== "ExecCredential") return err("its output is not of kind ExecCredential");
  if (parsed["apiVersion"] !== apiVersion) return err(`its output is not of apiVersion ${apiVersion}`);
  const status = parsed["status"];
  if (!isRecord(status)) return err("its output has no status");
  return decodeStatus(status);
}

function decodeStatus(status: Readonly<Record<string, unknown>>): Result<ExecCredential, string> {
  const token = text(status["token"]);
  const certificate = text(status["clientCertificateData"]);
  const key = text(status["clientKeyData"]);
  if ((certificate === undefined) !== (key === undefined)) {
    return err("its status has clientCertificateData or clientKeyData without the other");
  }
  if (token === undefined && certificate === undefined) return err("its status has neither a token nor a certificate");
  if (token !== undefined && /[^\x21-\x7e]/.test(token)) return err("its token has characters no header may carry");
  if (certificate !== undefined && !isCertificatePem(certificate)) return err("its clientCertificateData is not PEM");
  if (key !== undefined && !isPrivateKeyPem(key)) return err("its clientKeyData is not PEM");
  if (certificate !== undefined && key !== undefined && !keyMatchesCertificate(key, certificate)) {
    return err("its clientKeyData does not belong to its clientCertificateData");
  }
  const expiry = text(status["expirationTimestamp"]);
  const expiresAtMs = expiry === undefined ? undefined : Date.parse(expiry);
  if (expiresAtMs !== undefined && Number.isNaN(expiresAtMs)) return err("its expirationTimestamp is not RFC 3339");
  return ok({
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
