// Which virtual networks and subnets a run makes: consecutive VNIs, disjoint address blocks, one or two subnets a network.
import { VNI_MAX } from "@coracle/api";
import {
  cidrCovers,
  err,
  formatCidr,
  ipv4ToNumber,
  numberToIpv4,
  ok,
  parseCidr,
  parseIp,
  type Result,
} from "@coracle/base";

/** A subnet to make. */
export interface SubnetPlan {
  readonly name: string;
  readonly vni: number;
  /** First and last address as 32-bit numbers. */
  readonly first: number;
  readonly last: number;
  readonly cidr: string;
  readonly prefixLength: number;
}

/** A virtual network to make. */
export interface NetworkPlan {
  readonly vni: number;
  /** Attachments at one time. */
  readonly size: number;
  /** One or two. */
  readonly subnets: readonly SubnetPlan[];
}

/** What shapes the plan. */
export interface AddressPlanOptions {
  readonly sizes: readonly number[];
  /** Dotted quad where the first block begins, rounded up to the block's size. */
  readonly baseAddress: string;
  readonly firstVni: number;
  /** One subnet a network instead of two. */
  readonly isSingleSubnet: boolean;
  /** Scale of each subnet; below 1 there are fewer addresses than attachments. */
  readonly subnetSizeFactor: number;
}

/** Attachments at one time, at most: each is held in memory. */
export const SLOTS_MAX = 1_000_000;

/** A controller leaves out the first two addresses and the last one of a block that has more than four. */
const UNUSABLE_COUNT = 3;
const PRIVATE_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** The first VNI of a run: 1 + 65536 · n with n from 0 to 31, so that runs at one time seldom meet. */
export function firstVniOf(choice: number): number {
  return 1 + 65_536 * (choice & 31);
}

/** The VNI of network `index`: consecutive, starting over at 1 behind the largest. */
export function vniAt(firstVni: number, index: number): number {
  return ((firstVni - 1 + index) % VNI_MAX) + 1;
}

/** Six hexadecimal digits, the prefix of every name in the network. */
export function vniText(vni: number): string {
  return vni.toString(16).padStart(6, "0");
}

/** Lays out the networks; an error is one sentence that names the flag to change. */
export function planAddresses(options: AddressPlanOptions): Result<readonly NetworkPlan[], string> {
  const base = parseIp(options.baseAddress);
  if (!base.ok || base.value.family !== 4) {
    return err(`--base-address: "${options.baseAddress}" is not an IPv4 address`);
  }
  const slotCount = options.sizes.reduce((sum, size) => sum + size, 0);
  if (slotCount > SLOTS_MAX) {
    return err(`--num-nets and --top-net-size: ${slotCount} slots are more than ${SLOTS_MAX}`);
  }
  const networks: NetworkPlan[] = [];
  let next = ipv4ToNumber(base.value);
  for (const [index, size] of options.sizes.entries()) {
    const vni = vniAt(options.firstVni, index);
    const subnets: SubnetPlan[] = [];
    const count = options.isSingleSubnet || size === 1 ? 1 : 2;
    const suffixBits = suffixBitsFor(Math.ceil(size / count) * options.subnetSizeFactor);
    for (let position = 0; position < count; position++) {
      const blockSize = 2 ** suffixBits;
      const first = Math.ceil(next / blockSize) * blockSize;
      next = first + blockSize;
      const cidr = next > 2 ** 32 ? undefined : blockAt(first, suffixBits);
      if (cidr === undefined) return err(tooLarge(options.baseAddress, index));
      subnets.push({
        name: `${vniText(vni)}-${"ab"[position]}`,
        vni,
        first,
        last: next - 1,
        cidr,
        prefixLength: 32 - suffixBits,
      });
    }
    networks.push({ vni, size, subnets });
  }
  return ok(networks);
}

/** Bits behind the prefix of a subnet that has to serve `addressCount` attachments. */
export function suffixBitsFor(addressCount: number): number {
  return Math.ceil(Math.log2(addressCount + UNUSABLE_COUNT));
}

/** True if the address lies in a subnet of the network. */
export function networkHolds(network: NetworkPlan, address: number): boolean {
  return network.subnets.some(({ first, last }) => address >= first && address <= last);
}

function blockAt(first: number, suffixBits: number): string | undefined {
  const block = { address: numberToIpv4(first), prefixLength: 32 - suffixBits };
  const isPrivate = PRIVATE_RANGES.some((text) => {
    const range = parseCidr(text);
    return range.ok && cidrCovers(range.value, block);
  });
  return isPrivate ? formatCidr(block) : undefined;
}

function tooLarge(baseAddress: string, index: number): string {
  return (
    `--base-address: the networks do not fit into the private range behind ${baseAddress} from network ${index + 1} on: ` +
    "use fewer or smaller networks, or another base address"
  );
}
