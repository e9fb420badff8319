// How long the fuzzers run and from which seed: short in the gate, as long as the environment says elsewhere.

/** Datagrams of one fuzzer: CORACLE_FUZZ_DATAGRAMS, or what fits the gate. */
export function fuzzDatagrams(inGate: number): number {
  return positiveInteger("CORACLE_FUZZ_DATAGRAMS") ?? inGate;
}

/** The seed: CORACLE_FUZZ_SEED, or a fresh one. Every failure names it. */
export function fuzzSeed(): number {
  return positiveInteger("CORACLE_FUZZ_SEED") ?? (Math.random() * 0x1_0000_0000) >>> 0;
}

function positiveInteger(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`Cannot use ${name}: current value is ${text}`);
  return value;
}
