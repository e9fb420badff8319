// The extended key usage extension of an X.509 certificate (RFC 5280 §4.2.1.12), read from DER (X.690): Deno's node:crypto does not give it.
import { certificateExtensions } from "./certificate-extensions.ts";
import { childrenOf, DerTag, firstChild, objectIdentifier } from "./der.ts";

const EXTENDED_KEY_USAGE = "2.5.29.37";

/** Object identifiers of the extended key usages; empty if there is no such extension or the bytes are not a certificate. */
export function extendedKeyUsage(der: Uint8Array): readonly string[] {
  const extension = certificateExtensions(der).find(({ identifier }) => identifier === EXTENDED_KEY_USAGE);
  if (extension === undefined) return [];
  const usages = firstChild(der, extension.value, DerTag.sequence);
  return childrenOf(der, usages)
    .filter((usage) => usage.tag === DerTag.objectIdentifier)
    .map((usage) => objectIdentifier(der, usage));
}
