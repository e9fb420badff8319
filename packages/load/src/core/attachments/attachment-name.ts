// The attachments of a run by name, and the object that is sent to create one.
import { NETWORK_API_VERSION, type NetworkAttachment } from "@coracle/api";
import { assert } from "@coracle/base";
import { type NetworkPlan, type SubnetPlan, vniText } from "./address-plan.ts";

/** Label values by which the objects of a run are found. */
export const APP_LABEL = { name: "app", value: "coracle-load" } as const;
/** Label with the run's name. */
export const RUN_LABEL = "runid";

/** An attachment to create. */
export interface WantedAttachment {
  readonly name: string;
  readonly network: number;
  readonly vni: number;
  readonly subnet: string;
  readonly node: string;
  /** `network/position` of its slot. */
  readonly slot: string;
  readonly postCreateExec: readonly string[];
  readonly postDeleteExec: readonly string[];
}

/** Attachments of a slot are numbered position, position + size, position + 2 · size, … within the network. */
export function attachmentIndex(network: NetworkPlan, position: number, generation: number): number {
  return position + generation * network.size;
}

/** `<vni>-<index>`, padded so that names sort. */
export function attachmentName(network: NetworkPlan, index: number): string {
  return `${vniText(network.vni)}-${String(index).padStart(6, "0")}`;
}

/** Neighbouring slots alternate between the subnets; a slot keeps its own, so that no subnet is asked for more than its half. */
export function subnetOf(network: NetworkPlan, position: number): SubnetPlan {
  const subnet = network.subnets[position % network.subnets.length];
  assert(subnet !== undefined, `Cannot place an attachment: network ${network.vni} has no subnet`);
  return subnet;
}

/** The object to send. `createdAt` is the client's clock as MicroTime. */
export function attachmentObject(
  wanted: WantedAttachment,
  run: { readonly runId: string; readonly createdAt: string },
): NetworkAttachment {
  return {
    apiVersion: NETWORK_API_VERSION,
    kind: "NetworkAttachment",
    metadata: {
      name: wanted.name,
      namespace: run.runId,
      labels: { [APP_LABEL.name]: APP_LABEL.value, [RUN_LABEL]: run.runId },
      annotations: { "load.coracle.dev/slot": wanted.slot, "load.coracle.dev/created-at": run.createdAt },
    },
    spec: {
      node: wanted.node,
      subnet: wanted.subnet,
      ...(wanted.postCreateExec.length === 0 ? {} : { postCreateExec: wanted.postCreateExec }),
      ...(wanted.postDeleteExec.length === 0 ? {} : { postDeleteExec: wanted.postDeleteExec }),
    },
  };
}
