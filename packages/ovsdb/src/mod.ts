// Layer 1: the Open vSwitch database protocol (RFC 7047 and Open vSwitch's additions): values, transactions, monitors. No I/O.
export * from "./datum.ts";
export * from "./json.ts";
export * from "./json-framer.ts";
export * from "./monitor/column.ts";
export * from "./monitor/database-monitor.ts";
export * from "./operation.ts";
export * from "./schema.ts";
export * from "./session/ovsdb-error.ts";
export * from "./session/ovsdb-session.ts";
export * from "./session/session-types.ts";
export * from "./transact-result.ts";
export * from "./value.ts";
