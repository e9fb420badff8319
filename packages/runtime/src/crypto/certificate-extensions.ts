// The extensions of an X.509 certificate (RFC 5280 §4.2) that bound what it may sign, read from DER: no runtime gives them all.
import { childrenOf, type DerElement, DerTag, firstChild, objectIdentifier, readElement } from "./der.ts";

/** One extension. */
export interface CertificateExtension {
  readonly identifier: string;
  readonly isCritical: boolean;
  /** The octet string around its value. */
  readonly value: DerElement;
}

const KEY_USAGE = "2.5.29.15";
const BASIC_CONSTRAINTS = "2.5.29.19";
/** Those that are looked at here or by node:crypto: subject alternative name, policies, extended key usage. */
const KNOWN: ReadonlySet<string> = new Set([KEY_USAGE, BASIC_CONSTRAINTS, "2.5.29.17", "2.5.29.32", "2.5.29.37"]);
/** The first bit of KeyUsage (RFC 5280 §4.2.1.3), in the byte behind the number of unused bits. */
const DIGITAL_SIGNATURE = 0x80;

/** Every extension; none if the bytes are not a certificate. */
export function certificateExtensions(der: Uint8Array): readonly CertificateExtension[] {
  const certificate = readElement(der, 0, der.length);
  const tbs = firstChild(der, certificate, DerTag.sequence);
  const list = firstChild(der, firstChild(der, tbs, DerTag.extensions), DerTag.sequence);
  return childrenOf(der, list).flatMap((extension) => {
    const identifier = firstChild(der, extension, DerTag.objectIdentifier);
    const value = firstChild(der, extension, DerTag.octetString);
    if (identifier === undefined || value === undefined) return [];
    const critical = firstChild(der, extension, DerTag.boolean);
    const isCritical = critical !== undefined && der[critical.start] !== 0;
    return [{ identifier: objectIdentifier(der, identifier), isCritical, value }];
  });
}

/** A critical extension that nobody here understands, so that the certificate must be refused (RFC 5280 §4.2); `undefined` if none. */
export function strangeExtension(der: Uint8Array): string | undefined {
  return certificateExtensions(der).find(({ identifier, isCritical }) => isCritical && !KNOWN.has(identifier))
    ?.identifier;
}

/** True unless the key usage says that the key is not for signatures such as those of handshakes (RFC 8422 §5.3). */
export function allowsSignatures(der: Uint8Array): boolean {
  const usage = certificateExtensions(der).find(({ identifier }) => identifier === KEY_USAGE);
  const bits = usage && firstChild(der, usage.value, DerTag.bitString);
  return usage === undefined || (bits !== undefined && ((der[bits.start + 1] ?? 0) & DIGITAL_SIGNATURE) !== 0);
}

/** How many authorities may stand between this one and a leaf (RFC 5280 §4.2.1.9); infinite if nothing bounds them. */
export function pathLength(der: Uint8Array): number {
  const constraints = certificateExtensions(der).find(({ identifier }) => identifier === BASIC_CONSTRAINTS);
  const number = constraints && firstChild(der, firstChild(der, constraints.value, DerTag.sequence), DerTag.integer);
  if (number === undefined) return Number.POSITIVE_INFINITY;
  return der.subarray(number.start, number.end).reduce((sum, byte) => sum * 256 + byte, 0);
}
