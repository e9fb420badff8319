// Where the cluster's protocol meets DTLS: management sessions between nodes.
export * from "./dtls-channel.ts";
