// A thread that seals and opens under its own keys and answers what it sealed: every thread has its own working memory.
import { parentPort, workerData } from "node:worker_threads";
import { SeededRandom } from "@coracle/base";
import { createAead, createKeyedHash, cryptoProviderReport } from "../../mod.ts";
import { liveCipherContexts } from "../libcrypto/cipher-contexts.ts";
import { AEAD_NAMES } from "./provider-contract.ts";

/** What the thread is told. */
export interface SealTask {
  readonly seed: number;
  readonly rounds: number;
}

/** What it answers. */
export interface SealAnswer {
  readonly provider: string;
  /** A digest over everything sealed, in hexadecimal. */
  readonly digest: string;
  readonly failures: number;
  readonly liveContexts: number;
}

/** Seals and opens; the same seed gives the same digest on every thread. */
export function sealMuch({ seed, rounds }: SealTask): SealAnswer {
  const random = new SeededRandom(seed);
  const ciphers = AEAD_NAMES.map((name) => createAead(name, random.bytes(name.startsWith("aes-256") ? 32 : 16)));
  const chain = createKeyedHash("sha256", random.bytes(16));
  const out = new Uint8Array(2000);
  let digest: Uint8Array = new Uint8Array(32);
  let failures = 0;
  for (let round = 0; round < rounds; round++) {
    const cipher = ciphers[round % ciphers.length];
    if (cipher === undefined) break;
    const [nonce, additional, text] = [random.bytes(12), random.bytes(29), random.bytes(random.uint32() % 200)];
    const bytes = new Uint8Array(text.length + cipher.tagSizeBytes);
    bytes.set(text);
    cipher.seal({ nonce, additional, bytes, start: 0, end: text.length });
    if (!cipher.open({ nonce, additional, bytes, start: 0, end: bytes.length }, out)) failures++;
    for (let at = 0; at < text.length; at++) if (out[at] !== text[at]) failures++;
    digest = chain(Uint8Array.of(...digest, ...bytes)).slice();
  }
  for (const cipher of ciphers) cipher.close();
  const { name } = cryptoProviderReport();
  return { provider: name, digest: Buffer.from(digest).toString("hex"), failures, liveContexts: liveCipherContexts() };
}

if (parentPort !== null) parentPort.postMessage(sealMuch(workerData as SealTask));
