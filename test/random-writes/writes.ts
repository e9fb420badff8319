// Random requests that change one object: every patch format, server-side apply and replacement.
import type { Choice } from "./choice.ts";
import type { RandomKind } from "./kinds.ts";

/** A request, the same for every server. */
export interface Write {
  readonly method: "PATCH" | "PUT";
  readonly path: string;
  readonly contentType: string;
  /** The body, given the object as the server returned it last. */
  body(last: Record<string, unknown>): string;
}

const MANAGERS = ["one", "two", "kubectl"];
const JSON_TYPE = "application/json";

/** A request for the object `name` of a kind. */
export function randomWrite(choice: Choice, kind: RandomKind, name: string): Write {
  const onStatus = kind.status !== undefined && choice.chance(0.3);
  const content = onStatus ? (kind.status?.(choice) ?? {}) : kind.content(choice);
  const metadata = onStatus && choice.chance(0.8) ? {} : randomMetadata(choice);
  const path = `${kind.path}/${name}${onStatus ? "/status" : ""}?fieldManager=${choice.one(MANAGERS)}`;
  const patch = JSON.stringify({ ...(Object.keys(metadata).length === 0 ? {} : { metadata }), ...content });
  const roll = choice.integer(1, 100);
  if (roll <= 40) {
    const { apiVersion, kind: word } = kind;
    const object = JSON.stringify({ apiVersion, kind: word, metadata: { name, ...metadata }, ...content });
    const forced = `${path}&force=${choice.chance(0.7)}`;
    return { method: "PATCH", path: forced, contentType: "application/apply-patch+yaml", body: () => object };
  }
  if (roll <= 60)
    return { method: "PATCH", path, contentType: "application/strategic-merge-patch+json", body: () => patch };
  if (roll <= 72) {
    const body = JSON.stringify(withDirectives(choice, content));
    return { method: "PATCH", path, contentType: "application/strategic-merge-patch+json", body: () => body };
  }
  if (roll <= 85) return { method: "PATCH", path, contentType: "application/merge-patch+json", body: () => patch };
  if (roll <= 92) {
    const body = JSON.stringify(jsonPatch(choice));
    return { method: "PATCH", path, contentType: "application/json-patch+json", body: () => body };
  }
  return {
    method: "PUT",
    path,
    contentType: JSON_TYPE,
    body: (last) => JSON.stringify(replaced(last, metadata, content)),
  };
}

// No owners: our server collects what has lost them.
function randomMetadata(choice: Choice): Record<string, unknown> {
  return choice.members(
    {
      labels: () => choice.map(["l1", "l2"], ["1", "2"]),
      annotations: () => choice.map(["n1", "n2"], ["1", "2", ""]),
      finalizers: () => choice.some(["example.com/a", "example.com/b"]),
    },
    0.25,
  );
}

// Without these the real server refuses the content of its own kinds; ours looks less deeply into nodes and pods.
const REQUIRED: ReadonlySet<string> = new Set(["name", "key", "effect", "type", "status", "address", "image", "names"]);

// Directives of strategic merge patches, wherever a list or a map stands.
function withDirectives(choice: Choice, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => withDirectives(choice, item));
    const [first] = items;
    const isMap = typeof first === "object" && first !== null && !Array.isArray(first);
    // Lists that do not merge take a directive for an item.
    if (!isMap || !("name" in first || "type" in first) || !choice.chance(0.4)) return items;
    return choice.chance(0.5) ? [...items, { $patch: "replace" }] : [{ ...first, $patch: "delete" }, ...items.slice(1)];
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => {
    const isRemoved = !REQUIRED.has(name) && choice.chance(0.15);
    return [name, isRemoved ? null : withDirectives(choice, member)] as const;
  });
  const directive = choice.chance(0.08) ? { $patch: choice.one(["replace", "delete"]) } : {};
  return { ...Object.fromEntries(members), ...directive };
}

function jsonPatch(choice: Choice): readonly unknown[] {
  const one = (): unknown =>
    choice.one([
      { op: "add", path: "/metadata/labels", value: { j: choice.one(["1", "2"]) } },
      { op: "remove", path: "/metadata/labels" },
      { op: "add", path: "/metadata/labels/k", value: "1" },
      { op: "test", path: "/metadata/labels/j", value: "1" },
      { op: "replace", path: "/metadata/annotations", value: { k: "1" } },
      { op: "copy", from: "/metadata/labels", path: "/metadata/annotations" },
      { op: "move", from: "/metadata/annotations", path: "/metadata/labels" },
    ]);
  return Array.from({ length: choice.integer(1, 3) }, one);
}

function replaced(
  last: Record<string, unknown>,
  metadata: Record<string, unknown>,
  content: Record<string, unknown>,
): Record<string, unknown> {
  const own = typeof last["metadata"] === "object" ? last["metadata"] : {};
  const merged = Object.entries(content).map(([name, value]) => {
    const before = last[name];
    const isMap = (one: unknown): boolean => typeof one === "object" && one !== null && !Array.isArray(one);
    return [name, isMap(before) && isMap(value) ? Object.assign({}, before, value) : value] as const;
  });
  return { ...last, ...Object.fromEntries(merged), metadata: { ...own, ...metadata } };
}
