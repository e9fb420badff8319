// Premaster secrets of pre-shared keys (RFC 4279 §2, RFC 5489 §2).

/** The premaster secret of PSK: as many zeros as the key has bytes, then the key, each with its length. */
export function pskPremasterSecret(psk: Uint8Array): Uint8Array {
  return withLengths(new Uint8Array(psk.length), psk);
}

/** The premaster secret of ECDHE_PSK: the shared secret in place of the zeros. */
export function ecdhePskPremasterSecret(shared: Uint8Array, psk: Uint8Array): Uint8Array {
  return withLengths(shared, psk);
}

function withLengths(other: Uint8Array, psk: Uint8Array): Uint8Array {
  const secret = new Uint8Array(4 + other.length + psk.length);
  secret[0] = other.length >>> 8;
  secret[1] = other.length & 0xff;
  secret.set(other, 2);
  secret[2 + other.length] = psk.length >>> 8;
  secret[3 + other.length] = psk.length & 0xff;
  secret.set(psk, 4 + other.length);
  return secret;
}
