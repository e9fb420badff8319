// Which collections can be had as protobuf, and how their objects are built from it.
import { KEEP_NODE, objectNode, type Projection, type ProjectionNode } from "../projection.ts";
import { INITIAL_EVENTS_END_ANNOTATION } from "../object.ts";
import { formatApiVersion, type GroupVersionResource } from "../resource.ts";
import { BUILT_IN_KINDS } from "./built-in-kinds.ts";
import { type MessagePlan, planMessage } from "./message-plan.ts";

/** Media type of protobuf in Kubernetes' envelope. */
export const PROTOBUF_MEDIA_TYPE = "application/vnd.kubernetes.protobuf";

/** A built-in kind, and what is wanted of its objects. */
export interface ProtobufKind {
  readonly kind: string;
  readonly apiVersion: string;
  /** How an object is built. */
  readonly object: MessagePlan;
  /** Whether objects are to have their own kind and apiVersion. */
  readonly keepsKind: boolean;
  readonly keepsApiVersion: boolean;
  /** How the object of a bookmark is built. */
  readonly bookmark: MessagePlan;
}

const BOOKMARK_NODE: ProjectionNode = objectNode([
  [
    "metadata",
    objectNode([
      ["resourceVersion", KEEP_NODE],
      ["annotations", objectNode([[INITIAL_EVENTS_END_ANNOTATION, KEEP_NODE]])],
    ]),
  ],
]);
const TYPE_MEMBERS: ReadonlySet<string> = new Set(["kind", "apiVersion"]);

/**
 * How to read objects of `resource` from protobuf. `undefined` for kinds without it (custom ones, betas) and for projections that
 * name what the tables do not have: those are to be asked for as JSON.
 */
export function protobufKind(resource: GroupVersionResource, projection: Projection): ProtobufKind | undefined {
  const apiVersion = formatApiVersion(resource);
  const [kind, message] = BUILT_IN_KINDS[`${apiVersion} ${resource.resource}`]?.split(" ") ?? [];
  if (kind === undefined || message === undefined) return undefined;
  const { root } = projection;
  const others = root.members.filter((member) => !TYPE_MEMBERS.has(member.name));
  const object = planMessage(message, root.action === "keep" ? root : { ...root, members: others });
  const bookmark = planMessage(message, BOOKMARK_NODE);
  if (object === undefined || bookmark === undefined) return undefined;
  const keeps = (name: string): boolean =>
    (root.members.find((member) => member.name === name)?.node ?? root.anyMember ?? root).action === "keep";
  return { kind, apiVersion, object, bookmark, keepsKind: keeps("kind"), keepsApiVersion: keeps("apiVersion") };
}
