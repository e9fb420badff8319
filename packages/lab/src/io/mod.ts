// A laboratory of hosts on one machine: network namespaces, each with an Open vSwitch of its own, and guests in them.
export * from "./capture.ts";
export * from "./guest.ts";
export * from "./host.ts";
export * from "./laboratory.ts";
export * from "./laboratory-error.ts";
export * from "./ping.ts";
export * from "./register.ts";
export * from "./requirements.ts";
