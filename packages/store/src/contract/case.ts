// What a contract case is and how it asks: no test framework here, so every back end's tests can run the same cases.
import { assert } from "@coracle/base";
import {
  type ChangeEvent,
  type KeyValue,
  type Store,
  StoreError,
  type StoreErrorCode,
  type StoreEvent,
  type StoreWatch,
} from "../store.ts";
import { keyOf } from "../watch-hub.ts";

/** One property that every back end has. `run` throws when it does not hold. */
export interface ContractCase {
  readonly name: string;
  run(store: Store): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text as a value. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** `key=value` of a key, for comparing. */
export function show(kv: KeyValue | undefined): string {
  return kv === undefined ? "nothing" : `${kv.key}=${decoder.decode(kv.value)}`;
}

/** One line per event: revision, kind, key, new value, previous value. */
export function showEvent(event: StoreEvent): string {
  if (event.kind === "progress") return `progress ${event.revision}`;
  return showChange(event);
}

/** {@link showEvent} for a change. */
export function showChange(change: ChangeEvent): string {
  const value = change.kind === "put" ? decoder.decode(change.kv.value) : "";
  const previous = change.previous === undefined ? "" : decoder.decode(change.previous.value);
  return `${change.revision} ${change.kind} ${keyOf(change)} [${value}] was [${previous}]`;
}

/** Asserts equality of JSON texts. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  assert(left === right, `${what}: got ${left}, expected ${right}`);
}

/** Asserts that the promise rejects with this code, and gives back the error. */
export async function expectCode(promise: Promise<unknown>, code: StoreErrorCode): Promise<StoreError> {
  let outcome: unknown = "success";
  try {
    await promise;
  } catch (thrown) {
    outcome = thrown;
  }
  assert(outcome instanceof StoreError && outcome.code === code, `Expected ${code}, got ${String(outcome)}`);
  return outcome;
}

/** Puts a text, asserting success; gives back the revision. */
export async function putText(store: Store, key: string, text: string): Promise<KeyValue> {
  const result = await store.put(key, bytes(text));
  assert(result.ok, `Cannot put ${key}`);
  return result.kv;
}

/** Removes a key, asserting success. */
export async function remove(store: Store, key: string): Promise<void> {
  const result = await store.delete(key);
  assert(result.ok, `Cannot delete ${key}`);
}

/** Pulls `count` events off a watch. */
export async function take(watch: StoreWatch, count: number): Promise<StoreEvent[]> {
  const iterator = watch[Symbol.asyncIterator]();
  const events: StoreEvent[] = [];
  while (events.length < count) {
    const next = await iterator.next();
    assert(next.done !== true, `The watch ended after ${events.length} of ${count} events`);
    events.push(next.value);
  }
  return events;
}
