// Validates subnets and fills the status of attachments, as address controller and agents do: one program in place of three.
import type { KubeObject } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import { RESOURCES } from "../system/system.ts";

const SUBNETS = { ...RESOURCES.attachments, resource: "subnets" };
const ATTACHMENTS = RESOURCES.attachments;

interface SubnetObject extends KubeObject {
  readonly spec: { readonly vni: number; readonly ipv4: string };
}
interface AttachmentObject extends KubeObject {
  readonly spec: { readonly subnet: string; readonly node: string; readonly postCreateExec?: readonly string[] };
  readonly status?: { readonly ipv4?: string; readonly ifcName?: string };
}

/** How it may misbehave. */
export interface StandInOptions {
  /** Gives every attachment the first address of its subnet. */
  readonly oneAddress?: boolean;
  /** Reports an error of the host for attachments whose name this fits. */
  readonly breaks?: RegExp;
  /** Leaves subnets alone. */
  readonly ignoresSubnets?: boolean;
}

/** Runs until `signal` aborts. */
export async function standInController(
  client: KubeClient,
  signal: AbortSignal,
  options: StandInOptions = {},
): Promise<void> {
  const subnets = new Map<string, SubnetObject>();
  await Promise.all([
    followSubnets(client, signal, { options, subnets }),
    followAttachments(client, signal, { options, subnets }),
  ]);
}

interface Shared {
  readonly options: StandInOptions;
  readonly subnets: Map<string, SubnetObject>;
}

async function followSubnets(client: KubeClient, signal: AbortSignal, { options, subnets }: Shared): Promise<void> {
  for await (const event of follow<SubnetObject>(client, SUBNETS, { signal })) {
    if (event.kind !== "item" && event.kind !== "upsert") continue;
    const { object } = event;
    subnets.set(keyOf(object, object.metadata.name), object);
    if (options.ignoresSubnets === true || object["status"] !== undefined) continue;
    await writeStatus(client, SUBNETS, object, { validated: true });
  }
}

async function followAttachments(client: KubeClient, signal: AbortSignal, { options, subnets }: Shared): Promise<void> {
  const used = new Map<string, Map<string, number>>();
  for await (const event of follow<AttachmentObject>(client, ATTACHMENTS, { signal })) {
    if (event.kind !== "item" && event.kind !== "upsert" && event.kind !== "remove") continue;
    const { object } = event;
    const { name = "" } = object.metadata;
    const subnet = subnets.get(keyOf(object, object.spec.subnet));
    const taken = used.get(keyOf(object, object.spec.subnet)) ?? new Map<string, number>();
    used.set(keyOf(object, object.spec.subnet), taken);
    if (event.kind === "remove") {
      taken.delete(name);
      continue;
    }
    if (subnet === undefined || object.status?.ifcName !== undefined) continue;
    if (object.status?.ipv4 !== undefined) {
      void writeStatus(client, ATTACHMENTS, object, implemented(object, options));
      continue;
    }
    let offset = 2;
    while (options.oneAddress !== true && [...taken.values()].includes(offset)) offset += 1;
    taken.set(name, offset);
    const status = { ipv4: addressOf(subnet.spec.ipv4, offset), addressVNI: subnet.spec.vni, lockUID: "none" };
    void writeStatus(client, ATTACHMENTS, object, status);
  }
}

function implemented(object: AttachmentObject, { breaks }: StandInOptions): object {
  const { name = "" } = object.metadata;
  if (breaks?.test(name) === true) return { ...object.status, errors: { host: ["it does not work"] } };
  const at = "2026-01-01T00:00:00Z";
  const command = object.spec.postCreateExec ?? [];
  const report = { command, exitStatus: 0, startTime: at, stopTime: at, stdOut: "", stdErr: "" };
  const ifcName = `c${name}`.slice(0, 15);
  const exec = command.length === 0 ? {} : { postCreateExecReport: report };
  return { ...object.status, ifcName, hostIP: "127.0.0.1", ...exec };
}

function addressOf(cidr: string, offset: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = (cidr.split("/")[0] ?? "").split(".").map(Number);
  const value = ((a * 256 + b) * 256 + c) * 256 + d + offset;
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");
}

function keyOf(object: KubeObject, name = ""): string {
  return `${object.metadata.namespace}/${name}`;
}

/** An object that is gone or has changed meanwhile is somebody else's turn. */
async function writeStatus(
  client: KubeClient,
  resource: typeof SUBNETS,
  object: KubeObject,
  status: object,
): Promise<void> {
  await client.update(resource, { ...object, status }, { subresource: "status" }).catch(() => undefined);
}
