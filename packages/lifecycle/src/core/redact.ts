// Keeps secrets out of logs: fields with secret-looking names, and secret-looking text inside any string, become a mark.

/** What stands in place of a secret. Nothing of the secret is kept, not even its length. */
export const REDACTED = "[redacted]";

const SECRET_WORDS: ReadonlySet<string> = new Set([
  "token",
  "tokens",
  "password",
  "passwords",
  "passwd",
  "passphrase",
  "secret",
  "secrets",
  "authorization",
  "cookie",
  "cookies",
  "credential",
  "credentials",
  "psk",
  "bearer",
  "pem",
]);
/** Names that end so hold a secret: `key`, `privateKey`, `apiKeys`, `keyPem`. */
const SECRET_LAST_WORDS: ReadonlySet<string> = new Set(["key", "keys", "pem"]);
/** A secret's file, name or size is not the secret. */
const HARMLESS_LAST_WORDS: ReadonlySet<string> = new Set([
  "file",
  "files",
  "path",
  "name",
  "namespace",
  "id",
  "ms",
  "seconds",
  "bytes",
  "count",
  "kind",
  "type",
  "fingerprint256",
  "version",
]);

/** True if a field of this name must not be logged: `authToken`, `client_key`, `Authorization`; not `tokenFile`, `keyCount`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1) ?? "";
  if (HARMLESS_LAST_WORDS.has(last)) return false;
  return (
    SECRET_LAST_WORDS.has(last) || words.some((word) => SECRET_WORDS.has(word) || /(token|password|secret)$/.test(word))
  );
}

const SECRET_TEXT: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]+-----(?:[\s\S]*?-----END [A-Z0-9 ]+-----|[\s\S]*)/g,
  /\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
  /(?<=:\/\/)[^\s/@]*:[^\s/@]*(?=@)/g,
  /(?<=\b(?:token|password|passwd|secret|authorization|api[_-]?key)["']?\s*[=:]\s*["']?)(?!\[redacted\])[^\s"',;&)}\]]+/gi,
];

/** Replaces PEM blocks, bearer and basic credentials, JSON web tokens, URL passwords and `token=…` pairs inside a text. */
export function redactText(text: string): string {
  let redacted = text;
  for (const pattern of SECRET_TEXT) redacted = redacted.replaceAll(pattern, REDACTED);
  return redacted;
}
