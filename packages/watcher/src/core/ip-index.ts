// Which pod has an address: a map that survives address reuse, late deletes, host networking and finished pods.
import { assert, formatIp, type Millis, parseIp } from "@coracle/base";
import { compareResourceVersions, type KubeObject } from "@coracle/kube";

/** What the index keeps of a pod. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly node: string;
  readonly phase: string;
  readonly hostNetwork: boolean;
  readonly serviceAccount: string;
  /** Canonical texts, both families. */
  readonly ips: readonly string[];
}

/** An answer to "whose address is this". */
export type IpAnswer =
  /** A running pod's own address. */
  | { readonly kind: "pod"; readonly pod: PodFacts; readonly others: readonly PodFacts[] }
  /** An address of a node: every pod on that host network has it, so no single pod does. */
  | { readonly kind: "host-network"; readonly pods: readonly PodFacts[] }
  /** Nobody has it now; the pod had it until a moment ago, and late packets may still be its. */
  | { readonly kind: "previous"; readonly pod: PodFacts; readonly goneForMs: number }
  | { readonly kind: "unknown" };

/** The fields of a pod that {@link podFacts} reads: everything else may be skipped while parsing. */
export const POD_FACT_FIELDS: readonly string[] = [
  "metadata.namespace",
  "metadata.name",
  "metadata.uid",
  "metadata.resourceVersion",
  "spec.nodeName",
  "spec.hostNetwork",
  "spec.serviceAccountName",
  "status.phase",
  "status.podIP",
  "status.podIPs",
];

/** Limits of an {@link IpIndex}. */
export interface IpIndexOptions {
  /** How long a pod that lost its address is still named for late packets. */
  readonly previousOwnerMs?: number;
  readonly podsMax?: number;
}

/**
 * Address to pods. A pod owns its addresses while it is neither finished nor deleted. A delete takes away only what the
 * same uid owns, so the late delete of an old pod never hides the new pod that reuses its address.
 */
export class IpIndex {
  readonly #previousOwnerMs: number;
  readonly #podsMax: number;
  readonly #pods = new Map<string, PodFacts>();
  readonly #owners = new Map<string, Set<string>>();
  readonly #previous = new Map<string, { readonly pod: PodFacts; readonly since: Millis }>();
  #refused = 0;

  constructor(options: IpIndexOptions = {}) {
    this.#previousOwnerMs = options.previousOwnerMs ?? 5000;
    this.#podsMax = options.podsMax ?? 200_000;
    assert(this.#podsMax > 0, `Cannot make an index of ${this.#podsMax} pods`);
  }

  get size(): number {
    return this.#pods.size;
  }

  /** Pods that were not taken in because the index was full. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes in a pod's newest state; an older one than what is known is ignored. */
  upsert(pod: PodFacts, now: Millis): void {
    const known = this.#pods.get(pod.uid);
    if (known !== undefined && isOlder(pod.resourceVersion, known.resourceVersion)) return;
    if (known === undefined && this.#pods.size >= this.#podsMax) {
      this.#refused++;
      return;
    }
    if (known !== undefined) this.#release(known, new Set(ownedIps(pod)), now);
    this.#pods.set(pod.uid, pod);
    for (const ip of ownedIps(pod)) {
      const owners = this.#owners.get(ip);
      if (owners === undefined) this.#owners.set(ip, new Set([pod.uid]));
      else owners.add(pod.uid);
      this.#previous.delete(ip);
    }
  }

  /** The pod with this uid is gone. */
  remove(uid: string, now: Millis): void {
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    this.#pods.delete(uid);
    this.#release(known, new Set(), now);
  }

  /** Keeps only the pods whose uid is in `uids`: what a complete list says about pods deleted unseen. */
  retain(uids: ReadonlySet<string>, now: Millis): void {
    for (const uid of this.#pods.keys()) if (!uids.has(uid)) this.remove(uid, now);
  }

  /** Whose address `ip` (any text form) is. */
  lookup(ip: string, now: Millis): IpAnswer {
    const parsed = parseIp(ip);
    if (!parsed.ok) return { kind: "unknown" };
    const canonical = formatIp(parsed.value);
    const pods = [...(this.#owners.get(canonical) ?? [])].flatMap((uid) => this.#pods.get(uid) ?? []);
    const onHost = pods.filter((pod) => pod.hostNetwork);
    const own = pods.filter((pod) => !pod.hostNetwork).sort(newestFirst);
    const [first, ...others] = own;
    if (first !== undefined) return { kind: "pod", pod: first, others };
    if (onHost.length > 0) return { kind: "host-network", pods: onHost };
    const previous = this.#previous.get(canonical);
    if (previous === undefined) return { kind: "unknown" };
    const goneForMs = now - previous.since;
    if (goneForMs <= this.#previousOwnerMs) return { kind: "previous", pod: previous.pod, goneForMs };
    this.#previous.delete(canonical);
    return { kind: "unknown" };
  }

  #release(pod: PodFacts, kept: ReadonlySet<string>, now: Millis): void {
    for (const ip of ownedIps(pod)) {
      if (kept.has(ip)) continue;
      const owners = this.#owners.get(ip);
      owners?.delete(pod.uid);
      if (owners?.size === 0) {
        this.#owners.delete(ip);
        if (!pod.hostNetwork) this.#remember(ip, pod, now);
      }
    }
  }

  /** Former owners are few and short-lived: expired ones go first, and the oldest when there are too many. */
  #remember(ip: string, pod: PodFacts, now: Millis): void {
    this.#previous.delete(ip);
    for (const [oldIp, { since }] of this.#previous) {
      const expired = now - since > this.#previousOwnerMs;
      if (!expired && this.#previous.size < PREVIOUS_OWNERS_MAX) break;
      this.#previous.delete(oldIp);
    }
    this.#previous.set(ip, { pod, since: now });
  }
}

const PREVIOUS_OWNERS_MAX = 4096;

/** Reads what the index needs from a pod, whole or projected; `undefined` if it has no uid. */
export function podFacts(object: KubeObject): PodFacts | undefined {
  const { metadata } = object;
  if (metadata.uid === undefined || metadata.name === undefined) return undefined;
  const spec = record(object["spec"]);
  const status = record(object["status"]);
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion ?? "",
    node: text(spec["nodeName"]),
    phase: text(status["phase"]),
    hostNetwork: spec["hostNetwork"] === true,
    serviceAccount: text(spec["serviceAccountName"]),
    ips: podIps(status),
  };
}

function podIps(status: Readonly<Record<string, unknown>>): string[] {
  const listed = Array.isArray(status["podIPs"]) ? status["podIPs"].map((entry) => text(record(entry)["ip"])) : [];
  const canonical = new Set<string>();
  for (const ip of [...listed, text(status["podIP"])]) {
    const parsed = parseIp(ip);
    if (parsed.ok) canonical.add(formatIp(parsed.value));
  }
  return [...canonical];
}

/** A finished pod's addresses may already belong to another. */
function ownedIps(pod: PodFacts): readonly string[] {
  return pod.phase === "Succeeded" || pod.phase === "Failed" ? [] : pod.ips;
}

function isOlder(candidate: string, known: string): boolean {
  return compareResourceVersions(candidate, known) === -1;
}

function newestFirst(a: PodFacts, b: PodFacts): number {
  const running = Number(b.phase === "Running") - Number(a.phase === "Running");
  if (running !== 0) return running;
  return compareResourceVersions(b.resourceVersion, a.resourceVersion) ?? 0;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
