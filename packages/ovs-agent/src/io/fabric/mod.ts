// The fabrics: Open vSwitch, and a log.
export * from "./fabric-error.ts";
export { createLogFabric, type LogFabricOptions } from "./log-fabric.ts";
export { createOvsFabric, type OvsFabric } from "./ovs-fabric.ts";
export type { OvsFabricOptions } from "./ovs-options.ts";
