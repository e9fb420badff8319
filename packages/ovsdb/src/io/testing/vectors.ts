// Recorded messages of ovsdb-server, and a small schema they fit, for tests.
import { readFileSync } from "node:fs";
import type { Json, JsonObject } from "../../json.ts";

/** The shape of `test/vectors/ovsdb/ovsdb-server-3.1.json`. */
export interface OvsdbVectors {
  readonly monitorCondSinceReply: Json;
  readonly update3: readonly JsonObject[];
  readonly transactReplies: readonly Json[];
  readonly unknownMethod: JsonObject;
  readonly locked: JsonObject;
  readonly monitorReply: Json;
  readonly monitorCondReply: Json;
}

/** Reads the recorded messages. */
export function ovsdbVectors(): OvsdbVectors {
  const url = new URL("../../../../../test/vectors/ovsdb/ovsdb-server-3.1.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as OvsdbVectors;
}

const bounded = (key: string, min: number, max: number | "unlimited"): JsonObject => ({ type: { key, min, max } });

/** The part of the Open_vSwitch schema that the recorded messages use. */
export const SCHEMA: JsonObject = {
  name: "Open_vSwitch",
  version: "8.3.1",
  tables: {
    Bridge: {
      columns: { name: { type: "string" }, ports: bounded("uuid", 0, "unlimited"), fail_mode: bounded("string", 0, 1) },
    },
    Interface: {
      columns: {
        name: { type: "string" },
        ofport: bounded("integer", 0, 1),
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
      },
    },
    Open_vSwitch: { columns: { cur_cfg: { type: "integer" }, next_cfg: { type: "integer" } } },
  },
};
