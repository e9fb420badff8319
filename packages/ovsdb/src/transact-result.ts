// Answers to a transaction (RFC 7047 §4.1.3): one result each, or every error with the operation it belongs to.
import { err, ok, type Result } from "@coracle/base";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "./json.ts";
import { decodeValue, type Uuid, type Value } from "./value.ts";

/** What an operation did. */
export interface OperationResult {
  /** For insert: the row made. */
  readonly uuid?: Uuid;
  /** For update, mutate, delete: how many rows. */
  readonly count?: number;
  /** For select: the rows. */
  readonly rows?: readonly ReadonlyMap<string, Value>[];
}

/** An error of one operation, or of the transaction as a whole. */
export interface OperationError {
  /** Position of the operation; `undefined` for an error found when committing. */
  readonly index: number | undefined;
  /** `insert Port`, `delete Interface`, or `commit`. */
  readonly operation: string;
  /** The database's word, as `constraint violation` or `referential integrity violation`. */
  readonly error: string;
  readonly details: string;
}

/** A transaction that did nothing, and why. */
export interface TransactionError {
  readonly code: "TRANSACTION_FAILED" | "BAD_ANSWER";
  readonly message: string;
  readonly errors: readonly OperationError[];
}

/** Reads the answer to `transact`. Operations behind a failed one have no result. */
export function parseTransactResult(
  json: Json | undefined,
  operations: readonly JsonObject[],
): Result<readonly OperationResult[], TransactionError> {
  if (!isJsonArray(json) || json.length < operations.length) return badAnswer("it has too few results");
  const errors: OperationError[] = [];
  const results: OperationResult[] = [];
  for (const [index, item] of json.entries()) {
    if (isJsonObject(item) && typeof item["error"] === "string") errors.push(operationError(item, index, operations));
    else if (index < operations.length) {
      const result = parseOperationResult(item);
      if (result === undefined) return badAnswer(`result ${index} is not understood`);
      results.push(result);
    }
  }
  if (errors.length === 0) return ok(results);
  const told = errors.map(
    ({ operation, error, details }) => `${operation}: ${error}${details === "" ? "" : ` (${details})`}`,
  );
  return err({ code: "TRANSACTION_FAILED", message: `Cannot commit a transaction: ${told.join("; ")}`, errors });
}

function operationError(item: JsonObject, index: number, operations: readonly JsonObject[]): OperationError {
  const operation = operations[index];
  const name = operation === undefined ? "commit" : `${textOf(operation["op"])} ${textOf(operation["table"])}`.trim();
  return {
    index: operation === undefined ? undefined : index,
    operation: name,
    error: textOf(item["error"]),
    details: textOf(item["details"]),
  };
}

function parseOperationResult(item: Json | undefined): OperationResult | undefined {
  if (item === null) return {};
  if (!isJsonObject(item)) return undefined;
  const uuid = decodeValue(item["uuid"] ?? 0);
  const count = item["count"];
  const rows = isJsonArray(item["rows"]) ? item["rows"].map(parseRow) : undefined;
  return {
    ...(uuid.ok && typeof uuid.value === "object" && uuid.value.kind === "uuid" ? { uuid: uuid.value } : {}),
    ...(typeof count === "number" ? { count } : {}),
    ...(rows === undefined ? {} : { rows }),
  };
}

function parseRow(json: Json): ReadonlyMap<string, Value> {
  const row = new Map<string, Value>();
  if (!isJsonObject(json)) return row;
  for (const [column, item] of Object.entries(json)) {
    const value = decodeValue(item);
    if (value.ok) row.set(column, value.value);
  }
  return row;
}

function badAnswer(why: string): Result<never, TransactionError> {
  return err({ code: "BAD_ANSWER", message: `Cannot read the answer to a transaction: ${why}`, errors: [] });
}

function textOf(json: Json | undefined): string {
  return typeof json === "string" ? json : "";
}
