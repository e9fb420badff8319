// Both providers of record cryptography under one contract, their agreement, and the choice between them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import type { AeadCipher } from "./aead-types.ts";
import { composedProvider } from "./composed-provider.ts";
import { chooseProvider, cryptoProvider, cryptoProviderReport } from "./crypto-provider.ts";
import { hmacSha256 } from "./hmac-sha256.ts";
import { openLibcrypto, versionText } from "./libcrypto/libcrypto.ts";
import { openLibcryptoProvider } from "./libcrypto/libcrypto-provider.ts";
import type { RecordCryptoProvider } from "./provider-types.ts";
import { ScriptSha256 } from "./script-sha256.ts";
import { AEAD_NAMES, providerContract } from "./testing/provider-contract.ts";

const native = openLibcryptoProvider();

describe("the composed provider", () => providerContract(composedProvider));

describe("the composed provider with SHA-256 in TypeScript", () =>
  providerContract({
    ...composedProvider,
    keyedHash: (name, key) =>
      name === "sha256" ? hmacSha256(new ScriptSha256(), key) : composedProvider.keyedHash(name, key),
  }));

// A machine without libcrypto proves the fallback in its place.
if ("refusedAs" in native) {
  it("says why there is no libcrypto, and uses what there is", () => {
    assert.equal(cryptoProviderReport().fallbackReason, native.refusedAs);
    assert.equal(cryptoProviderReport().name, "composed");
  });
} else {
  describe("the provider over libcrypto", () => providerContract(native));
  describe("both providers", () => {
    it("agree on random messages", () => agree(native));
  });
}

function agree(provider: RecordCryptoProvider): void {
  const random = new SeededRandom(21);
  for (const name of AEAD_NAMES) {
    const key = random.bytes(name.startsWith("aes-256") ? 32 : 16);
    const [ours, theirs] = [provider.aead(name, key), composedProvider.aead(name, key)];
    for (let round = 0; round < 150; round++) {
      const size = random.uint32() % (round % 30 === 0 ? 16_385 : 300);
      const [nonce, additional, text] = [random.bytes(12), random.bytes(random.uint32() % 280), random.bytes(size)];
      const seal = (cipher: AeadCipher): Uint8Array => {
        const bytes = new Uint8Array(size + cipher.tagSizeBytes);
        bytes.set(text);
        cipher.seal({ nonce, additional, bytes, start: 0, end: size });
        return bytes;
      };
      const bytes = seal(ours);
      assert.deepEqual(bytes, seal(theirs), `${name}, ${size} bytes`);
      const out = new Uint8Array(size);
      assert.ok(theirs.open({ nonce, additional, bytes, start: 0, end: bytes.length }, out));
      assert.deepEqual(out, text);
    }
    ours.close();
    theirs.close();
  }
}

describe("choosing a provider", () => {
  it("takes the native one if it opens and passes", () => {
    const { provider, report } = chooseProvider(() => ({
      ...composedProvider,
      name: "libcrypto",
      description: "other",
    }));
    assert.equal(provider.description, "other");
    assert.deepEqual(report, { name: "libcrypto", description: "other", fallbackReason: undefined });
  });

  it("falls back and says why if it does not open", () => {
    const { provider, report } = chooseProvider(() => ({ refusedAs: "there is none" }));
    assert.equal(provider, composedProvider);
    assert.deepEqual(report, { name: "composed", description: "node:crypto", fallbackReason: "there is none" });
  });

  it("falls back from one whose tags, plaintexts, refusals or digests are wrong", () => {
    const wrong: readonly ((cipher: AeadCipher) => Partial<AeadCipher>)[] = [
      (cipher) => ({ seal: (message) => [cipher.seal(message), message.bytes.fill(0, message.end)] }),
      (cipher) => ({ open: (message, out) => cipher.open(message, out) && out.fill(1).length >= 0 }),
      () => ({ open: () => true }),
      () => ({ open: () => false }),
      () => ({
        seal: () => {
          throw new Error("broken");
        },
      }),
    ];
    for (const change of wrong) {
      const broken: RecordCryptoProvider = {
        ...composedProvider,
        description: "a broken library",
        aead: (name, key) => {
          const cipher = composedProvider.aead(name, key);
          const bound: AeadCipher = {
            tagSizeBytes: cipher.tagSizeBytes,
            seal: (message) => cipher.seal(message),
            open: (message, out) => cipher.open(message, out),
            close: () => cipher.close(),
          };
          return { ...bound, ...change(bound) };
        },
      };
      const { provider, report } = chooseProvider(() => broken);
      assert.equal(provider, composedProvider);
      assert.match(report.fallbackReason ?? "", /^a broken library (does not reproduce|fails its test: broken)/);
    }
    const digests = { ...composedProvider, keyedHash: () => () => new Uint8Array(32) };
    assert.match(chooseProvider(() => digests).report.fallbackReason ?? "", /differ in HMAC-SHA256/);
  });

  it("names the libraries that cannot be opened, are something else, or lack a function", () => {
    const reasonFor = (...names: string[]): string => {
      const opened = openLibcrypto(names);
      assert.ok("refusedAs" in opened);
      return opened.refusedAs;
    };
    assert.match(reasonFor("libcoracle-none.so.9"), /libcoracle-none\.so\.9/);
    assert.match(reasonFor("libc.so.6", "libcoracle-none.so.9"), /libc\.so\.6: .*; libcoracle-none/);
  });

  it("takes OpenSSL 1.1.1 to 4, and nothing else that calls itself libcrypto", () => {
    assert.equal(versionText(0x30000130), "3.0.19");
    assert.equal(versionText(0x30500040), "3.5.4");
    assert.equal(versionText(0x40000000), "4.0.0");
    assert.equal(versionText(0x1010117f), "1.1.1w");
    assert.equal(versionText(0x1010100f), "1.1.1");
    assert.equal(versionText(0x1010007f), undefined);
    assert.equal(versionText(0x1000217f), undefined);
    assert.equal(versionText(0x20000000), undefined);
    assert.equal(versionText(0x50000000), undefined);
  });

  it("answers the same each time, and what it says is what is used", () => {
    assert.equal(cryptoProvider(), cryptoProvider());
    assert.equal(cryptoProviderReport().name, cryptoProvider().name);
    assert.equal(cryptoProviderReport().description, cryptoProvider().description);
  });
});
