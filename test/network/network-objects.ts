// Subnets and attachments as a test makes and reads them, with bounded waits.
import { setTimeout as sleep } from "node:timers/promises";
import { type GroupVersionResource, type KubeObject, StatusError } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import { HttpClientError } from "@coracle/runtime";

const POLL_MS = 20;
const WAIT_MS = 60_000;
const GROUP = "network.coracle.dev/v1alpha1";

const SUBNETS: GroupVersionResource = { group: "network.coracle.dev", version: "v1alpha1", resource: "subnets" };
const ATTACHMENTS: GroupVersionResource = { ...SUBNETS, resource: "networkattachments" };
const LOCKS: GroupVersionResource = { ...SUBNETS, resource: "iplocks" };
const NAMESPACES: GroupVersionResource = { group: "", version: "v1", resource: "namespaces" };

/** Where an attachment is wanted. */
export interface AttachmentPlan {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly subnet: string;
  readonly postCreateExec?: readonly string[];
  readonly postDeleteExec?: readonly string[];
}

/** What of an attachment's status the tests look at. */
export interface AttachmentState {
  readonly uid: string;
  readonly node: string;
  readonly ipv4: string;
  readonly vni: number;
  readonly mac: string;
  readonly device: string;
  readonly hostIp: string;
  readonly lockUid: string;
  readonly contention: boolean;
  readonly ipamErrors: readonly string[];
  readonly hostErrors: readonly string[];
  readonly object: KubeObject;
}

/** See the top of the file. */
export class NetworkObjects {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async createNamespace(name: string): Promise<void> {
    await this.#client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  async createSubnet(namespace: string, name: string, vni: number, ipv4: string): Promise<void> {
    const metadata = { namespace, name };
    await this.#client.create(SUBNETS, { apiVersion: GROUP, kind: "Subnet", metadata, spec: { vni, ipv4 } });
  }

  async deleteSubnet(namespace: string, name: string): Promise<void> {
    await this.#client.delete(SUBNETS, { namespace, name });
  }

  /** Waits until the validator has looked at a subnet; true if it is valid. */
  async isValidated(namespace: string, name: string): Promise<boolean> {
    return this.#poll(`an opinion on subnet ${name}`, async () => {
      const subnet = await this.#client.get(SUBNETS, { namespace, name });
      const status = (subnet["status"] ?? {}) as { validated?: boolean; errors?: readonly string[] };
      if (status.validated === true) return true;
      return (status.errors ?? []).length > 0 ? false : undefined;
    });
  }

  async attach(plan: AttachmentPlan): Promise<void> {
    const { namespace, name, ...spec } = plan;
    const metadata = { namespace, name };
    await this.#client.create(ATTACHMENTS, { apiVersion: GROUP, kind: "NetworkAttachment", metadata, spec });
  }

  async detach(namespace: string, name: string): Promise<void> {
    await this.#client.delete(ATTACHMENTS, { namespace, name });
  }

  async read(namespace: string, name: string): Promise<AttachmentState> {
    return stateOf(await this.#client.get(ATTACHMENTS, { namespace, name }));
  }

  async list(namespace: string): Promise<readonly AttachmentState[]> {
    const { items } = await this.#client.list(ATTACHMENTS, { namespace });
    return items.map(stateOf);
  }

  /** Names of the locks there are. */
  async locks(namespace: string): Promise<readonly string[]> {
    const { items } = await this.#client.list(LOCKS, { namespace });
    return items.map((lock) => lock.metadata.name ?? "").sort();
  }

  /** Waits until an attachment is as `isRight` says; throws with its last state. */
  async until(
    namespace: string,
    name: string,
    isRight: (state: AttachmentState) => boolean,
    what = "the wanted state",
  ): Promise<AttachmentState> {
    let last: AttachmentState | undefined;
    try {
      return await this.#poll(`${what} of ${namespace}/${name}`, async () => {
        last = await this.read(namespace, name);
        return isRight(last) ? last : undefined;
      });
    } catch (thrown) {
      throw new Error(`${String(thrown)}; last seen: ${JSON.stringify(last?.object["status"])}`, { cause: thrown });
    }
  }

  /** Waits until an attachment has its interface. */
  ready(namespace: string, name: string): Promise<AttachmentState> {
    return this.until(namespace, name, (state) => state.device !== "", "an interface");
  }

  /** Waits until every attachment of a namespace has its interface, and there are `count`. */
  async allReady(namespace: string, count: number): Promise<readonly AttachmentState[]> {
    return this.#poll(`${count} ready attachments in ${namespace}`, async () => {
      const states = await this.list(namespace);
      return states.length === count && states.every((state) => state.device !== "") ? states : undefined;
    });
  }

  /** Waits until `look` gives a value; the API server may be away meanwhile. */
  async #poll<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = await look().catch(unlessAway);
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`Waited ${WAIT_MS} ms in vain for ${what}`);
      await sleep(POLL_MS);
    }
  }
}

/** A server that is being restarted refuses and breaks off; anything else is the test's news. */
function unlessAway(thrown: unknown): undefined {
  const isAway =
    thrown instanceof HttpClientError || (thrown instanceof StatusError && [429, 503].includes(thrown.httpCode));
  if (isAway) return undefined;
  throw thrown;
}

function stateOf(object: KubeObject): AttachmentState {
  const spec = (object["spec"] ?? {}) as Record<string, string | undefined>;
  const status = (object["status"] ?? {}) as Record<string, string | number | boolean | undefined> & {
    readonly errors?: { readonly ipam?: readonly string[]; readonly host?: readonly string[] };
  };
  const text = (field: string): string => String(status[field] ?? "");
  return {
    uid: object.metadata.uid ?? "",
    node: spec["node"] ?? "",
    ipv4: text("ipv4"),
    vni: Number(status["addressVNI"] ?? 0),
    mac: text("macAddress"),
    device: text("ifcName"),
    hostIp: text("hostIP"),
    lockUid: text("lockUID"),
    contention: status["addressContention"] === true,
    ipamErrors: status.errors?.ipam ?? [],
    hostErrors: status.errors?.host ?? [],
    object,
  };
}
