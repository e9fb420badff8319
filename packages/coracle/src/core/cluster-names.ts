// Names of the children that make the sample DTLS cluster.

/** The balancer that forgets. */
export const BALANCER_NAME = "balancer";
/** The fleet of devices. */
export const DEVICES_NAME = "devices";

/** The router with this node id. */
export function routerName(id: number): string {
  return `dtls-router-${id}`;
}

/** The heartbeat beside that router. */
export function heartbeatName(id: number): string {
  return `heartbeat-${id}`;
}
