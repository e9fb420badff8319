// The contract of a store as cases that any test runner can run: memory, SQLite and etcd pass the same ones.
import type { ContractCase } from "./case.ts";
import { KEY_VALUE_CASES } from "./key-value.ts";
import { modelCase } from "./model.ts";
import { WATCH_CASES } from "./watching.ts";

export type { ContractCase } from "./case.ts";
export { modelCase } from "./model.ts";

/** Every case; each wants a fresh, empty store. `seeds` are for the random walks. */
export function storeContract(seeds: readonly number[]): readonly ContractCase[] {
  return [...KEY_VALUE_CASES, ...WATCH_CASES, ...seeds.map((seed) => modelCase(seed, 400))];
}
