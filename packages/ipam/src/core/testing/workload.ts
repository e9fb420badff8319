// What clients do in the simulation: subnets that come, go and conflict, attachments that come, go and move.
import { randomInteger, type Random } from "@coracle/base";
import type { EventLoop } from "./event-loop.ts";
import type { SimulatedApi } from "./simulated-api.ts";

/** How much happens. */
export interface WorkloadOptions {
  readonly attachments: number;
  readonly networks: number;
  /** Attachments are made and changed over this time. */
  readonly durationMs: number;
  /** Subnets of a few addresses, whose replacements share addresses with what they replace. */
  readonly isCrowded?: boolean;
}

interface SubnetPlan {
  readonly namespace: string;
  readonly name: string;
  readonly vni: number;
  readonly cidrs: readonly [string, string];
}

/** Schedules it all. Each network has two subnets, of which some are small enough to fill up. */
export class Workload {
  readonly #loop: EventLoop;
  readonly #api: SimulatedApi;
  readonly #random: Random;
  readonly #options: WorkloadOptions;
  readonly #subnets: SubnetPlan[] = [];

  constructor(loop: EventLoop, api: SimulatedApi, options: WorkloadOptions & { readonly random: Random }) {
    this.#loop = loop;
    this.#api = api;
    this.#random = options.random;
    this.#options = options;
    for (let vni = 1; vni <= options.networks; vni++) this.#planNetwork(vni);
  }

  schedule(): void {
    const { attachments, durationMs } = this.#options;
    for (const plan of this.#subnets) {
      // Some subnets come after their attachments; conflicting ones at the very same moment.
      const at = randomInteger(this.#random, 0, Math.floor(durationMs / 4));
      this.#loop.at(at, () => this.#createSubnet(plan, 0));
      if (this.#random.next() < 0.3) this.#scheduleRival(plan, at);
      if (this.#options.isCrowded === true || this.#random.next() < 0.4) this.#scheduleReplacement(plan);
    }
    for (let index = 0; index < attachments; index++) {
      const at = this.#random.next() * durationMs * 0.7;
      this.#loop.at(at, () => this.#createAttachment(index));
      if (this.#options.isCrowded === true || this.#random.next() < 0.3) this.#scheduleMove(index, at);
    }
  }

  #planNetwork(vni: number): void {
    const namespace = `ns${vni % 7}`;
    const isSmall = vni % 3 === 0;
    const net = `10.${vni % 256}`;
    if (this.#options.isCrowded === true) {
      this.#subnets.push(
        { namespace, name: `a${vni}`, vni, cidrs: [`${net}.0.0/29`, `${net}.0.0/28`] },
        { namespace, name: `b${vni}`, vni, cidrs: [`${net}.0.16/29`, `${net}.0.8/29`] },
      );
      return;
    }
    this.#subnets.push(
      { namespace, name: `big${vni}`, vni, cidrs: [`${net}.0.0/21`, `${net}.64.0/21`] },
      {
        namespace,
        name: `other${vni}`,
        vni,
        cidrs: isSmall ? [`${net}.32.0/29`, `${net}.40.0/28`] : [`${net}.32.0/24`, `${net}.34.0/24`],
      },
    );
  }

  #createSubnet(plan: SubnetPlan, cidr: 0 | 1): void {
    const { namespace, name, vni, cidrs } = plan;
    if (this.#api.objects.subnets.has(`${namespace}/${name}`)) return;
    this.#api.create("subnets", { namespace, name }, { spec: { vni, ipv4: cidrs[cidr] } });
  }

  /** Overlaps the subnet, in its own namespace: created with it, deleted some time later. */
  #scheduleRival(plan: SubnetPlan, at: number): void {
    const { namespace, vni, cidrs } = plan;
    const name = `rival-${plan.name}`;
    this.#loop.at(at, () => void this.#api.create("subnets", { namespace, name }, { spec: { vni, ipv4: cidrs[0] } }));
    if (this.#random.next() < 0.9) {
      this.#loop.at(at + this.#spanMs(), () => void this.#api.delete("subnets", `${namespace}/${name}`));
    }
  }

  /** Deletes the subnet; creates it again, perhaps at once and perhaps with another range. */
  #scheduleReplacement(plan: SubnetPlan): void {
    const { durationMs } = this.#options;
    const at = durationMs * (0.3 + 0.4 * this.#random.next());
    const pauseMs = this.#random.next() < 0.5 ? 0 : this.#spanMs();
    const cidr = this.#random.next() < 0.5 ? 0 : 1;
    this.#loop.at(at, () => void this.#api.delete("subnets", `${plan.namespace}/${plan.name}`));
    if (this.#random.next() < 0.9) this.#loop.at(at + pauseMs, () => this.#createSubnet(plan, cidr));
  }

  #createAttachment(index: number): void {
    const name = `a${index}`;
    const dice = this.#random.next();
    const plan = this.#subnets[Math.floor(this.#random.next() * this.#subnets.length)];
    if (plan === undefined) return;
    const { namespace } = plan;
    const key = `${namespace}/${name}`;
    if (this.#api.objects.networkattachments.has(key)) return;
    const subnet = dice < 0.01 ? "never-made" : plan.name;
    this.#api.create("networkattachments", { namespace, name }, { spec: { node: "n", subnet } });
  }

  /** Deletes an attachment, wherever it is; perhaps makes one of the same name again at once. */
  #scheduleMove(index: number, createdAt: number): void {
    const at = createdAt + this.#spanMs();
    const isBack = this.#random.next() < 0.6;
    this.#loop.at(at, () => {
      for (let namespace = 0; namespace < 7; namespace++) {
        this.#api.delete("networkattachments", `ns${namespace}/a${index}`);
      }
      if (isBack) this.#createAttachment(index);
    });
  }

  #spanMs(): number {
    return this.#random.next() * this.#options.durationMs * 0.25;
  }
}
