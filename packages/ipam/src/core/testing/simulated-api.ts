// A model of the API server as far as the controllers can tell: atomic writes, optimistic concurrency, ordered watches.
import { assert, cidrsOverlap, formatMicroTime, formatTime, parseCidr, type Random } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import type { ApiAnswer, ApiCall, ApiFailureCode, ObjectVersion } from "../api-call.ts";
import type { WatchedResource } from "../ipam-machine.ts";
import {
  NO_ADDRESS,
  readAttachment,
  readLock,
  readSubnet,
  READY_CONDITION,
  sectionTimeUs,
} from "../table/read-objects.ts";
import type { EventLoop } from "./event-loop.ts";

/** A change of one object. */
export interface ApiEvent {
  readonly kind: "upsert" | "remove";
  readonly resource: WatchedResource;
  readonly object: KubeObject;
}

type Members = Readonly<Record<string, unknown>>;

/** Checks its own invariants at every write: a breach throws at the very step that makes it. */
export class SimulatedApi {
  readonly objects: Readonly<Record<WatchedResource, Map<string, KubeObject>>> = {
    subnets: new Map(),
    networkattachments: new Map(),
    iplocks: new Map(),
  };
  readonly watchers: Set<(event: ApiEvent) => void> = new Set();
  /** Calls by kind and outcome. */
  readonly calls: Map<string, number> = new Map();
  readonly #loop: EventLoop;
  readonly #random: Random;
  /** Attachment by `vni/ipv4` of its status. */
  readonly #holders: Map<string, string> = new Map();
  #version = 0;

  constructor(loop: EventLoop, random: Random) {
    this.#loop = loop;
    this.#random = random;
  }

  get version(): string {
    return String(this.#version);
  }

  /** What a client does. */
  create(resource: WatchedResource, name: { namespace: string; name: string }, fields: Members): KubeObject {
    const key = `${name.namespace}/${name.name}`;
    assert(!this.objects[resource].has(key), `${key} is there already`);
    const wallMs = this.#loop.clock.wallMs();
    const object: KubeObject = {
      ...fields,
      metadata: {
        ...(fields["metadata"] as object | undefined),
        ...name,
        uid: this.#uuid(),
        creationTimestamp: formatTime(wallMs),
      },
      extendedMetadata: { writes: [{ section: "spec", serverTime: formatMicroTime(wallMs) }] },
    };
    return this.#store(resource, key, object);
  }

  /** What a client does. False if it was gone. */
  delete(resource: WatchedResource, key: string): boolean {
    const object = this.objects[resource].get(key);
    if (object === undefined) return false;
    if (resource === "networkattachments") this.#release(key, object);
    this.objects[resource].delete(key);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#tell({ kind: "remove", resource, object: { ...object, metadata } });
    return true;
  }

  /** What an agent does: its condition beside those of the controllers. */
  report(key: string, condition: { readonly type: string; readonly status: string; readonly reason: string }): void {
    const object = this.objects.networkattachments.get(key);
    assert(object !== undefined, `${key} is reported but does not exist`);
    const status = (object["status"] ?? {}) as Members;
    const conditions = [...conditionsOf(object), { message: "", lastTransitionTime: "", ...condition }];
    this.#store("networkattachments", key, { ...object, status: { ...status, conditions } });
  }

  /** Carries out a call of a controller, at once. */
  execute(call: ApiCall): ApiAnswer {
    const answer = this.#execute(call);
    const name = `${call.kind} ${answer.kind === "failed" ? answer.code : "ok"}`;
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    return answer;
  }

  #execute(call: ApiCall): ApiAnswer {
    switch (call.kind) {
      case "read-lock":
        return this.#lockAnswer(this.objects.iplocks.get(`${call.namespace}/${call.name}`));
      case "read-attachment":
        return attachmentAnswer(this.objects.networkattachments.get(`${call.namespace}/${call.name}`));
      case "read-subnet": {
        const object = this.objects.subnets.get(`${call.namespace}/${call.name}`);
        return object === undefined ? failed("not-found") : { kind: "subnet", subnet: readSubnet(object) };
      }
      case "create-lock":
        return this.#createLock(call);
      case "touch-lock": {
        const object = this.#current("iplocks", call.lock);
        if (typeof object === "string") return failed(object);
        const metadata = { ...object.metadata, annotations: { mark: call.mark } };
        return this.#lockAnswer(this.#store("iplocks", keyOf(call.lock), { ...object, metadata }));
      }
      case "delete-lock":
        return this.#deleteLock(call.lock);
      case "write-attachment":
        return this.#writeAttachment(call.attachment, call.status as unknown as Members);
      case "list-subnets":
        return {
          kind: "subnets",
          subnets: [...this.objects.subnets.values()].map(readSubnet).filter((subnet) => subnet.vni === call.vni),
        };
      case "write-subnet":
        return this.#writeSubnet(call.subnet, call.status as unknown as Members);
    }
  }

