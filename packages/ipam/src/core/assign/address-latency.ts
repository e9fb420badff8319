// Latencies from the last client write that mattered, by the clock of the API server at both ends.
import type { AttachmentView, SubnetView } from "../table/views.ts";
import type { AddressLatency } from "./address-observer.ts";

/** `undefined` when a server does not tell the times of its writes. */
export function addressLatency(
  attachment: AttachmentView,
  subnet: SubnetView,
  end: { readonly atUs: number; readonly hasContention: boolean },
): AddressLatency | undefined {
  if (attachment.writtenUs === 0 || subnet.writtenUs === 0 || end.atUs === 0) return undefined;
  const lastClientWrite = subnet.writtenUs > attachment.writtenUs ? "subnet" : "na";
  const latencySeconds = (end.atUs - Math.max(subnet.writtenUs, attachment.writtenUs)) / 1e6;
  return { lastClientWrite, hasContention: end.hasContention, latencySeconds };
}
