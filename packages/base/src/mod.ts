// Layer 0: what every other package may use. Imports nothing, touches no clock, no random source and no runtime.
export * from "./assert.ts";
export * from "./backoff.ts";
export * from "./base64.ts";
export * from "./brand.ts";
export * from "./byte-reader.ts";
export * from "./byte-writer.ts";
export * from "./cidr.ts";
export * from "./civil-date.ts";
export * from "./clock.ts";
export * from "./ip.ts";
export * from "./machine.ts";
export * from "./random.ts";
export * from "./result.ts";
export * from "./ring.ts";
export * from "./timer-table.ts";
export * from "./timestamp.ts";
