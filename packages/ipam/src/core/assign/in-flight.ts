// What one task remembers about an attachment until the watches have caught up with what it wrote.
import type { AttachmentView, LockView, SubnetView } from "../table/views.ts";

/**
 * The last successful status write that assigned an address. While the watch still shows the attachment as it was before that write,
 * the address is chosen, written and locked, and there is nothing to do until the write itself is shown.
 */
export interface InFlightRecord {
  readonly attachmentUid: string;
  readonly subnetUid: string;
  readonly basedOnVersion: string;
  readonly lock: LockView;
}

/** Whether the record still speaks of this attachment and this subnet. */
export function isCurrent(record: InFlightRecord, attachment: AttachmentView, subnet: SubnetView): boolean {
  return (
    record.attachmentUid === attachment.uid &&
    record.subnetUid === subnet.uid &&
    record.basedOnVersion === attachment.resourceVersion
  );
}
