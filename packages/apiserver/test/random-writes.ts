// A kind with every sort of list and map, and random writes of it, from a seed.
import type { JsonObject, StructuralSchema } from "@coracle/api";
import { type Random, randomInteger } from "@coracle/base";

/** Group, version and names of the kind. */
export const THING = {
  apiVersion: "test.coracle.dev/v1",
  kind: "Thing",
  path: "/apis/test.coracle.dev/v1/namespaces/default/things",
} as const;

const TEXT: StructuralSchema = { type: "string" };
const MAP: StructuralSchema = { type: "object", additionalProperties: TEXT };

const PORTS: StructuralSchema = {
  type: "array",
  listType: "map",
  listMapKeys: ["port", "protocol"],
  items: {
    type: "object",
    required: ["port"],
    properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" }, name: TEXT, labels: MAP },
  },
};

const NESTED: StructuralSchema = {
  type: "object",
  properties: {
    a: TEXT,
    b: { type: "integer" },
    tags: { type: "array", listType: "set", items: TEXT },
    deeper: { type: "object", properties: { ports: PORTS, map: MAP } },
  },
};

/** Properties of the kind's spec. */
export const SPEC: StructuralSchema = {
  type: "object",
  properties: {
    number: { type: "integer" },
    text: TEXT,
    map: MAP,
    numbers: { type: "object", additionalProperties: { type: "integer" } },
    atomicMap: { ...MAP, mapType: "atomic" },
    set: { type: "array", listType: "set", items: TEXT },
    integers: { type: "array", listType: "set", items: { type: "integer" } },
    ports: PORTS,
    atomicList: { type: "array", items: NESTED },
    explicitAtomic: { type: "array", listType: "atomic", items: TEXT },
    nested: NESTED,
    nullable: { type: "string", nullable: true },
    any: { type: "object", preserveUnknownFields: true },
    loose: { preserveUnknownFields: true },
    portOrName: { intOrString: true },
    ratio: { type: "number" },
  },
};

/** One write. */
export type RandomWrite =
  | {
      readonly kind: "apply";
      readonly manager: string;
      readonly force: boolean;
      readonly object: JsonObject;
      readonly status: boolean;
    }
  | { readonly kind: "merge"; readonly manager: string; readonly patch: JsonObject; readonly status: boolean }
  | { readonly kind: "clear"; readonly manager: string };

/** A write; names the object `name`. */
export function randomWrite(random: Random, name: string): RandomWrite {
  const roll = random.next();
  const status = random.next() < 0.2;
  if (roll < 0.03) return { kind: "clear", manager: "cleaner" };
  const manager = pick(random, ["one", "two", "three", "kubectl"]);
  if (roll < 0.65) {
    const metadata = { name, ...randomMetadata(random) };
    const content = status
      ? { status: { ready: random.next() < 0.5, conditions: conditions(random) } }
      : { spec: randomSpec(random) };
    const { apiVersion, kind } = THING;
    const object = { apiVersion, kind, metadata, ...content };
    return { kind: "apply", manager, force: random.next() < 0.7, object, status };
  }
  const patch = status
    ? { status: { ready: random.next() < 0.5, conditions: conditions(random) } }
    : mergePatch(random);
  return { kind: "merge", manager, patch, status };
}

function mergePatch(random: Random): JsonObject {
  const spec: Record<string, unknown> = { ...randomSpec(random) };
  for (const name of Object.keys(SPEC.properties ?? {})) if (random.next() < 0.15) spec[name] = null;
  const metadata = randomMetadata(random);
  return { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), spec };
}

function conditions(random: Random): readonly JsonObject[] {
  const types = subset(random, ["Ready", "Valid", "Seen"]);
  return types.map((type) => ({ type, status: pick(random, ["True", "False"]) }));
}

