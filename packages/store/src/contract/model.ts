// Contract: under any sequence of operations a store equals a sorted map that remembers its past.
import { assert, randomInteger, SeededRandom } from "@coracle/base";
import { type Revision, revision } from "../revision.ts";
import type { Store } from "../store.ts";
import { bytes, type ContractCase, expectCode, expectEqual, show, showChange } from "./case.ts";

/** The naive equal: every state since the start, as a sorted list of `key=value`. */
class Model {
  readonly states = new Map<number, ReadonlyMap<string, string>>();
  readonly log: string[] = [];
  readonly mod = new Map<string, number>();
  current: ReadonlyMap<string, string> = new Map();
  revision: number;
  compacted: number;

  constructor(start: number) {
    this.revision = start;
    this.compacted = start;
    this.states.set(start, this.current);
  }

  write(key: string, value: string | undefined): void {
    const next = new Map(this.current);
    const was = this.current.get(key) ?? "";
    if (value === undefined) next.delete(key);
    else next.set(key, value);
    this.revision++;
    this.current = next;
    this.states.set(this.revision, next);
    if (value === undefined) this.mod.delete(key);
    else this.mod.set(key, this.revision);
    this.log.push(`${this.revision} ${value === undefined ? "delete" : "put"} ${key} [${value ?? ""}] was [${was}]`);
  }

  range(at: number, prefix: string): string[] {
    const pairs = [...(this.states.get(at) ?? new Map<string, string>())].filter(([key]) => key.startsWith(prefix));
    return pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`);
  }
}

/** The same seeded walk on the store and on the model. */
export function modelCase(seed: number, steps: number): ContractCase {
  return {
    name: `${steps} random operations leave the store equal to a sorted map (seed ${seed})`,
    async run(store) {
      const random = new SeededRandom(seed);
      const start = await store.currentRevision();
      const model = new Model(start);
      const heard: string[] = [];
      const subscription = store.subscribe(
        { prefix: "/" },
        { onChanges: (changes) => void heard.push(...changes.map(showChange)), onEnd: () => undefined },
      );
      for (let index = 0; index < steps; index++) await step(store, model, random);
      subscription.close();
      expectEqual(heard, model.log, `subscription, seed ${seed}`);
      expectEqual(await store.currentRevision(), model.revision, `revision, seed ${seed}`);
      await replay(store, model);
    },
  };
}

async function step(store: Store, model: Model, random: SeededRandom): Promise<void> {
  const key = `/${"ab"[randomInteger(random, 0, 1)] ?? "a"}/${randomInteger(random, 0, 9)}`;
  const expected = randomInteger(random, 0, 2) === 0 ? staleOrRight(model, key, random) : undefined;
  const dice = randomInteger(random, 0, 99);
  if (dice < 50) {
    const value = String(random.uint32());
    const result = await store.put(key, bytes(value), expected === undefined ? {} : { expectRevision: expected });
    assert(result.ok === (expected === undefined || expected === (model.mod.get(key) ?? 0)), `put ${key}`);
    if (result.ok) model.write(key, value);
  } else if (dice < 70) {
    const result = await store.delete(key, expected === undefined ? {} : { expectRevision: expected });
    const there = model.mod.get(key);
    assert(result.ok === (there !== undefined && (expected === undefined || expected === there)), `delete ${key}`);
    if (result.ok) model.write(key, undefined);
  } else if (dice < 97) {
    await compareRange(store, model, random);
  } else {
    const target = randomInteger(random, model.compacted, model.revision);
    await store.compact(revision(target));
    model.compacted = target;
  }
}

function staleOrRight(model: Model, key: string, random: SeededRandom): Revision {
  const right = model.mod.get(key) ?? 0;
  return revision(random.next() < 0.5 ? right : randomInteger(random, 0, model.revision));
}

async function compareRange(store: Store, model: Model, random: SeededRandom): Promise<void> {
  const at = revision(randomInteger(random, Math.max(1, model.compacted - 3), model.revision));
  const prefix = ["/", "/a/", "/b/", "/c"][randomInteger(random, 0, 3)] ?? "/";
  if (at < model.compacted) {
    await expectCode(store.range({ prefix, revision: at }), "COMPACTED");
    return;
  }
  const limit = randomInteger(random, 1, 12);
  const expected = model.range(at, prefix);
  const range = await store.range({ prefix, revision: at, limit });
  expectEqual(range.kvs.map(show), expected.slice(0, limit), `range at ${at}, seed ${random.seed}`);
  expectEqual([range.count, range.more], [expected.length, expected.length > limit], `count at ${at}`);
  const last = range.kvs.at(-1)?.key;
  if (last === undefined) return;
  const rest = await store.range({ prefix, revision: at, startKey: `${last}\u0000` });
  expectEqual(rest.kvs.map(show), expected.slice(limit), `rest at ${at}, seed ${random.seed}`);
}

/** What a late subscriber gets is the log from the compaction on. */
async function replay(store: Store, model: Model): Promise<void> {
  const heard: string[] = [];
  const late = store.subscribe(
    { prefix: "/", afterRevision: await store.compactRevision() },
    { onChanges: (changes) => void heard.push(...changes.map(showChange)), onEnd: () => undefined },
  );
  late.close();
  const expected = model.log.filter((line) => Number(line.split(" ")[0]) > model.compacted);
  expectEqual(heard, expected, "replay");
}
