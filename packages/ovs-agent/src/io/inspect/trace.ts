// Where a packet of an attachment goes, and why: by the flows, and by Open vSwitch's own trace where it can be asked.
import { formatIp, ipv4ToNumber, numberToIpv4, parseIp } from "@coracle/base";
import { type Field, FIELD, type Flow } from "@coracle/openflow";
import { guestMac, isPrivateIpv4, macText } from "../../core/mac-address.ts";
import { type Evaluation, evaluateFlows } from "../../core/pipeline/evaluate.ts";
import { type BridgeLocation, locationOf, type PlacedInterface, readFlows, readInterfaces } from "./bridge-view.ts";
import { askControlSocket, findControlSocket } from "./control-socket.ts";
import { parseDesired } from "./flow-report.ts";
import { InspectError } from "./inspect-error.ts";

/** What to trace. */
export interface TraceRequest extends BridgeLocation {
  /** `namespace/name` of an attachment that is placed on this host. */
  readonly attachment: string;
  /** Dotted quad, in the attachment's virtual network. */
  readonly destination: string;
  /** Flows as text, one a line, for when those of the switch cannot be read. */
  readonly desired?: string;
}

/** A trace's outcome. */
export interface Trace {
  readonly attachment: string;
  readonly device: { readonly vni: number; readonly ipv4: string; readonly mac: string; readonly ofport: number };
  readonly destination: string;
  /** Which flows were followed. */
  readonly source: "installed" | "desired";
  readonly evaluation: Evaluation;
  /** One sentence. */
  readonly conclusion: string;
  /** What `ofproto/trace` says, if ovs-vswitchd could be asked. */
  readonly openVswitch?: string;
  /** All of it for people. */
  readonly text: string;
  /** 0 if the packet gets out of a port, else 1. */
  readonly exitCode: 0 | 1;
}

/** Traces a UDP packet. Rejects with {@link InspectError}. */
export async function traceAttachment(request: TraceRequest): Promise<Trace> {
  const parsed = parseIp(request.destination);
  const address = parsed.ok && parsed.value.family === 4 ? ipv4ToNumber(parsed.value) : 0;
  if (!isPrivateIpv4(address)) {
    const text = `Cannot trace to ${request.destination}: it is no IPv4 address of RFC 1918`;
    throw new InspectError("BAD_ADDRESS", text);
  }
  const interfaces = await readInterfaces(request);
  const placed = interfaces.find(({ local }) => local.owner === request.attachment);
  if (placed === undefined) {
    const text = `Cannot trace from ${request.attachment} as it has no interface on this host: there are ${interfaces.length}`;
    throw new InspectError("NOT_HERE", text);
  }
  const { source, flows } = await flowsFor(request);
  const evaluation = evaluateFlows(flows, frameOf(placed, address));
  const conclusion = conclude(evaluation, interfaces, request);
  const openVswitch = await ownTrace(request, placed, address);
  const { vni, ipv4 } = placed.local;
  const device = {
    vni,
    ipv4: formatIp(numberToIpv4(ipv4)),
    mac: macText(guestMac(vni, ipv4)),
    ofport: placed.ofport,
  };
  const { attachment, destination } = request;
  const told = { attachment, device, destination, source, evaluation, conclusion };
  const trace = { ...told, ...(openVswitch === undefined ? {} : { openVswitch }) };
  return { ...trace, text: traceText(trace), exitCode: evaluation.verdict.kind === "output" ? 0 : 1 };
}

async function flowsFor(
  request: TraceRequest,
): Promise<{ readonly source: "installed" | "desired"; readonly flows: readonly Flow[] }> {
  try {
    return { source: "installed", flows: await readFlows(request) };
  } catch (thrown) {
    if (request.desired === undefined) throw thrown;
    return { source: "desired", flows: parseDesired(request.desired) };
  }
}

function frameOf({ local, ofport }: PlacedInterface, destination: number): ReadonlyMap<Field, bigint> {
  return new Map<Field, bigint>([
    [FIELD.in_port, BigInt(ofport)],
    [FIELD.eth_src, BigInt(guestMac(local.vni, local.ipv4))],
    [FIELD.eth_dst, BigInt(guestMac(local.vni, destination))],
    [FIELD.eth_type, 0x0800n],
    [FIELD.ip_src, BigInt(local.ipv4)],
    [FIELD.ip_dst, BigInt(destination)],
    [FIELD.nw_proto, 17n],
  ]);
}

function conclude(evaluation: Evaluation, interfaces: readonly PlacedInterface[], request: TraceRequest): string {
  const { verdict } = evaluation;
  const { attachment, destination } = request;
  switch (verdict.kind) {
    case "output": {
      if (verdict.tunnelTo !== undefined)
        return `${destination} is on another host: through the tunnel to ${formatIp(numberToIpv4(verdict.tunnelTo))}`;
      const there = interfaces.find(({ ofport }) => ofport === verdict.port);
      return `${destination} is on this host: to port ${verdict.port} of ${there?.local.owner ?? "a foreign device"}`;
    }
    case "dropped":
      return verdict.table === 0
        ? `dropped where it enters: port of ${attachment} has no flow for its own MAC and IPv4 address`
        : `dropped: nobody in the virtual network of ${attachment} has ${destination}`;
    case "answered":
      return "answered by the switch itself";
    case "unknown":
      return `cannot be followed: ${verdict.action}`;
  }
}

async function ownTrace(request: TraceRequest, placed: PlacedInterface, to: number): Promise<string | undefined> {
  const { runDirectory, bridge } = locationOf(request);
  const socket = await findControlSocket(runDirectory);
  if (socket === undefined) return undefined;
  const { vni, ipv4 } = placed.local;
  const flow = [
    `in_port=${placed.ofport}`,
    `udp,dl_src=${macText(guestMac(vni, ipv4))},dl_dst=${macText(guestMac(vni, to))}`,
    `nw_src=${formatIp(numberToIpv4(ipv4))},nw_dst=${formatIp(numberToIpv4(to))},nw_ttl=64`,
  ].join(",");
  return askControlSocket(socket, "ofproto/trace", [bridge, flow]).catch(() => undefined);
}

function traceText(trace: Omit<Trace, "text" | "exitCode">): string {
  const { device, evaluation } = trace;
  const lines = [
    `${trace.attachment}: ${device.ipv4} of VNI ${device.vni}, ${device.mac}, port ${device.ofport}`,
    `to ${trace.destination}, by the ${trace.source} flows:`,
    ...evaluation.steps.map(({ table, flow }) => `  table ${table}: ${flow ?? "no flow, dropped"}`),
    trace.conclusion,
  ];
  if (trace.openVswitch !== undefined) lines.push("", "Open vSwitch says:", trace.openVswitch.trimEnd());
  return `${lines.join("\n")}\n`;
}
