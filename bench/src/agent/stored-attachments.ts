// A hundred thousand attachments in our API server's database: one is made through the server, and stored again under other names.
import { join } from "node:path";
import { formatIp, numberToIpv4 } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import { openSqliteStore } from "@coracle/store/io";
import { ATTACHMENTS } from "../apiserver/attachment.ts";

/** All are in this virtual network. */
export const VNI = 1001;
/** The namespace of all. */
export const NAMESPACE = "default";
/** The node whose agent is measured. */
export const NODE = "here";

const PREFIX = `/registry/${ATTACHMENTS.group}/${ATTACHMENTS.resource}/${NAMESPACE}/`;
const FIRST_GUEST = 0x0a00_0100; // 10.0.1.0
const FIRST_HOST = 0xc612_0001; // 198.18.0.1
const HOSTS = 100;
const IN_FLIGHT = 2000;

/** Where attachment `index` is, as its status says. */
function placeOf(index: number, host: number): Readonly<Record<string, unknown>> {
  return {
    addressVNI: VNI,
    ipv4: formatIp(numberToIpv4(FIRST_GUEST + index)),
    hostIP: formatIp(numberToIpv4(FIRST_HOST + (host % HOSTS))),
    ifcName: `cor${index.toString(16).padStart(12, "0")}`,
  };
}

/** Creates attachment `index` on another node, as its controller and its agent leave it. */
export async function createRemote(client: KubeClient, index: number): Promise<void> {
  await create(client, nameOf(index), "there");
  await patchStatus(client, nameOf(index), placeOf(index, index));
}

/** Has attachment `index` say that its node has another address. */
export async function moveRemote(client: KubeClient, index: number): Promise<void> {
  await patchStatus(client, nameOf(index), placeOf(index, index + 1));
}

/** Removes attachment `index`. */
export async function deleteRemote(client: KubeClient, index: number): Promise<void> {
  await client.delete(ATTACHMENTS, { namespace: NAMESPACE, name: nameOf(index) });
}

/** Creates an attachment on the measured node, as its controller leaves it: its address is below all others. */
export async function createLocal(client: KubeClient): Promise<void> {
  await create(client, "local", NODE);
  await patchStatus(client, "local", { addressVNI: VNI, ipv4: formatIp(numberToIpv4(FIRST_GUEST - 1)) });
}

/** Stores attachments 1 to `count`, like number 0, in the database of a server that does not run. */
export async function storeLikeFirst(folder: string, count: number): Promise<void> {
  const store = await openSqliteStore({ path: join(folder, "coracle.db") });
  try {
    const { kv: pattern } = await store.get(PREFIX + nameOf(0));
    if (pattern === undefined) throw new Error("Cannot store attachments: the first one is not in the database");
    const first = JSON.parse(new TextDecoder().decode(pattern.value)) as KubeObject;
    const encoder = new TextEncoder();
    for (let index = 1; index < count; index += IN_FLIGHT) {
      const some = Array.from({ length: Math.min(IN_FLIGHT, count - index) }, (_, offset) => index + offset);
      await Promise.all(
        some.map((each) => store.put(PREFIX + nameOf(each), encoder.encode(JSON.stringify(like(first, each))))),
      );
    }
  } finally {
    await store.close();
  }
}

function like(first: KubeObject, index: number): Readonly<Record<string, unknown>> {
  const status: unknown = Reflect.get(first, "status");
  const uid = `5f0c1a52-9a1e-4f0b-8d5a-${index.toString(16).padStart(12, "0")}`;
  const metadata = { ...first.metadata, name: nameOf(index), uid };
  return { ...first, metadata, status: { ...(status as object), ...placeOf(index, index) } };
}

function nameOf(index: number): string {
  return `attachment-${index.toString(36).padStart(5, "0")}`;
}

async function create(client: KubeClient, name: string, node: string): Promise<void> {
  await client.create(ATTACHMENTS, {
    apiVersion: `${ATTACHMENTS.group}/${ATTACHMENTS.version}`,
    kind: "NetworkAttachment",
    metadata: { name, namespace: NAMESPACE },
    spec: { node, subnet: "blue" },
  } as KubeObject);
}

async function patchStatus(client: KubeClient, name: string, status: object): Promise<void> {
  const target = { namespace: NAMESPACE, name, subresource: "status" };
  await client.patch(ATTACHMENTS, target, { status } as unknown as KubeObject, { type: "merge" });
}
