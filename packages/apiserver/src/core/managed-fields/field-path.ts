// A place in a tree of fields, on the way down: knows its parent, spells itself out only when asked.
import type { PathElement } from "./path-element.ts";
import { printElement } from "./path-element.ts";

/** One step below a parent; undefined stands for the root. */
export interface Place {
  readonly parent: Place | undefined;
  readonly element: PathElement;
}

/** The place as errors name it: `.spec.ports[name="a"]`. */
export function printPlace(place: Place | undefined): string {
  let text = "";
  for (let at = place; at !== undefined; at = at.parent) text = printElement(at.element) + text;
  return text;
}
