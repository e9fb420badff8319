// Does a value fit its typed node? Field tracking refuses an applied configuration that does not (structured-merge-diff typed validation).
import { isJsonObject } from "@coracle/api";
import { printGoValue } from "../json/mod.ts";
import { printPlace } from "./field-path.ts";
import type { Place } from "./field-path.ts";
import { fieldElement, printElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";
import type { ListNode, MapNode, TypedNode } from "./typed-schema.ts";
import { isScalar, itemElement, shapeOf } from "./typed-value.ts";

/** Most errors that are looked for. */
export const TYPED_ERRORS_MAX = 100;

interface Check {
  readonly allowDuplicates: boolean;
  readonly errors: string[];
}

/** Texts of everything that does not fit, for example `.spec.foo: field not declared in schema`. */
export function typedErrors(
  value: unknown,
  node: TypedNode,
  options: { readonly allowDuplicates: boolean },
): readonly string[] {
  const check = { allowDuplicates: options.allowDuplicates, errors: [] };
  visit(value, node, undefined, check);
  return check.errors;
}

/** Several texts as Kubernetes joins them. */
export function joinTypedErrors(errors: readonly string[]): string {
  if (errors.length === 1) return errors[0] ?? "";
  return ["errors:", ...errors.map((error) => `  ${error}`)].join("\n");
}

function visit(value: unknown, node: TypedNode, place: Place | undefined, check: Check): void {
  if (check.errors.length >= TYPED_ERRORS_MAX || value === null || value === undefined) return;
  const shape = shapeOf(node, value);
  switch (shape.kind) {
    case "map":
      if (isJsonObject(value)) visitMembers(value, shape.map, place, check);
      else report(check, place, `expected map, got &{${printGoValue(value)}}`);
      return;
    case "list":
      if (Array.isArray(value)) visitItems(value, shape.list, place, check);
      else report(check, place, `expected list, got &{${printGoValue(value)}}`);
      return;
    case "scalar":
      visitScalar(value, shape.scalar, place, check);
  }
}

function visitMembers(
  value: { readonly [name: string]: unknown },
  map: MapNode,
  place: Place | undefined,
  check: Check,
): void {
  for (const [name, member] of Object.entries(value)) {
    const node = map.member(name);
    const at = { parent: place, element: fieldElement(name) };
    if (node === undefined) report(check, at, "field not declared in schema");
    else visit(member, node, at, check);
  }
}

function visitItems(value: readonly unknown[], list: ListNode, place: Place | undefined, check: Check): void {
  const seen = new Set<PathElement>();
  for (const [index, item] of value.entries()) {
    if (list.kind === "atomic") {
      visit(item, list.item(), { parent: place, element: `i:${index}` }, check);
      continue;
    }
    const element = itemElement(list, item);
    if (!element.ok) return report(check, place, `element ${index}: ${element.error}`);
    if (seen.has(element.value) && !check.allowDuplicates) {
      report(check, place, `duplicate entries for key ${printElement(element.value)}`);
    }
    seen.add(element.value);
    visit(item, list.item(), { parent: place, element: element.value }, check);
  }
}

function visitScalar(
  value: unknown,
  scalar: "numeric" | "string" | "boolean" | "untyped",
  place: Place | undefined,
  check: Check,
): void {
  switch (scalar) {
    case "numeric":
      if (typeof value !== "number") report(check, place, `expected numeric (int or float), got ${goType(value)}`);
      return;
    case "string":
      if (typeof value !== "string")
        report(check, place, `expected string, got &value.valueUnstructured{Value:${printGoValue(value)}}`);
      return;
    case "boolean":
      if (typeof value !== "boolean") report(check, place, `expected boolean, got &{${printGoValue(value)}}`);
      return;
    case "untyped":
      if (!isScalar(value)) report(check, place, `expected any scalar, got &{${printGoValue(value)}}`);
  }
}

function report(check: Check, place: Place | undefined, message: string): void {
  check.errors.push(place === undefined ? message : `${printPlace(place)}: ${message}`);
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}
