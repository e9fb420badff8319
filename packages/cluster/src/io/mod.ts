// Where the cluster's protocol meets the world: management sessions, lists of nodes, settings from flags and environment.
export * from "./cluster-secret.ts";
export * from "./cluster-settings.ts";
export * from "./dtls-channel.ts";
export * from "./node-document.ts";
export * from "./peer-source.ts";
export * from "./static-source.ts";
