// An API server and address controllers against it, for one test: started on free ports, ended and removed at its end.
import type { GroupVersionResource, KubeObject } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import { ApiServer } from "../system/api-server.ts";
import { ChildProgram } from "../system/child-program.ts";

const GROUP = { group: "network.coracle.dev", version: "v1alpha1" } as const;
const API_VERSION = "network.coracle.dev/v1alpha1";

/** The kinds of the group. */
export const SUBNETS: GroupVersionResource = { ...GROUP, resource: "subnets" };
export const ATTACHMENTS: GroupVersionResource = { ...GROUP, resource: "networkattachments" };
export const LOCKS: GroupVersionResource = { ...GROUP, resource: "iplocks" };

const BRIEF_LENGTH_MAX = 600;

/** Namespace of the tests. */
export const NAMESPACE = "default";

/** The status of an attachment, as far as the tests look at it. */
export interface Status {
  readonly ipv4?: string;
  readonly addressVNI?: number;
  readonly lockUID?: string;
  readonly addressContention?: boolean;
  readonly validated?: boolean;
  readonly errors?: { readonly ipam?: readonly string[] } & readonly string[];
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}

/** One API server, any number of controllers. */
export class IpamSystem {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly #controllers: ChildProgram[] = [];

  private constructor(client: KubeClient, kubeconfig: string) {
    this.client = client;
    this.kubeconfig = kubeconfig;
  }

  /** Runs `body` with a system and ends everything after it. */
  static with(apiserverArgs: readonly string[], body: (system: IpamSystem) => Promise<void>): Promise<void> {
    return ApiServer.with(apiserverArgs, async (apiserver) => {
      const system = new IpamSystem(await apiserver.client(), apiserver.kubeconfig);
      try {
        await body(system);
      } finally {
        await Promise.all(system.#controllers.map((controller) => controller.end()));
      }
    });
  }

  /** Starts a controller. */
  async ipam(args: readonly string[] = []): Promise<ChildProgram> {
    const child = ChildProgram.source("ipam", ["--kubeconfig", this.kubeconfig, "--http", "127.0.0.1:0", ...args]);
    this.#controllers.push(child);
    await child.see(/"message":"Ready"/);
    return child;
  }

  createSubnet(name: string, vni: number, ipv4: string): Promise<KubeObject> {
    return this.client.create(SUBNETS, objectOf("Subnet", name, { vni, ipv4 }));
  }

  createAttachment(name: string, subnet: string, node = "node-a"): Promise<KubeObject> {
    return this.client.create(ATTACHMENTS, objectOf("NetworkAttachment", name, { node, subnet }));
  }

  async delete(resource: GroupVersionResource, name: string): Promise<void> {
    await this.client.delete(resource, { namespace: NAMESPACE, name });
  }

  async status(resource: GroupVersionResource, name: string): Promise<Status> {
    const object = await this.client.get(resource, { namespace: NAMESPACE, name });
    return statusOf(object);
  }

  async list(resource: GroupVersionResource): Promise<readonly KubeObject[]> {
    return (await this.client.list(resource, {})).items;
  }

  /** Asks again until `isRight`; throws with `what` was expected and the last answer in brief when it does not become so. */
  async eventually<T>(
    what: string,
    ask: () => Promise<T>,
    isRight: (answer: T) => boolean,
    timeoutMs = 30_000,
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await ask();
      if (isRight(answer)) return answer;
      if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}: ${inBrief(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  /** The attachment's status once it has an address. */
  addressOf(name: string): Promise<Status> {
    return this.eventually(
      `an address of ${name}`,
      () => this.status(ATTACHMENTS, name),
      ({ ipv4 = "" }) => ipv4 !== "",
    );
  }
}

/** What was there at last: how many of a list and the first of them, or the beginning of anything else. */
function inBrief(answer: unknown): string {
  const beginning = JSON.stringify(answer).slice(0, BRIEF_LENGTH_MAX);
  return Array.isArray(answer) ? `there were ${answer.length} at last, such as ${beginning}` : `at last ${beginning}`;
}

/** The status of an object. */
export function statusOf(object: KubeObject): Status {
  return (object["status"] ?? {}) as Status;
}

function objectOf(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: API_VERSION, kind, metadata: { namespace: NAMESPACE, name }, spec };
}
