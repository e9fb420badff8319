// Impersonate-* headers (kubernetes.io: user impersonation; client-go transport/round_trippers.go).
import type { Impersonation } from "./client-config.ts";

/** Headers of a request; a list is sent as one field per value. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Characters RFC 9110 §5.6.2 allows in a field name, without "%", which escapes the others. */
const NAME_CHARACTER: RegExp = /[a-z0-9!#$&'*+.^_`|~-]/;

/** `impersonate-user`, `-uid`, `-group` once per group and `-extra-<name>` once per value; none without a user. */
export function impersonationHeaders(impersonate: Impersonation | undefined): RequestHeaders {
  if (impersonate?.user === undefined) return {};
  const headers: Record<string, string | readonly string[]> = { "impersonate-user": impersonate.user };
  if (impersonate.uid !== undefined) headers["impersonate-uid"] = impersonate.uid;
  if (impersonate.groups !== undefined && impersonate.groups.length > 0)
    headers["impersonate-group"] = impersonate.groups;
  for (const [name, values] of Object.entries(impersonate.extra ?? {})) {
    if (values.length > 0) headers[`impersonate-extra-${encodeName(name)}`] = values;
  }
  return headers;
}

/** Header names are lower case and a key may hold any character: the server undoes percent-encoding. */
function encodeName(name: string): string {
  return Array.from(new TextEncoder().encode(name.toLowerCase()), (byte) => {
    const character = String.fromCharCode(byte);
    return NAME_CHARACTER.test(character) ? character : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }).join("");
}