function randomMetadata(random: Random): JsonObject {
  return {
    ...(random.next() < 0.3 ? { labels: texts(random) } : {}),
    ...(random.next() < 0.2 ? { annotations: texts(random) } : {}),
    ...(random.next() < 0.1 ? { finalizers: subset(random, ["test.coracle.dev/a", "test.coracle.dev/b"]) } : {}),
  };
}

/** Some members of the spec. */
function randomSpec(random: Random): JsonObject {
  const makers: { readonly [name: string]: () => unknown } = {
    number: () => randomInteger(random, 0, 3),
    text: () => pick(random, ["x", "y", "", "<&>"]),
    map: () => texts(random),
    numbers: () => Object.fromEntries(subset(random, ["a", "b"]).map((name) => [name, randomInteger(random, 0, 2)])),
    atomicMap: () => texts(random),
    set: () => subset(random, ["x", "y", "z", "<&>"]),
    integers: () => subset(random, [1, 2, 10]),
    ports: () => ports(random),
    atomicList: () => subset(random, [{ a: "1" }, { b: 2 }]),
    explicitAtomic: () => subset(random, ["x", "y"]),
    nested: () => nested(random),
    nullable: () => pick(random, [null, "x"]),
    any: () => anything(random, 3),
    loose: () => pick<unknown>(random, [1, "x", true, [1, 2], { a: { b: 1 } }, { a: [1] }]),
    portOrName: () => pick<unknown>(random, [80, "http"]),
    ratio: () => pick(random, [0.5, 1, 2.25]),
  };
  const names = Object.keys(makers).filter(() => random.next() < 0.25);
  return Object.fromEntries(names.map((name) => [name, makers[name]?.()]));
}

function nested(random: Random): JsonObject {
  return {
    ...(random.next() < 0.5 ? { a: pick(random, ["1", "2"]) } : {}),
    ...(random.next() < 0.5 ? { b: randomInteger(random, 0, 2) } : {}),
    ...(random.next() < 0.3 ? { tags: subset(random, ["p", "q"]) } : {}),
    ...(random.next() < 0.3
      ? {
          deeper: {
            ...(random.next() < 0.6 ? { ports: ports(random) } : {}),
            ...(random.next() < 0.6 ? { map: texts(random) } : {}),
          },
        }
      : {}),
  };
}

function ports(random: Random): readonly JsonObject[] {
  const keys = subset(random, [
    { port: 53 },
    { port: 53, protocol: "UDP" },
    { port: 80, protocol: "TCP" },
    { port: 443 },
  ]);
  return keys.map((key) => ({
    ...key,
    ...(random.next() < 0.4 ? { name: pick(random, ["n", "m"]) } : {}),
    ...(random.next() < 0.2 ? { labels: texts(random) } : {}),
  }));
}

function anything(random: Random, depth: number): JsonObject {
  const value = (): unknown => {
    if (depth === 0 || random.next() < 0.5) return pick<unknown>(random, [1, "x", false, [1, "a"], []]);
    return anything(random, depth - 1);
  };
  return Object.fromEntries(subset(random, ["a", "b", "c"]).map((name) => [name, value()]));
}

function texts(random: Random): JsonObject {
  return Object.fromEntries(subset(random, ["a", "b", "c"]).map((name) => [name, pick(random, ["1", "2"])]));
}

/** Some of the items, in random order. */
function subset<T>(random: Random, items: readonly T[]): readonly T[] {
  const kept = items.filter(() => random.next() < 0.5);
  for (let index = kept.length - 1; index > 0; index -= 1) {
    const other = randomInteger(random, 0, index);
    const [a, b] = [kept[index], kept[other]];
    if (a === undefined || b === undefined) continue;
    kept[index] = b;
    kept[other] = a;
  }
  return kept;
}

function pick<T>(random: Random, items: readonly [T, ...(readonly T[])] | readonly T[]): T {
  const item = items[randomInteger(random, 0, items.length - 1)];
  if (item === undefined) throw new RangeError("Cannot pick from an empty list");
  return item;
}
