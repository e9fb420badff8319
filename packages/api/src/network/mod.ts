// The kinds of network.coracle.dev/v1alpha1.
import type { ResourceDefinition } from "../resource-definition.ts";
import { IP_LOCK } from "./ip-lock.ts";
import { NETWORK_ATTACHMENT } from "./network-attachment.ts";
import { SUBNET } from "./subnet.ts";

export * from "./group.ts";
export * from "./ip-lock-schema.ts";
export * from "./ip-lock.ts";
export * from "./network-attachment-schema.ts";
export * from "./network-attachment.ts";
export * from "./shared-schema.ts";
export * from "./subnet-conflict.ts";
export * from "./subnet-schema.ts";
export * from "./subnet.ts";

/** Every kind of the group. */
export const NETWORK_DEFINITIONS: readonly ResourceDefinition[] = [SUBNET, NETWORK_ATTACHMENT, IP_LOCK];