  #createLock(call: Extract<ApiCall, { kind: "create-lock" }>): ApiAnswer {
    if (this.objects.iplocks.has(`${call.namespace}/${call.name}`)) return failed("exists");
    const ownerReferences = [{ apiVersion: "", kind: "NetworkAttachment", ...call.owner, controller: true }];
    const fields = { metadata: { ownerReferences }, spec: { subnetName: call.subnet } };
    return this.#lockAnswer(this.create("iplocks", { namespace: call.namespace, name: call.name }, fields));
  }

  #deleteLock(wanted: ObjectVersion): ApiAnswer {
    const object = this.#current("iplocks", wanted);
    if (typeof object === "string") return failed(object);
    const owner = object.metadata.ownerReferences?.[0];
    const attachment = this.objects.networkattachments.get(`${wanted.namespace}/${owner?.name ?? ""}`);
    if (attachment !== undefined) {
      const { lockUid } = readAttachment(attachment);
      assert(lockUid !== wanted.uid, `lock ${wanted.name} is deleted while the status of its owner names it`);
    }
    this.delete("iplocks", keyOf(wanted));
    return { kind: "done" };
  }

  #writeAttachment(wanted: ObjectVersion, status: Members): ApiAnswer {
    const object = this.#current("networkattachments", wanted);
    if (typeof object === "string") return failed(object);
    const key = keyOf(wanted);
    // Server-side apply: conditions of others stay.
    const own = status["conditions"] as readonly Members[];
    const isOfOthers = ({ type, reason }: Members): boolean =>
      type === READY_CONDITION && reason !== NO_ADDRESS && own.every((each) => each["type"] !== type);
    const applied = { ...status, conditions: [...own, ...conditionsOf(object).filter(isOfOthers)] };
    if (saysTheSame(applied, object["status"])) return attachmentAnswer(object);
    this.#release(key, object);
    const writes = [{ section: "status.address", serverTime: formatMicroTime(this.#loop.clock.wallMs()) }];
    const spec = sectionsOf(object).filter((write) => write["section"] === "spec");
    const extendedMetadata = { writes: [...writes, ...spec] };
    const next = this.#store("networkattachments", key, { ...object, status: applied, extendedMetadata });
    this.#claim(key, next);
    return attachmentAnswer(next);
  }

  #writeSubnet(wanted: ObjectVersion, status: Members): ApiAnswer {
    const object = this.#current("subnets", wanted);
    if (typeof object === "string") return failed(object);
    const before = readSubnet(object);
    if (saysTheSame(status, object["status"])) return { kind: "subnet", subnet: before };
    const next = this.#store("subnets", keyOf(wanted), { ...object, status });
    const subnet = readSubnet(next);
    assert(!before.isValidated || subnet.isValidated, "a validated subnet stays so");
    if (subnet.isValidated) this.#checkRivals(subnet);
    return { kind: "subnet", subnet };
  }

  /** The object if it is as wanted, else why not. */
  #current(resource: WatchedResource, wanted: ObjectVersion): KubeObject | ApiFailureCode {
    const object = this.objects[resource].get(keyOf(wanted));
    if (object === undefined) return "not-found";
    if (object.metadata.uid !== wanted.uid) return resource === "iplocks" ? "not-found" : "conflict";
    const isCurrent = wanted.resourceVersion === "" || object.metadata.resourceVersion === wanted.resourceVersion;
    return isCurrent ? object : "conflict";
  }

  #store(resource: WatchedResource, key: string, object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    const stored = { ...object, metadata };
    this.objects[resource].set(key, stored);
    this.#tell({ kind: "upsert", resource, object: stored });
    return stored;
  }

  #tell(event: ApiEvent): void {
    for (const watcher of this.watchers) watcher(event);
  }

  #lockAnswer(object: KubeObject | undefined): ApiAnswer {
    const lock = object && readLock(object);
    if (object === undefined || lock === undefined) return failed("not-found");
    return { kind: "lock", lock, writtenUs: sectionTimeUs(object, "spec") };
  }

  #release(key: string, object: KubeObject): void {
    const { vni, address } = readAttachment(object);
    if (address !== undefined && this.#holders.get(`${vni}/${address}`) === key) {
      this.#holders.delete(`${vni}/${address}`);
    }
  }

  /** No address twice, and none without a lock of its own. */
  #claim(key: string, object: KubeObject): void {
    const { vni, address, lockUid, uid } = readAttachment(object);
    if (address === undefined) return;
    const place = `${vni}/${address}`;
    assert(this.#holders.get(place) === undefined, `${place} is given to ${key}`);
    this.#holders.set(place, key);
    const lock = this.#lockOf(object);
    assert(lock?.uid === lockUid, `${key} has ${place} without its lock`);
    assert(lock?.ownerUid === uid, `${key} has ${place} with a lock of somebody else`);
  }

  #lockOf(attachment: KubeObject): ReturnType<typeof readLock> {
    const { namespace = "" } = attachment.metadata;
    const { vni, address = 0 } = readAttachment(attachment);
    const parts = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join("-");
    const object = this.objects.iplocks.get(`${namespace}/v1-${vni}-${parts}`);
    return object && readLock(object);
  }

  #checkRivals(subnet: ReturnType<typeof readSubnet>): void {
    const range = parseCidr(subnet.cidr);
    for (const object of this.objects.subnets.values()) {
      const rival = readSubnet(object);
      if (rival.uid === subnet.uid || !rival.isValidated || rival.vni !== subnet.vni) continue;
      const rivalRange = parseCidr(rival.cidr);
      const overlaps = range.ok && rivalRange.ok && cidrsOverlap(range.value, rivalRange.value);
      assert(!overlaps, `${subnet.cidr} and ${rival.cidr} of VNI ${subnet.vni} are both validated`);
      assert(rival.namespace === subnet.namespace, `VNI ${subnet.vni} is validated in two namespaces`);
    }
  }

  #uuid(): string {
    const hex = [...this.#random.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function sectionsOf(object: KubeObject): readonly Members[] {
  return (object["extendedMetadata"] as { readonly writes: readonly Members[] }).writes;
}

function conditionsOf(object: KubeObject): readonly Members[] {
  const { conditions = [] } = (object["status"] ?? {}) as { readonly conditions?: readonly Members[] };
  return conditions;
}

/** A write that changes nothing is not stored: the object keeps its version, and no watch tells of it. */
function saysTheSame(status: Members, before: unknown): boolean {
  return JSON.stringify(status) === JSON.stringify(before);
}

function attachmentAnswer(object: KubeObject | undefined): ApiAnswer {
  if (object === undefined) return failed("not-found");
  const addressWrittenUs = sectionTimeUs(object, "status.address");
  return { kind: "attachment", attachment: readAttachment(object), addressWrittenUs };
}

function failed(code: ApiFailureCode): ApiAnswer {
  return { kind: "failed", code, message: code };
}
