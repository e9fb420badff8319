// Server-side apply and the tracking of who manages which field (metadata.managedFields).
export { applyConfiguration } from "./apply.ts";
export type { ApplyTracking } from "./apply.ts";
export { UPDATE_MANAGERS_MAX } from "./manager-cap.ts";
export { MANAGER_NAME_BYTES_MAX, managerNameOf } from "./manager-name.ts";
export { MANAGED_ENTRIES_MAX } from "./field-managers.ts";
export { ignoreTimestampOnlyChange } from "./timestamp-only.ts";
export { trackUpdate } from "./track-update.ts";
export type { FieldTracking } from "./tracking.ts";
