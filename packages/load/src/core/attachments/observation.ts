// What a change of a NetworkAttachment says to a load run: address, interface, errors, test report, server times.
import { type ApiObject, type NetworkAttachment, parseNetworkAttachment } from "@coracle/api";
import { ipv4ToNumber, parseIp, parseTimestampMs } from "@coracle/base";

/** When the server wrote each section, in milliseconds since 1970 with their fraction. */
export interface ServerTimes {
  readonly specMs: number | undefined;
  readonly addressMs: number | undefined;
  readonly implMs: number | undefined;
  readonly reportMs: number | undefined;
}

/** The result of a test command. */
export interface TestReport {
  readonly exitStatus: number;
  /** floor(log2) of how often the outputs say `Invalid`; -1 for never. */
  readonly complaintsLog2: number;
  /** End of what the command wrote, one line, for messages. */
  readonly excerpt: string;
}

/** One state of one attachment. */
export interface Observation {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  /** 32-bit number; absent while there is none. */
  readonly ipv4: number | undefined;
  readonly vni: number;
  readonly ifcName: string;
  readonly contention: boolean;
  /** The error that means it will never work; absent while there is none. */
  readonly breakage: string | undefined;
  readonly report: TestReport | undefined;
  readonly times: ServerTimes;
}

/** The one address error that passes by itself, by the words that KOS and we have in it. */
const FULL_SUBNET = /run out of IPs/;
const EXCERPT_LENGTH_MAX = 200;

/** Reads an API object; `undefined` if it is no attachment. */
export function observe(object: ApiObject): Observation | undefined {
  const attachment = parseNetworkAttachment(object);
  if (attachment === undefined) return undefined;
  const { metadata, spec, status = {} } = attachment;
  const address = status.ipv4 === undefined || status.ipv4 === "" ? undefined : parseIp(status.ipv4);
  const report = status.postCreateExecReport;
  return {
    name: metadata.name ?? "",
    uid: metadata.uid ?? "",
    node: spec.node,
    ipv4: address?.ok === true && address.value.family === 4 ? ipv4ToNumber(address.value) : undefined,
    vni: status.addressVNI ?? 0,
    ifcName: status.ifcName ?? "",
    contention: status.addressContention ?? false,
    breakage: breakageOf(attachment),
    report:
      report === undefined
        ? undefined
        : {
            exitStatus: report.exitStatus,
            complaintsLog2: complaintsLog2(report.stdOut + report.stdErr),
            excerpt: excerptOf(`${report.stdOut} ${report.stdErr}`),
          },
    times: timesOf(attachment),
  };
}

/** floor(log2) of how often `output` says `Invalid`; -1 for never. */
export function complaintsLog2(output: string): number {
  const complaints = output.split("Invalid").length - 1;
  return complaints === 0 ? -1 : Math.floor(Math.log2(complaints));
}

/** Any error of the host, or any of the address controller but a full subnet. */
function breakageOf({ status = {} }: NetworkAttachment): string | undefined {
  const { host = [], ipam = [] } = status.errors ?? {};
  if (host[0] !== undefined) return `host: ${host[0]}`;
  const address = ipam.find((text) => !FULL_SUBNET.test(text));
  return address === undefined ? undefined : `address: ${address}`;
}

function timesOf({ extendedMetadata }: NetworkAttachment): ServerTimes {
  const at = (section: string): number | undefined => {
    const write = extendedMetadata?.writes.find((each) => each.section === section);
    return write === undefined ? undefined : parseTimestampMs(write.serverTime);
  };
  return {
    specMs: at("spec"),
    addressMs: at("status.address"),
    implMs: at("status.impl"),
    reportMs: at("status.execReport"),
  };
}

function excerptOf(output: string): string {
  return output.replace(/\s+/g, " ").trim().slice(-EXCERPT_LENGTH_MAX);
}
