// Follows the three kinds and tells health whether they are live.
import { compileProjection, type GroupVersionResource, type Projection } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import type { HealthState, Service } from "@coracle/lifecycle";
import { collectGarbage } from "@coracle/runtime";
import { assert, type Clock } from "@coracle/base";
import type { IpamMachine, WatchedResource } from "../core/ipam-machine.ts";
import { ATTACHMENT_PATHS, LOCK_PATHS, SUBNET_PATHS } from "../core/table/read-objects.ts";
import { ATTACHMENTS, LOCKS, SUBNETS } from "./api-port.ts";
import type { MachineDriver } from "./machine-driver.ts";

/** What following needs. */
export interface FollowedKindsOptions {
  readonly client: KubeClient;
  readonly machine: IpamMachine;
  readonly driver: MachineDriver;
  readonly service: Service;
}

const KINDS: readonly (readonly [GroupVersionResource, readonly string[]])[] = [
  [SUBNETS, SUBNET_PATHS],
  [ATTACHMENTS, ATTACHMENT_PATHS],
  [LOCKS, LOCK_PATHS],
];
/** While a first state comes in, garbage is collected this often: left alone, several times the state's size piles up. */
const COLLECTION_MS = 100;

/** Follows all three until the service stops. */
export async function followKinds(options: FollowedKindsOptions): Promise<void> {
  await Promise.all(KINDS.map(([resource, paths]) => followKind(options, resource, projectionOf(paths))));
}

async function followKind(
  options: FollowedKindsOptions,
  resource: GroupVersionResource,
  projection: Projection,
): Promise<void> {
  const { client, machine, driver, service } = options;
  const name = resource.resource as WatchedResource;
  const health = service.health.addState(`follow/${name}`);
  const collection = new TimedCollection(client.clock);
  for await (const event of follow(client, resource, { projection, signal: service.stopping })) {
    driver.give({ kind: "watch", resource: name, event });
    if (event.kind === "item") collection.run();
    if (event.kind === "error" || event.kind === "gap") {
      const reason = event.kind === "gap" ? event.cause : (event.status.message ?? event.status.reason ?? "unknown");
      service.log.warning("Watch interrupted", { resource: name, reason });
    }
    report(health, machine, name);
  }
}

function report(health: HealthState, machine: IpamMachine, name: WatchedResource): void {
  const kind = machine.kinds[name];
  // Interrupted, the work goes on with what is known: nothing depends on a watch being fresh.
  if (kind.isSynced) health.ok(kind.isLive ? "synced, live" : "synced, interrupted");
  else health.fail("no complete state yet", "not synced");
}

class TimedCollection {
  readonly #clock: Clock;
  #ranAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run(): void {
    if (this.#clock.now() - this.#ranAt < COLLECTION_MS) return;
    collectGarbage();
    this.#ranAt = this.#clock.now();
  }
}

function projectionOf(paths: readonly string[]): Projection {
  const compiled = compileProjection(paths);
  assert(compiled.ok, "Cannot compile a fixed projection");
  return compiled.value;
}
