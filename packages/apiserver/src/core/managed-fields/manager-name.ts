// Name under which a write is tracked when the client gives none (apiserver handlers managerOrUserAgent).

/** Longest name in bytes. */
export const MANAGER_NAME_BYTES_MAX = 128;

/** The fieldManager parameter, or the printable characters of the User-Agent before its first slash, cut to the longest name. */
export function managerNameOf(fieldManager: string, userAgent: string | undefined): string {
  if (fieldManager !== "") return fieldManager;
  const token = (userAgent ?? "").split("/", 1)[0] ?? "";
  const encoder = new TextEncoder();
  let name = "";
  let sizeBytes = 0;
  for (const character of token) {
    if (!isPrintable(character)) continue;
    sizeBytes += encoder.encode(character).length;
    if (sizeBytes > MANAGER_NAME_BYTES_MAX) break;
    name += character;
  }
  return name;
}

function isPrintable(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}
