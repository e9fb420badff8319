// OVSDB over sockets: a client that reconnects for ever and keeps the monitored rows.
export * from "./ovsdb-client.ts";
export * from "./ovsdb-error.ts";
