// OpenFlow over sockets: a client that reconnects for ever.
export * from "./openflow-client.ts";
export * from "./openflow-commands.ts";
export * from "./openflow-error.ts";
