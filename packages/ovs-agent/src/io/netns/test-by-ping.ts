// `test-by-ping`: puts an interface into a network namespace, gives it its address, and pings a peer from there.
import { parseCidr, parseIp } from "@coracle/base";
import { ping, type PingResult } from "@coracle/lab/io";
import { stdout } from "@coracle/runtime";
import { mustRun, runStep, StepFailure, STEP_EXIT_CODES, succeeds } from "./netns-steps.ts";

/** How `test-by-ping` is called. */
export const TEST_BY_PING_USAGE = `Usage: coracle-ovs-agent test-by-ping IFC NETNS ADDRESS/PREFIX [PEER [COUNT [PEER-NAME]]]

Makes the network namespace if needed, moves the interface into it, brings it up with the address and a default route, and prints
what is there. With a peer: pings it COUNT times at most (default 5), 15 s each, until an answer comes.

Exit status: 0 done, 1 bad usage, 2 no such interface, 3 no answer from the peer, 4 a step failed.
`;

const COUNT_DEFAULT = 5;
const COUNT_MAX = 10_000;
/** A ping is one request a second for this long: the first ones are lost while other hosts learn of a new interface. */
const REQUESTS_A_PING = 15;
const REQUEST_WAIT_MS = 1000;

interface PingTest {
  readonly ifc: string;
  readonly netns: string;
  readonly address: string;
  readonly peer: string | undefined;
  readonly count: number;
  readonly peerName: string;
}

/** Runs the test. Throws {@link StepFailure} with the exit code. */
export async function testByPing(args: readonly string[]): Promise<void> {
  const test = readArguments(args);
  await moveInto(test);
  const { ifc, netns, address, peer } = test;
  await mustRun(["ip", "-n", netns, "link", "set", "lo", "up"]);
  await mustRun(["ip", "-n", netns, "link", "set", ifc, "up"]);
  await mustRun(["ip", "-n", netns, "addr", "replace", address, "dev", ifc]);
  await mustRun(["ip", "-n", netns, "route", "replace", "default", "dev", ifc]);
  await runStep(["ip", "-n", netns, "addr", "show"]);
  await runStep(["ip", "-n", netns, "route", "show"]);
  if (peer !== undefined) await pingUntilAnswered(test, peer);
}

function readArguments(args: readonly string[]): PingTest {
  const [ifc = "", netns = "", address = "", peer, countText = String(COUNT_DEFAULT), peerName] = args;
  const isNamed = (text: string): boolean =>
    /^[A-Za-z0-9_.][A-Za-z0-9_.:-]{0,254}$/.test(text) && !text.startsWith("..");
  const count = /^\d{1,5}$/.test(countText) ? Number(countText) : 0;
  const problem =
    args.length < 3 || args.length > 6
      ? `${args.length} arguments`
      : !isNamed(ifc) || ifc.length > 15
        ? `no interface is called ${JSON.stringify(ifc)}`
        : !isNamed(netns)
          ? `no network namespace is called ${JSON.stringify(netns)}`
          : !parseCidr(address).ok
            ? `${JSON.stringify(address)} is not an address with a prefix length`
            : peer !== undefined && !isIpv4(peer)
              ? `${JSON.stringify(peer)} is not an IPv4 address`
              : count < 1 || count > COUNT_MAX
                ? `${JSON.stringify(countText)} is not a number from 1 to ${COUNT_MAX}`
                : undefined;
  if (problem !== undefined) {
    throw new StepFailure(`Cannot test by ping: ${problem}\n${TEST_BY_PING_USAGE}`, STEP_EXIT_CODES.usage);
  }
  return { ifc, netns, address, peer, count, peerName: peerName ?? peer ?? "" };
}

/** Safe to run again: an interface that is in the namespace already stays there. */
async function moveInto({ ifc, netns }: PingTest): Promise<void> {
  const hasNamespace = await succeeds(["ip", "-n", netns, "link", "show", "lo"]);
  if (hasNamespace && (await succeeds(["ip", "-n", netns, "link", "show", "dev", ifc]))) return;
  if (!(await succeeds(["ip", "link", "show", "dev", ifc]))) {
    throw new StepFailure(`Cannot test by ping: there is no interface ${ifc}`, STEP_EXIT_CODES.missing);
  }
  if (!hasNamespace) await mustRun(["ip", "netns", "add", netns]);
  await mustRun(["ip", "link", "set", ifc, "netns", netns]);
}

async function pingUntilAnswered({ netns, count, peerName }: PingTest, peer: string): Promise<void> {
  for (let attempt = 1; attempt <= count; attempt++) {
    const result = await pingPatiently(netns, peer);
    if (result.kind === "reply") {
      stdout().write(`${peerName} answered ping ${attempt} of at most ${count} after ${result.rttMs.toFixed(1)} ms\n`);
      return;
    }
    const outcome = result.kind === "refused" ? `could not be sent (${result.code})` : "was not answered";
    stdout().write(`ping ${attempt} of at most ${count} to ${peerName} ${outcome}\n`);
  }
  throw new StepFailure(`Cannot reach ${peerName}: none of ${count} pings was answered`, STEP_EXIT_CODES.unreachable);
}

async function pingPatiently(netns: string, peer: string): Promise<PingResult> {
  let result = await ping(netns, peer, { timeoutMs: REQUEST_WAIT_MS });
  for (let request = 1; request < REQUESTS_A_PING && result.kind === "lost"; request++) {
    result = await ping(netns, peer, { timeoutMs: REQUEST_WAIT_MS });
  }
  return result;
}

function isIpv4(text: string): boolean {
  const parsed = parseIp(text);
  return parsed.ok && parsed.value.family === 4;
}
