// From the command line to a run: name, seed, networks, nodes.
import { type Clock, formatTime, type Random, SeededRandom } from "@coracle/base";
import { ExitError } from "@coracle/lifecycle";
import type { AttachmentsConfig } from "../../attachments-config.ts";
import { firstVniOf, type NetworkPlan, planAddresses } from "../../core/attachments/address-plan.ts";
import type { LoadOptions } from "../../core/attachments/load-types.ts";
import { networkSizes } from "../../core/attachments/size-law.ts";
import type { TestSettings } from "../../core/attachments/test-command.ts";

/** What is fixed before a run talks to anybody. */
export interface RunPlan {
  readonly runId: string;
  readonly seed: number;
  readonly random: Random;
  readonly networks: readonly NetworkPlan[];
  readonly test: TestSettings | undefined;
}

const TEST_FRACTION = 0.1;
const USAGE_EXIT_CODE = 2;

/** Makes the plan; throws ExitError 2 where the networks do not fit. */
export function makePlan(config: AttachmentsConfig, clock: Clock, entropy: Random): RunPlan {
  const seed = config.seed ?? entropy.uint32();
  const random = new SeededRandom(seed);
  const sizes = networkSizes({
    networkCount: config.numNets,
    topSize: config.topNetSize,
    exponent: config.exponent,
    bias: config.bias,
  });
  const plan = planAddresses({
    sizes,
    baseAddress: config.baseAddress,
    firstVni: firstVniOf(random.uint32()),
    isSingleSubnet: config.singleSubnet,
    subnetSizeFactor: config.subnetSizeFactor,
  });
  if (!plan.ok) throw new ExitError(plan.error, { exitCode: USAGE_EXIT_CODE });
  return {
    runId: config.runid ?? newRunId(clock.wallMs(), entropy),
    seed,
    random,
    networks: plan.value,
    test: testSettings(config),
  };
}

/** The machine's options. */
export function loadOptions(config: AttachmentsConfig, plan: RunPlan, nodes: readonly string[]): LoadOptions {
  return {
    runId: plan.runId,
    networks: plan.networks,
    nodes,
    isRoundRobin: config.roundRobin,
    attachmentCount: config.numAttachments,
    threads: config.threads,
    ratePerSecond: config.rate,
    distribution: config.opsDistribution,
    test: plan.test,
    stopOnBreak: config.stopOnBreak,
    stopOnPingFail: config.stopOnPingFail,
    waitAfterCreateMs: config.waitAfterCreateMs,
    waitAfterDeleteMs: config.waitAfterDeleteMs,
    readyWithinMs: config.readyWithinMs,
    keep: config.keep,
    random: plan.random,
  };
}

function testSettings(config: AttachmentsConfig): TestSettings | undefined {
  const { testProgram, testFraction = TEST_FRACTION, pingCount, pendingWaitMs } = config;
  if (testProgram === undefined || testFraction === 0) return undefined;
  return { program: testProgram, fraction: testFraction, pingCount, pendingWaitMs };
}

/** MMDD-hhmm-NNNN in UTC. */
function newRunId(wallMs: number, random: Random): string {
  const time = formatTime(wallMs).replaceAll(/[-:]/g, "");
  const number = String(random.uint32() % 10_000).padStart(4, "0");
  return `${time.slice(4, 8)}-${time.slice(9, 13)}-${number}`;
}
