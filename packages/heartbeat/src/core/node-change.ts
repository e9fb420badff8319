// What is told of a change: who, what, and everyone as they are now, so that one that was missed does no harm.
import type { MemberChange } from "@coracle/cluster";

/** A node as it is shown: plain data. */
export type ShownNode = Readonly<Record<string, string | number | null>>;

/** This node as it is shown. */
export interface ShownSelf {
  readonly nodeId: number;
  readonly ready: boolean;
  readonly mode: string;
  /** Why it is not ready, in words; null while it is. */
  readonly notReady: string | null;
}

/** All nodes at one moment. */
export interface NodesDocument {
  readonly self: ShownSelf;
  readonly nodes: readonly ShownNode[];
}

/** What happened: to a node, to the cluster as a whole, or two nodes with one id. */
export type NodeEvent =
  | { readonly kind: MemberChange; readonly node: ShownNode }
  | { readonly kind: "ready" | "not-ready" }
  | { readonly kind: "clash"; readonly nodeId: number; readonly kept: string | null; readonly refused: string };

/** One change, and the nodes after it. `number` counts from 1 in each run of the program. */
export interface NodeChange {
  readonly number: number;
  readonly event: NodeEvent;
  readonly current: NodesDocument;
}

/** A server-sent event (WHATWG HTML): the name is the kind of change, the data one line of JSON. */
export function changeEvent(change: NodeChange): string {
  return `id: ${change.number}\nevent: ${change.event.kind}\ndata: ${JSON.stringify({ ...change.event, ...change.current })}\n\n`;
}

/** The first server-sent event of every stream: where things stand. */
export function nodesEvent(document: NodesDocument): string {
  return `event: nodes\ndata: ${JSON.stringify(document)}\n\n`;
}

/** A server-sent event that is none: a comment, so that whoever is between sees life, and a dead client is found out. */
export const STILL_HERE_EVENT = ": still here\n\n";

/**
 * What the program of `--on-change` reads: the changes since it last ran, and all nodes as they are now. `missed` changes before
 * these were left out: too many waited.
 */
export function hookInput(
  { changes, missed }: { readonly changes: readonly NodeChange[]; readonly missed: number },
  document: NodesDocument,
): string {
  const told = changes.map(({ number, event }) => ({ number, ...event }));
  return `${JSON.stringify({ missed, changes: told, ...document })}\n`;
}
