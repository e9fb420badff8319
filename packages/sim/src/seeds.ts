// Seeds of simulations: some that stay, a fresh one in every run, and as many more as the environment asks for.

/** Fresh seeds of a run: CORACLE_SIM_SEEDS, at least one; or the one of CORACLE_SIM_SEED, which a failure has named. */
export function freshSeeds(): readonly number[] {
  const repeated = readCount("CORACLE_SIM_SEED");
  if (repeated !== undefined) return [repeated];
  return Array.from({ length: readCount("CORACLE_SIM_SEEDS") ?? 1 }, () => (Math.random() * 0x1_0000_0000) >>> 0);
}

function readCount(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`Cannot use ${name}: current value is ${text}`);
  return value;
}
