// The distinguished encoding rules of certificates (X.690), as far as extensions need them: elements, their children, identifiers.

/** One tag-length-value: `start` and `end` bound the value. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

export const DerTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  /** `[3] EXPLICIT Extensions` of TBSCertificate. */
  extensions: 0xa3,
} as const;

/** The first child with a tag, if there is one. */
export function firstChild(der: Uint8Array, parent: DerElement | undefined, tag: number): DerElement | undefined {
  return childrenOf(der, parent).find((child) => child.tag === tag);
}

/** The elements inside of one; none where there is no parent. */
export function childrenOf(der: Uint8Array, parent: DerElement | undefined): DerElement[] {
  const found: DerElement[] = [];
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

/** The element at an offset; `undefined` if it does not fit. */
export function readElement(der: Uint8Array, offset: number, end: number): DerElement | undefined {
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

/** An object identifier in digits and dots (X.690 §8.19). Parts above 2^53 lose digits, which no registered usage has. */
export function objectIdentifier(der: Uint8Array, element: DerElement): string {
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
