// The rows of monitored tables: kept up by update, update2 and update3, alive across connections (RFC 7047 §4.1.5–6,
// ovsdb-server(7) §4.1.12–15).
import { err, ok, type Result } from "@coracle/base";
import { applyDatumDiff, type Datum, decodeDatum, defaultDatum, hasFittingSize, sameDatum } from "../datum.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../json.ts";
import { type DatabaseSchema, schemaError, type SchemaError, type TableSchema } from "../schema.ts";
import type { ValueError } from "../value.ts";
import type { Columns, MonitoredTable, RowOf } from "./column.ts";

/** Which method brought an update; each tells changes in its own way. */
export type MonitorMethod = "monitor" | "monitor_cond" | "monitor_cond_since";

/** A row that came, changed or went. Read what it is now from {@link DatabaseMonitor.rows}. */
export interface RowChange {
  readonly kind: "insert" | "modify" | "delete";
  readonly table: string;
  readonly uuid: string;
}

/** Why an update cannot be applied; the connection must begin anew. */
export interface MonitorError {
  readonly code: "BAD_UPDATE";
  readonly message: string;
}

type RawRow = ReadonlyMap<string, Datum>;

interface TableState {
  readonly table: MonitoredTable;
  types: TableSchema;
  readonly raw: Map<string, RawRow>;
  readonly rows: Map<string, RowOf<Columns>>;
}

const NO_TRANSACTION = "00000000-0000-0000-0000-000000000000";

/** Holds rows between connections, so that a new one tells only what differs. */
export class DatabaseMonitor {
  readonly #tables = new Map<string, TableState>();
  readonly #rowsMax: number;
  #lastTransaction = NO_TRANSACTION;
  #rowCount = 0;

  constructor(tables: readonly MonitoredTable[], rowsMax: number = 1_000_000) {
    this.#rowsMax = rowsMax;
    for (const table of tables)
      this.#tables.set(table.name, { table, types: new Map(), raw: new Map(), rows: new Map() });
  }

  /** The last transaction seen, from which a server with history can resume. */
  get lastTransaction(): string {
    return this.#lastTransaction;
  }

  /** The rows of a table by UUID. */
  rows<C extends Columns>(table: MonitoredTable<C>): ReadonlyMap<string, RowOf<C>> {
    const state = this.#tables.get(table.name);
    // A table's rows are built from the very columns it was declared with; the map forgets which.
    return (state?.table === table ? state.rows : new Map()) as ReadonlyMap<string, RowOf<C>>;
  }

  /** Checks that the database has the tables and columns, with fitting types. */
  bind(schema: DatabaseSchema): Result<undefined, SchemaError> {
    for (const state of this.#tables.values()) {
      const types = schema.tables.get(state.table.name);
      if (types === undefined) return schemaError(`Cannot monitor table ${state.table.name}: ${schema.name} has none`);
      for (const [name, wanted] of Object.entries(state.table.columns)) {
        const type = types.get(name);
        const where = `${state.table.name}.${name}`;
        if (type === undefined)
          return schemaError(`Cannot monitor ${where}: ${schema.name} ${schema.version} has no such column`);
        if (!wanted.fits(type))
          return schemaError(`Cannot read ${where} as ${wanted.expects}: it is ${JSON.stringify(type)}`);
      }
      state.types = types;
    }
    return ok(undefined);
  }

  /** The parameters of a monitor request. */
  request(method: MonitorMethod, database: string, monitorId: string): readonly Json[] {
    const tables: Record<string, Json> = {};
    for (const { table } of this.#tables.values()) {
      const wanted = { columns: Object.keys(table.columns) };
      tables[table.name] = method === "monitor" ? wanted : [wanted];
    }
    const common = [database, monitorId, tables];
    return method === "monitor_cond_since" ? [...common, this.#lastTransaction] : common;
  }

  /** Applies the answer to a monitor request. What a resumed server left out is unchanged; else missing rows are gone. */
  applyReply(method: MonitorMethod, result: Json | undefined): Result<readonly RowChange[], MonitorError> {
    if (method !== "monitor_cond_since") return this.#snapshot(result, method);
    if (!isJsonArray(result) || typeof result[0] !== "boolean" || typeof result[1] !== "string") {
      return badUpdate("the answer to monitor_cond_since has another form");
    }
    const applied = result[0] ? this.#apply(result[2], method) : this.#snapshot(result[2], method);
    if (applied.ok) this.#lastTransaction = result[1];
    return applied;
  }

  /** Applies the parameters of `update`, `update2` or `update3`. */
  applyUpdate(method: string, params: readonly Json[]): Result<readonly RowChange[], MonitorError> {
    if (method === "update") return this.#apply(params[1], "monitor");
    if (method === "update2") return this.#apply(params[1], "monitor_cond");
    if (method !== "update3" || typeof params[1] !== "string") return badUpdate(`${method} has another form`);
    const applied = this.#apply(params[2], "monitor_cond_since");
    if (applied.ok) this.#lastTransaction = params[1];
    return applied;
  }

  #snapshot(updates: Json | undefined, method: MonitorMethod): Result<readonly RowChange[], MonitorError> {
    const told = new Set<string>();
    const applied = this.#apply(updates, method, told);
    if (!applied.ok) return applied;
    const changes = [...applied.value];
    for (const [name, state] of this.#tables) {
      for (const uuid of state.raw.keys()) if (!told.has(`${name} ${uuid}`)) changes.push(this.#remove(state, uuid));
    }
    return ok(changes);
  }

  #apply(
    updates: Json | undefined,
    method: MonitorMethod,
    told?: Set<string>,
  ): Result<readonly RowChange[], MonitorError> {
    if (!isJsonObject(updates)) return badUpdate("it is no object of tables");
    const changes: RowChange[] = [];
    for (const [name, rows] of Object.entries(updates)) {
      const state = this.#tables.get(name);
      if (state === undefined || !isJsonObject(rows)) return badUpdate(`table ${name} was not asked for`);
      for (const [uuid, update] of Object.entries(rows)) {
        if (!isJsonObject(update)) return badUpdate(`row ${uuid} of ${name} has no change`);
        told?.add(`${name} ${uuid}`);
        const change = this.#applyRow(state, uuid, method === "monitor" ? fromUpdate1(update) : fromUpdate2(update));
        if (!change.ok) return change;
        if (change.value !== undefined) changes.push(change.value);
      }
    }
    return ok(changes);
  }

