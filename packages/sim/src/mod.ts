// What tests and simulations share; nothing but tests imports it.
export * from "./test-certificates.ts";
export * from "./tcp-relay.ts";
export * from "./eventually.ts";
export * from "./frame-server.ts";
export * from "./kubernetes-volume.ts";
export * from "./packet-network.ts";
export * from "./seeds.ts";
export * from "./free-ports.ts";
