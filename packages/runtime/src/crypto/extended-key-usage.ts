// The extended key usage extension of an X.509 certificate (RFC 5280 §4.2.1.12), read from DER (X.690): Deno's node:crypto does not give it.

/** One tag-length-value: `start` and `end` bound the value. */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
/** `[3] EXPLICIT Extensions` of TBSCertificate. */
const EXTENSIONS = 0xa3;
const EXTENDED_KEY_USAGE = "2.5.29.37";

/** Object identifiers of the extended key usages; empty if there is no such extension or the bytes are not a certificate. */
export function extendedKeyUsage(der: Uint8Array): readonly string[] {
  const certificate = readElement(der, 0, der.length);
  const tbs = first(der, certificate, SEQUENCE);
  const wrapper = first(der, tbs, EXTENSIONS);
  const extensions = first(der, wrapper, SEQUENCE);
  for (const extension of children(der, extensions)) {
    const identifier = first(der, extension, OBJECT_IDENTIFIER);
    if (identifier === undefined) continue;
    if (objectIdentifier(der, identifier) !== EXTENDED_KEY_USAGE) continue;
    const usages = first(der, first(der, extension, OCTET_STRING), SEQUENCE);
    return children(der, usages)
      .filter((usage) => usage.tag === OBJECT_IDENTIFIER)
      .map((usage) => objectIdentifier(der, usage));
  }
  return [];
}

function first(der: Uint8Array, parent: Element | undefined, tag: number): Element | undefined {
  return children(der, parent).find((child) => child.tag === tag);
}

function children(der: Uint8Array, parent: Element | undefined): Element[] {
  const found: Element[] = [];
  if (parent === undefined) return found;
  let offset = parent.start;
  while (offset < parent.end) {
    const child = readElement(der, offset, parent.end);
    if (child === undefined) break;
    found.push(child);
    offset = child.end;
  }
  return found;
}

function readElement(der: Uint8Array, offset: number, end: number): Element | undefined {
  const tag = der[offset];
  const short = der[offset + 1];
  if (tag === undefined || short === undefined) return undefined;
  let length = short;
  let start = offset + 2;
  if (short & 0x80) {
    const lengthSize = short & 0x7f;
    if (lengthSize === 0 || lengthSize > 4) return undefined;
    length = 0;
    for (let index = 0; index < lengthSize; index++) length = length * 256 + (der[start++] ?? 0);
  }
  if (start + length > end) return undefined;
  return { tag, start, end: start + length };
}

/** X.690 §8.19. Parts above 2^53 lose digits, which no registered usage has. */
function objectIdentifier(der: Uint8Array, element: Element): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of der.subarray(element.start, element.end)) {
    part = part * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (parts.length === 0) {
      const root = Math.min(2, Math.floor(part / 40));
      parts.push(root, part - root * 40);
    } else parts.push(part);
    part = 0;
  }
  return parts.join(".");
}
