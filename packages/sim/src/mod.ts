// What tests and simulations share; nothing but tests imports it.
export * from "./test-certificates.ts";
