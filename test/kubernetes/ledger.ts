// What writers did to a real server, key by key, and whether a follower was told all of it exactly once.
import { compareResourceVersions } from "@coracle/kube";
import type { Delivery, Followed } from "./followed.ts";

/** One write that the server confirmed. A deletion's own version is not in its answer. */
type Write = { readonly kind: "upsert"; readonly resourceVersion: string } | { readonly kind: "remove" };

/** The confirmed writes of every key, in order: each key has one writer at a time. */
export class Ledger {
  readonly #writes = new Map<string, Write[]>();
  /** Keys with a write of which nobody knows whether it took effect: its answer was lost. */
  readonly #unclear = new Set<string>();
  #start = "";

  upsert(key: string, resourceVersion: string): void {
    this.#of(key).push({ kind: "upsert", resourceVersion });
  }

  remove(key: string): void {
    this.#of(key).push({ kind: "remove" });
  }

  unclear(key: string): void {
    this.#unclear.add(key);
  }

  /** How many writes of this round an audit checks one by one. */
  get certain(): number {
    const keys = [...this.#writes].filter(([key]) => !this.#unclear.has(key));
    return keys.reduce((sum, [, writes]) => sum + writes.length, 0);
  }

  /** Forgets the writes up to `resourceVersion`, which have been audited, and forgives the unclear ones. */
  startRound(resourceVersion: string): void {
    this.#writes.clear();
    this.#unclear.clear();
    this.#start = resourceVersion;
  }

  /** What is wrong with what a follower was told, in words; nothing when every write was told once, or lies in a gap. */
  audit(followed: Followed): string[] {
    const wrong = [...followed.problems];
    const told = new Map<string, Delivery[]>();
    for (const delivery of followed.deliveries) told.set(delivery.key, [...(told.get(delivery.key) ?? []), delivery]);
    for (const [key, deliveries] of told) wrong.push(...repeated(key, deliveries));
    for (const [key, writes] of this.#writes) {
      if (!this.#unclear.has(key))
        wrong.push(...auditKey(key, { writes, start: this.#start }, told.get(key) ?? [], followed));
    }
    return wrong;
  }

  #of(key: string): Write[] {
    let writes = this.#writes.get(key);
    if (writes === undefined) this.#writes.set(key, (writes = []));
    return writes;
  }
}

/** The same version of a key told twice. */
function repeated(key: string, deliveries: readonly Delivery[]): string[] {
  const versions = deliveries.filter((one) => one.resourceVersion !== "").map((one) => one.resourceVersion);
  return versions.length === new Set(versions).size ? [] : [`${key}: a version was told twice: ${versions.join(" ")}`];
}

function auditKey(
  key: string,
  round: { readonly writes: readonly Write[]; readonly start: string },
  told: readonly Delivery[],
  followed: Followed,
): string[] {
  const wrong: string[] = [];
  const upserts = new Set(told.filter((one) => one.kind === "upsert").map((one) => one.resourceVersion));
  const { writes } = round;
  let before = round.start;
  for (const [index, write] of writes.entries()) {
    if (write.kind === "upsert") {
      before = write.resourceVersion;
      if (!upserts.delete(before) && !isCovered(followed, before, before))
        wrong.push(`${key}: ${before} was never told`);
      continue;
    }
    const next = writes.slice(index + 1).find((one) => one.kind === "upsert")?.resourceVersion;
    const isTold = told.some((one) => one.kind === "remove" && isBetween(one.resourceVersion, before, next));
    if (!isTold && !isCovered(followed, before, next))
      wrong.push(`${key}: its deletion after ${before} was never told`);
  }
  // What nobody wrote cannot have been told.
  for (const version of upserts) wrong.push(`${key}: ${version} was told, but never written`);
  return wrong;
}

function isBetween(version: string, after: string, before: string | undefined): boolean {
  return isAfter(version, after) && (before === undefined || isAfter(before, version));
}

/** Whether some full state stands for the versions from `first` to `last` (open when undefined), or for a part of them. */
function isCovered(followed: Followed, first: string, last: string | undefined): boolean {
  return followed.covered.some(
    ({ after, upTo }) => !isAfter(first, upTo) && (last === undefined || isAfter(last, after)),
  );
}

function isAfter(version: string, other: string): boolean {
  return other === "" || compareResourceVersions(version, other) === 1;
}
