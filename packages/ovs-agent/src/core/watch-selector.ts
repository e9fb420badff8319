// The field selectors of the 1+R watches: one for this node's attachments, one for each VNI that has one here.
import { escapeFieldValue } from "@coracle/kube";

/** What of the attachments a watch asks for. */
export interface WatchQuery {
  /** All namespaces if absent. */
  readonly namespace?: string;
  readonly fieldSelector: string;
}

/** The attachments of `node` that have an address, in all namespaces. */
export function localQuery(node: string): WatchQuery {
  return { fieldSelector: `spec.node=${escapeFieldValue(node)},status.ipv4!=` };
}

/** The attachments of other nodes in a VNI, once their interface exists. A VNI lies in one namespace. */
export function remoteQuery(node: string, vni: number, namespace: string): WatchQuery {
  const terms = [
    `spec.node!=${escapeFieldValue(node)}`,
    `status.addressVNI=${vni}`,
    "status.ipv4!=",
    "status.hostIP!=",
  ];
  return { namespace, fieldSelector: terms.join(",") };
}

/** The attachments of `node` whose address was withdrawn while their status still names an interface. */
export function staleQuery(node: string): WatchQuery {
  return { fieldSelector: `spec.node=${escapeFieldValue(node)},status.ipv4=,status.hostIP!=` };
}
