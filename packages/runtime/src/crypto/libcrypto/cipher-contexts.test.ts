// The memory that libcrypto holds for keys: freed when a cipher is closed, and when it was forgotten.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AeadCipher } from "../aead-types.ts";
import { AEAD_NAMES } from "../testing/provider-contract.ts";
import { CipherContexts, liveCipherContexts } from "./cipher-contexts.ts";
import { openLibcrypto } from "./libcrypto.ts";
import { openLibcryptoProvider } from "./libcrypto-provider.ts";

const provider = openLibcryptoProvider();
const library = openLibcrypto();
const message = {
  nonce: new Uint8Array(12),
  additional: new Uint8Array(13),
  bytes: new Uint8Array(128),
  start: 0,
  end: 64,
};

if (!("refusedAs" in provider) && !("refusedAs" in library)) {
  const used = (name: (typeof AEAD_NAMES)[number]): AeadCipher => {
    const cipher = provider.aead(name, new Uint8Array(name.startsWith("aes-256") ? 32 : 16));
    cipher.seal(message);
    return cipher;
  };

  it("makes contexts at the first use of a key, and frees them when it is closed", () => {
    const before = liveCipherContexts();
    const idle = AEAD_NAMES.map((name) => provider.aead(name, new Uint8Array(name.startsWith("aes-256") ? 32 : 16)));
    assert.equal(liveCipherContexts(), before);
    const ciphers = AEAD_NAMES.map(used);
    // Two for CCM, one for GCM.
    assert.equal(liveCipherContexts(), before + 4 * 2 + 2);
    for (const cipher of [...ciphers, ...idle]) cipher.close();
    assert.equal(liveCipherContexts(), before);
    // Closing twice frees nothing twice.
    for (const cipher of ciphers) cipher.close();
    assert.equal(liveCipherContexts(), before);
  });

  it("does not grow with ciphers that come and go", () => {
    const cycle = (count: number): void => {
      for (let index = 0; index < count; index++) for (const name of AEAD_NAMES) used(name).close();
    };
    cycle(500);
    const [before, rssBefore] = [liveCipherContexts(), process.memoryUsage.rss()];
    cycle(5000);
    assert.equal(liveCipherContexts(), before);
    // Fifty thousand contexts of some 700 bytes: a leak would take more than 30 MiB.
    const grownBytes = process.memoryUsage.rss() - rssBefore;
    assert.ok(grownBytes < 24 * 2 ** 20, `grown by ${grownBytes} bytes`);
  });

  it("frees the contexts of ciphers that were forgotten", async () => {
    const before = liveCipherContexts();
    (() => {
      for (let index = 0; index < 300; index++) used("aes-128-ccm-8");
    })();
    assert.equal(liveCipherContexts(), before + 600);
    const deadline = Date.now() + 60_000;
    while (liveCipherContexts() > before + 100 && Date.now() < deadline) {
      // Garbage makes the collector run; its finalizers run between turns.
      Array.from({ length: 200 }, () => new Uint8Array(50_000));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    // The stack may still hold the last ones.
    assert.ok(liveCipherContexts() <= before + 100, `${liveCipherContexts() - before} contexts are left`);
  });

  it("refuses a key that is not the cipher's, and keeps nothing of it", () => {
    const contexts = new CipherContexts(library);
    const before = liveCipherContexts();
    assert.throws(
      () => contexts.make(["AES-256-ECB", "AES-128-CBC"], new Uint8Array(32), {}),
      /Cannot use AES-128-CBC with a key of 32/,
    );
    assert.equal(liveCipherContexts(), before);
  });
}
