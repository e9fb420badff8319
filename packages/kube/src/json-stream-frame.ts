// Where the streaming parser is in a document: the containers it has walked into and what it expects next.
import type { JsonValue } from "./object.ts";
import { DROP_NODE, type ProjectionNode } from "./projection.ts";

/** What comes next in the document being walked. */
export const PARSE_STATE = {
  document: 0,
  memberOrEnd: 1,
  member: 2,
  colon: 3,
  value: 4,
  separator: 5,
  elementOrEnd: 6,
  scan: 7,
  finished: 8,
} as const;

/** One of {@link PARSE_STATE}. */
export type ParseState = (typeof PARSE_STATE)[keyof typeof PARSE_STATE];

/** One container on the path from the document's root to the value being read. */
export interface ParseFrame {
  node: ProjectionNode;
  object: Record<string, JsonValue>;
  /** Set for arrays. */
  array: JsonValue[] | undefined;
  /** The member being read. */
  key: string;
  /** How to build that member. */
  child: ProjectionNode;
}

/** A frame for a container that opens with `bracket`. */
export function openFrame(node: ProjectionNode, bracket: number): ParseFrame {
  return { node, object: {}, array: bracket === 0x5b ? [] : undefined, key: "", child: DROP_NODE };
}
