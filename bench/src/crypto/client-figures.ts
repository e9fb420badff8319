// What a message, a record or a MAC costs in this process. Arguments: the operation, bytes of text, how many. Prints nanoseconds.
import { argv, composedProvider, createAead, createKeyedHash, hmacBytes, type AeadName } from "@coracle/runtime";

const WARM = 20_000;
const BATCHES = 100;
const KEY = new Uint8Array(16);

const [operation = "", sizeText = "", countText = ""] = argv();
const size = Number(sizeText);
const run = operationOf(operation);
for (let index = 0; index < WARM; index++) run();
let best = Number.POSITIVE_INFINITY;
const perBatch = Math.max(1, Math.floor(Number(countText) / BATCHES));
for (let batch = 0; batch < BATCHES; batch++) {
  const start = performance.now();
  for (let index = 0; index < perBatch; index++) run();
  best = Math.min(best, ((performance.now() - start) * 1e6) / perBatch);
}
process.stdout.write(`${best.toFixed(1)}\n`);

/** The operation as a function that does it once. */
function operationOf(name: string): () => void {
  const [verb, what = "", provider] = name.split("-");
  const isComposed = provider === "composed";
  if (verb === "mac") {
    const data = new Uint8Array(size);
    if (what === "runtime") return () => void hmacBytes("sha256", KEY, data);
    const keyed = isComposed ? composedProvider.keyedHash("sha256", KEY) : createKeyedHash("sha256", KEY);
    return () => void keyed(data);
  }
  const aead: AeadName = what === "ccm" ? "aes-128-ccm-8" : "aes-128-gcm";
  const cipher = isComposed ? composedProvider.aead(aead, KEY) : createAead(aead, KEY);
  const bytes = new Uint8Array(size + cipher.tagSizeBytes);
  const message = { nonce: new Uint8Array(12), additional: new Uint8Array(29), bytes, start: 0, end: size };
  if (verb === "seal") return () => cipher.seal(message);
  cipher.seal(message);
  const sealed = { ...message, end: bytes.length };
  const out = new Uint8Array(size);
  return () => {
    if (!cipher.open(sealed, out)) throw new Error("Cannot open what was sealed");
  };
}
