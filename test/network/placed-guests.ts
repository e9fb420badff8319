// Guests as `kubectl` and a container runtime would make them: an attachment, its interface, a namespace with that device.
import type { AttachmentPlan } from "./network-objects.ts";
import type { NetworkSystem } from "./network-system.ts";
import type { PlacedGuest } from "./traffic.ts";

/** A guest and how long its subnet's prefix is. */
export interface GuestPlan extends AttachmentPlan {
  readonly prefixBits: number;
}

/** Makes the attachment, waits for its interface, moves that into a guest of the attachment's namespace and name. */
export async function placeGuest(network: NetworkSystem, plan: GuestPlan): Promise<PlacedGuest> {
  const { prefixBits, ...attachment } = plan;
  await network.objects.attach(attachment);
  const state = await network.objects.ready(plan.namespace, plan.name);
  const guest = await network.laboratory.addGuest({
    host: plan.node,
    name: `${plan.namespace}-${plan.name}`,
    device: state.device,
    address: `${state.ipv4}/${prefixBits}`,
  });
  return { guest, vni: state.vni };
}

/** A namespace with one subnet that the validator has accepted. */
export async function makeVirtualNetwork(
  network: NetworkSystem,
  options: { readonly namespace: string; readonly vni: number; readonly cidr: string },
): Promise<void> {
  await network.objects.createNamespace(options.namespace);
  await network.objects.createSubnet(options.namespace, "s1", options.vni, options.cidr);
  const isValid = await network.objects.isValidated(options.namespace, "s1");
  if (!isValid) throw new Error(`Cannot use subnet s1 of ${options.namespace}: the validator refused it`);
}
