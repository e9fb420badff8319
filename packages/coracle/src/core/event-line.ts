// Making one line for people of one JSON line that the watcher wrote, and counting objects by kind.
import { member, text } from "./json-member.ts";

/** What a watcher line is about. */
export interface WatcherLine {
  readonly type: string;
  /** Kind of the object, "" for lines about the stream. */
  readonly kind: string;
  /** `namespace/name`, or the name alone. */
  readonly name: string;
  /** True for objects that were there before the watcher looked. */
  readonly initial: boolean;
  /** The line in words. */
  readonly text: string;
  /** The object itself, or nothing for lines about the stream. */
  readonly object: unknown;
}

const SIGNS: Readonly<Record<string, string>> = { ADDED: "created", MODIFIED: "changed", DELETED: "deleted" };

/** Reads one line; `undefined` if it is none of the watcher's. */
export function readWatcherLine(line: string): WatcherLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const type = text(member(value, "type"));
  if (type === "") return undefined;
  const object = member(value, "object");
  const metadata = member(object, "metadata");
  const kind = type in SIGNS ? text(member(object, "kind")) : "";
  const namespace = text(member(metadata, "namespace"));
  const name = namespace === "" ? text(member(metadata, "name")) : `${namespace}/${text(member(metadata, "name"))}`;
  const initial = member(value, "initial") === true;
  const resource = text(member(value, "resource"));
  return { type, kind, name, initial, text: describe(type, { kind, name, resource, value }), object };
}

interface Facts {
  readonly kind: string;
  readonly name: string;
  readonly resource: string;
  readonly value: unknown;
}

function describe(type: string, { kind, name, resource, value }: Facts): string {
  const verb = SIGNS[type];
  if (verb !== undefined) return `${kind.toLowerCase()} ${name}  ${verb}${summary(kind, member(value, "object"))}`;
  switch (type) {
    case "SYNCED":
      return `${resource}: following ${objectsText(member(value, "objects"))} from revision ${text(member(value, "resourceVersion"))}`;
    case "RESUMED":
      return `${resource}: connection back, nothing missed`;
    case "GAP":
      return `${resource}: ${text(member(value, "message"))}`;
    case "ERROR":
      return `${resource}: ${text(member(member(value, "object"), "message"))}`;
    default:
      return type.toLowerCase();
  }
}

function objectsText(count: unknown): string {
  return count === 1 ? "1 object" : `${String(count)} objects`;
}

/** The two or three fields that say what the object is about. */
function summary(kind: string, object: unknown): string {
  const spec = member(object, "spec");
  const status = member(object, "status");
  const parts =
    kind === "Subnet"
      ? [text(member(spec, "ipv4")), `VNI ${String(member(spec, "vni"))}`]
      : kind === "NetworkAttachment"
        ? [
            `subnet ${text(member(spec, "subnet"))}`,
            `host ${text(member(spec, "node"))}`,
            text(member(status, "ipv4")),
            text(member(status, "ifcName")),
          ]
        : [];
  const shown = parts.filter((part) => part !== "");
  return shown.length === 0 ? "" : `  ${shown.join("  ")}`;
}

/** Counts objects by kind from watcher lines. */
export class ObjectCounts {
  readonly #names = new Map<string, Set<string>>();

  /** Takes in one line. */
  take(line: WatcherLine): void {
    if (line.kind === "") return;
    const names = this.#names.get(line.kind) ?? new Set();
    this.#names.set(line.kind, names);
    if (line.type === "DELETED") names.delete(line.name);
    else names.add(line.name);
  }

  /** `3 subnets, 6 networkattachments`, kinds in order of appearance. */
  toText(): string {
    return [...this.#names]
      .map(([kind, names]) => `${names.size} ${kind.toLowerCase()}${names.size === 1 ? "" : "s"}`)
      .join(", ");
  }
}
