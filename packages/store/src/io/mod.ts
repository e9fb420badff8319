// Durable back ends of the store.
export type { CommitStats } from "./group-commit.ts";
export * from "./sqlite-store.ts";
