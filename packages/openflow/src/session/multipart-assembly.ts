// Puts the parts of a multipart reply together, up to a cap.
import { ok, type Result } from "@coracle/base";
import type { FlowStats } from "../flow/flow.ts";
import { type AggregateStats, parseAggregateStats, parseFlowStats } from "../wire/flow-stats.ts";
import { type MultipartPart, type MultipartRequest, multipartType } from "../wire/multipart.ts";
import { parsePortDescriptions, type PortDescription } from "../wire/port-description.ts";
import { parseTableStats, type TableStats } from "../wire/table-stats.ts";
import type { OpenflowVersion } from "../wire/version.ts";
import { type WireError, wireError } from "../wire/wire-error.ts";
import type { SessionReply } from "./session-request.ts";

/** One reply being put together. */
export class MultipartAssembly {
  readonly #kind: MultipartRequest["kind"];
  readonly #sizeBytesMax: number;
  readonly #flows: FlowStats[] = [];
  readonly #ports: PortDescription[] = [];
  readonly #tables: TableStats[] = [];
  #aggregate: AggregateStats = { packetCount: 0n, byteCount: 0n, flowCount: 0 };
  #sizeBytes = 0;

  constructor(kind: MultipartRequest["kind"], sizeBytesMax: number) {
    this.#kind = kind;
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** Adds a part; the value is true once it was the last. */
  add(part: MultipartPart, version: OpenflowVersion): Result<boolean, WireError> {
    if (part.type !== multipartType(this.#kind)) {
      return wireError("BAD_TYPE", "a multipart reply", `its type is ${part.type} in answer to ${this.#kind}`);
    }
    this.#sizeBytes += part.body.length;
    if (this.#sizeBytes > this.#sizeBytesMax) {
      return wireError("TOO_MANY", "a multipart reply", `it is longer than ${this.#sizeBytesMax} bytes`);
    }
    const parsed = this.#parse(part.body, version);
    return parsed.ok ? ok(!part.hasMore) : parsed;
  }

  /** The whole reply. */
  reply(): SessionReply {
    switch (this.#kind) {
      case "flows":
        return { kind: "flows", flows: this.#flows };
      case "ports":
        return { kind: "ports", ports: this.#ports };
      case "tables":
        return { kind: "tables", tables: this.#tables };
      case "aggregate":
        return { kind: "aggregate", stats: this.#aggregate };
    }
  }

  #parse(body: Uint8Array, version: OpenflowVersion): Result<undefined, WireError> {
    switch (this.#kind) {
      case "flows":
        return parseFlowStats(body, version, (flow) => this.#flows.push(flow));
      case "ports":
        return parsePortDescriptions(body, (port) => this.#ports.push(port));
      case "tables":
        return parseTableStats(body, (table) => this.#tables.push(table));
      case "aggregate": {
        const stats = parseAggregateStats(body, version);
        if (!stats.ok) return stats;
        this.#aggregate = stats.value;
        return ok(undefined);
      }
    }
  }
}
