// Kubernetes' core kinds that agents need, as served kinds.
import type { ResourceDefinition } from "../resource-definition.ts";
import { EVENT } from "./event.ts";
import { NAMESPACE, NODE } from "./namespace.ts";
import { POD } from "./pod.ts";
import { CONFIG_MAP, LEASE, SECRET, SERVICE_ACCOUNT } from "./simple-kinds.ts";

export * from "./core-schema.ts";
export * from "./event.ts";
export * from "./namespace.ts";
export * from "./pod.ts";
export * from "./quantity.ts";
export * from "./reviews.ts";
export * from "./simple-kinds.ts";
export { alwaysWritten } from "./zero-fields.ts";

/** Every core kind that is stored; reviews are in `REVIEW_DEFINITIONS`. */
export const CORE_DEFINITIONS: readonly ResourceDefinition[] = [
  CONFIG_MAP,
  EVENT,
  NAMESPACE,
  NODE,
  POD,
  SECRET,
  SERVICE_ACCOUNT,
  LEASE,
];
