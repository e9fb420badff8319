// Layer 1: the revisioned key-value store: interface, in-memory back end, and the parts back ends share.
export * from "./compaction-policy.ts";
export * from "./limits.ts";
export * from "./memory-store.ts";
export * from "./revision.ts";
export * from "./sorted-keys.ts";
export * from "./store.ts";
export * from "./watch-hub.ts";
