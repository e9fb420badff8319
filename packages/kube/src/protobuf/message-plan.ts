// A projection laid over a protobuf message: which fields are built, and where in the object they go.
import { KEEP_NODE, type ProjectionNode } from "../projection.ts";
import type { JsonValue } from "../object.ts";
import { type MessageField, messageFields } from "./message-type.ts";

/** One field that is built. */
export interface FieldPlan {
  readonly field: MessageField;
  /** Its place among the fields of the object. */
  readonly slot: number;
  /** What is wanted of it; of maps, by key. */
  readonly node: ProjectionNode;
  /** How its message is built, or the messages it holds; the plan of "@" fills the slots of the object itself. */
  readonly plan: MessagePlan | undefined;
}

/** How a message is built. */
export interface MessagePlan {
  /** In the order of JSON, those of embedded structs in their place. Absent for embedded structs themselves. */
  readonly fields: readonly FieldPlan[];
  /** The fields by number; the ones not wanted are absent. */
  readonly byNumber: readonly (FieldPlan | undefined)[];
  /** Everything is wanted: a field without a name here would be missed. */
  readonly isWhole: boolean;
  /** Where values wait for their turn while a message is read; several when messages nest in themselves. */
  readonly spareSlots: (JsonValue | undefined)[][];
}

const wholePlans: Map<string, MessagePlan> = new Map();

/**
 * The plan of `message` as far as `node` wants it; `undefined` when it wants what the tables do not have, or looks into a value
 * that has no parts here: JSON must do then.
 */
export function planMessage(message: string, node: ProjectionNode): MessagePlan | undefined {
  if (node !== KEEP_NODE) return planFields(message, node, []);
  const known = wholePlans.get(message);
  if (known !== undefined) return known;
  const plan = planFields(message, node, []);
  if (plan !== undefined) wholePlans.set(message, plan);
  return plan;
}

/** `fields` are those of the object so far: embedded structs add theirs. */
function planFields(message: string, node: ProjectionNode, fields: FieldPlan[]): MessagePlan | undefined {
  const byNumber: FieldPlan[] = [];
  const isWhole = node.action === "keep" || node.anyMember !== undefined;
  for (const field of messageFields(message)) {
    if (field.name === "@") {
      const plan = planFields(field.message, withoutOthers(node, field.message), fields);
      if (plan === undefined) return undefined;
      byNumber[field.number] = { field, slot: -1, node, plan };
      continue;
    }
    const wanted = wantedOf(node, field.name);
    if (wanted.action === "drop") {
      // A dropped field is known all the same.
      if (isWhole) byNumber[field.number] = { field, slot: -1, node: wanted, plan: undefined };
      continue;
    }
    const plan = field.type === "message" ? planValue(field, wanted) : undefined;
    if (field.type === "message" ? plan === undefined : !canTake(field, wanted)) return undefined;
    const planned: FieldPlan = { field, slot: fields.length, node: wanted, plan };
    fields.push(planned);
    byNumber[field.number] = planned;
  }
  const names = namesOf(message);
  if (node.members.some((member) => member.node.action !== "drop" && !names.has(member.name))) return undefined;
  return { fields, byNumber, isWhole, spareSlots: [] };
}

function wantedOf(node: ProjectionNode, name: string): ProjectionNode {
  if (node.action !== "descend") return node;
  return node.members.find((member) => member.name === name)?.node ?? node.anyMember ?? DROPPED;
}

const DROPPED: ProjectionNode = { ...KEEP_NODE, action: "drop" };

/** The plan of a message that is a value, an element or an entry. */
function planValue(field: MessageField, node: ProjectionNode): MessagePlan | undefined {
  if (node.action === "keep") return planMessage(field.message, KEEP_NODE);
  if (field.form === "map") return undefined;
  const inner = field.form === "list" ? node.element : node;
  if (inner === undefined) return undefined;
  if (inner.action === "keep") return planMessage(field.message, KEEP_NODE);
  const hasMembers = inner.members.length > 0 || inner.anyMember !== undefined;
  return inner.action === "descend" && hasMembers ? planMessage(field.message, inner) : undefined;
}

/** Whether `node` can be had of a field that holds no messages. */
function canTake(field: MessageField, node: ProjectionNode): boolean {
  if (node.action === "keep") return true;
  if (field.form === "list") return node.element?.action === "keep";
  if (field.form !== "map") return false;
  const nodes = [
    ...node.members.map((member) => member.node),
    ...(node.anyMember === undefined ? [] : [node.anyMember]),
  ];
  return nodes.length > 0 && nodes.every(({ action }) => action !== "descend");
}

/** The names JSON has in the object of a message. */
function namesOf(message: string): ReadonlySet<string> {
  const names = messageFields(message).flatMap((field) =>
    field.name === "@" ? [...namesOf(field.message)] : [field.name],
  );
  return new Set(names);
}

/** The part of `node` about an embedded struct, whose object has other members beside. */
function withoutOthers(node: ProjectionNode, message: string): ProjectionNode {
  const names = namesOf(message);
  const members = node.members.filter((member) => names.has(member.name));
  return members.length === node.members.length ? node : { ...node, members };
}
