// Layer 1: the revisioned key-value store: interface, in-memory back end, and the parts back ends share.
export * from "./revision.ts";
export * from "./store.ts";