  #applyRow(state: TableState, uuid: string, update: RowUpdate): Result<RowChange | undefined, MonitorError> {
    if (update.kind === "delete") return ok(state.raw.has(uuid) ? this.#remove(state, uuid) : undefined);
    const before = state.raw.get(uuid);
    if (update.kind === "modify" && before === undefined) return badUpdate(`row ${uuid} is changed but not known`);
    if (before === undefined && this.#rowCount >= this.#rowsMax)
      return badUpdate(`there are more than ${this.#rowsMax} rows`);
    const row = readRow(state, update, before);
    if (!row.ok) return badUpdate(row.error.message);
    if (before !== undefined && sameRow(before, row.value)) return ok(undefined);
    if (before === undefined) this.#rowCount++;
    state.raw.set(uuid, row.value);
    state.rows.set(uuid, typedRow(state.table, uuid, row.value));
    return ok({ kind: before === undefined ? "insert" : "modify", table: state.table.name, uuid });
  }

  #remove(state: TableState, uuid: string): RowChange {
    state.raw.delete(uuid);
    state.rows.delete(uuid);
    this.#rowCount--;
    return { kind: "delete", table: state.table.name, uuid };
  }
}

interface RowUpdate {
  /** `set` says every column (default if absent), `modify` says what differs, `replace` says columns anew. */
  readonly kind: "set" | "modify" | "replace" | "delete";
  readonly columns: JsonObject;
}

function fromUpdate1(update: JsonObject): RowUpdate {
  const { new: after, old: before } = update;
  if (!isJsonObject(after)) return { kind: "delete", columns: {} };
  return { kind: before === undefined ? "set" : "replace", columns: after };
}

function fromUpdate2(update: JsonObject): RowUpdate {
  const whole = update["initial"] ?? update["insert"];
  if (isJsonObject(whole)) return { kind: "set", columns: whole };
  const modify = update["modify"];
  return isJsonObject(modify) ? { kind: "modify", columns: modify } : { kind: "delete", columns: {} };
}

function readRow(state: TableState, update: RowUpdate, before: RawRow | undefined): Result<RawRow, ValueError> {
  const row = new Map<string, Datum>();
  for (const name of Object.keys(state.table.columns)) {
    const type = state.types.get(name);
    if (type === undefined) continue;
    const old = update.kind === "set" ? undefined : before?.get(name);
    const json = update.columns[name];
    if (json === undefined) {
      row.set(name, old ?? defaultDatum(type));
      continue;
    }
    const datum = decodeDatum(json, type);
    if (!datum.ok) return datum;
    const isDiff = update.kind === "modify" && old !== undefined;
    const content = isDiff ? applyDatumDiff(old, datum.value, type) : datum.value;
    if (!hasFittingSize(content, type)) {
      return err({ code: "BAD_VALUE", message: `${state.table.name}.${name} has ${content.entries.size} entries` });
    }
    row.set(name, content);
  }
  return ok(row);
}

function sameRow(a: RawRow, b: RawRow): boolean {
  for (const [name, datum] of a) {
    const other = b.get(name);
    if (other === undefined || !sameDatum(datum, other)) return false;
  }
  return true;
}

function typedRow(table: MonitoredTable, uuid: string, row: RawRow): RowOf<Columns> {
  const typed: Record<string, unknown> = {};
  for (const [name, wanted] of Object.entries(table.columns)) {
    const datum = row.get(name);
    if (datum !== undefined) typed[name] = wanted.read(datum);
  }
  return { ...typed, _uuid: uuid };
}

function badUpdate(why: string): Result<never, MonitorError> {
  return err({ code: "BAD_UPDATE", message: `Cannot apply an update of monitored rows: ${why}` });
}
