// Server-side apply and the tracking of who manages which field (metadata.managedFields).
export { applyConfiguration } from "./apply.ts";
export type { ApplyTracking } from "./apply.ts";
export { UPDATE_MANAGERS_MAX } from "./manager-cap.ts";
export { managerNameOf } from "./manager-name.ts";
export { ignoreTimestampOnlyChange } from "./timestamp-only.ts";
export { trackUpdate } from "./track-update.ts";
export type { FieldTracking } from "./tracking.ts";
