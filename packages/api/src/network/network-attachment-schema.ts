// NetworkAttachment: one network interface on one node, with one address of one subnet.
import { z } from "zod";
import type { ApiObject, ObjectMeta } from "../object-meta.ts";
import { EXEC_OUTPUT_LENGTH_MAX, EXEC_WORD_LENGTH_MAX, EXEC_WORDS_MAX, NETWORK_API_VERSION, VNI_MAX } from "./group.ts";
import {
  type Condition,
  conditionsSchema,
  errorsSchema,
  type ExtendedMetadata,
  extendedMetadataSchema,
  metadataSchema,
  timeSchema,
} from "./shared-schema.ts";

/** What the user wants. All but `postDeleteExec` is immutable. */
export interface NetworkAttachmentSpec {
  /** Name of the node that gets the interface; the Node object need not exist. */
  readonly node: string;
  /** Name of a Subnet in the same namespace; it may not exist yet. */
  readonly subnet: string;
  /** Command the agent runs once the interface exists. */
  readonly postCreateExec?: readonly string[];
  /** Command the agent runs after the interface is gone. */
  readonly postDeleteExec?: readonly string[];
}

/** What became of a command. Times are in whole seconds. */
export interface ExecReport {
  /** The command after expansion. */
  readonly command: readonly string[];
  /** Exit code; -2 when the program could not be started or did not end by exiting, -3 when how it ended is unknown. */
  readonly exitStatus: number;
  readonly startTime: string;
  readonly stopTime: string;
  readonly stdOut: string;
  readonly stdErr: string;
}

/** Errors by who reports them. */
export interface NetworkAttachmentErrors {
  readonly ipam?: readonly string[];
  readonly host?: readonly string[];
}

/** What the address controller and the agent did. */
export interface NetworkAttachmentStatus {
  readonly errors?: NetworkAttachmentErrors;
  /** MicroTime: when the Subnet's spec was written. */
  readonly subnetCreationTime?: string;
  /** At some time the subnet had no free address for this attachment; never goes back. */
  readonly addressContention?: boolean;
  /** UID of the IPLock that holds the address. */
  readonly lockUID?: string;
  /** VNI of the address; 0 or absent while there is none. */
  readonly addressVNI?: number;
  readonly ipv4?: string;
  readonly macAddress?: string;
  readonly ifcName?: string;
  readonly hostIP?: string;
  readonly postCreateExecReport?: ExecReport;
  readonly conditions?: readonly Condition[];
}

/** A NetworkAttachment as it is stored and sent. */
export interface NetworkAttachment {
  readonly apiVersion: typeof NETWORK_API_VERSION;
  readonly kind: "NetworkAttachment";
  readonly metadata: ObjectMeta;
  readonly extendedMetadata?: ExtendedMetadata;
  readonly spec: NetworkAttachmentSpec;
  readonly status?: NetworkAttachmentStatus;
}

function commandSchema(description: string): z.ZodType<readonly string[]> {
  return z
    .array(z.string().max(EXEC_WORD_LENGTH_MAX))
    .max(EXEC_WORDS_MAX)
    .meta({ listType: "atomic" })
    .describe(description);
}

const execReportSchema: z.ZodType<ExecReport> = z
  .object({
    command: commandSchema("The command after expansion."),
    exitStatus: z.int32().describe("Exit code; -2 if it could not be started or did not exit, -3 if unknown."),
    startTime: timeSchema.describe("When it was started."),
    stopTime: timeSchema.describe("When it ended."),
    stdOut: z.string().max(EXEC_OUTPUT_LENGTH_MAX).describe("Standard output, cut to a limit."),
    stdErr: z.string().max(EXEC_OUTPUT_LENGTH_MAX).describe("Standard error, cut to a limit."),
  })
  .describe("What became of postCreateExec.");

const statusSchema: z.ZodType<NetworkAttachmentStatus> = z
  .object({
    errors: z
      .object({
        ipam: errorsSchema("Errors of the address controller.").exactOptional(),
        host: errorsSchema("Errors of the agent on the node.").exactOptional(),
      })
      .describe("Errors by who reports them.")
      .exactOptional(),
    subnetCreationTime: timeSchema.describe("When the subnet's spec was written, in microseconds.").exactOptional(),
    addressContention: z
      .boolean()
      .describe("At some time the subnet had no free address for this attachment.")
      .exactOptional(),
    lockUID: z.string().max(128).describe("UID of the IPLock that holds the address.").exactOptional(),
    addressVNI: z
      .int()
      .min(0)
      .max(VNI_MAX)
      .describe("Virtual network of the address; 0 while there is none.")
      .exactOptional(),
    ipv4: z.string().max(15).describe("Assigned address; empty while there is none.").exactOptional(),
    macAddress: z.string().max(17).describe("Address of the interface on the link.").exactOptional(),
    ifcName: z.string().max(15).describe("Name of the interface on the node; not empty once it works.").exactOptional(),
    hostIP: z.string().max(45).describe("Address of the node that tunnels end at.").exactOptional(),
    postCreateExecReport: execReportSchema.exactOptional(),
    conditions: conditionsSchema.exactOptional(),
  })
  .describe("What the address controller and the agent did.");

/** Parses a {@link NetworkAttachment}; unknown fields are dropped. */
export const networkAttachmentSchema: z.ZodType<NetworkAttachment> = z
  .object({
    apiVersion: z.literal(NETWORK_API_VERSION),
    kind: z.literal("NetworkAttachment"),
    metadata: metadataSchema,
    extendedMetadata: extendedMetadataSchema.exactOptional(),
    spec: z
      .object({
        node: z.string().max(253).describe("Name of the node that gets the interface. Immutable."),
        subnet: z.string().max(253).describe("Name of a Subnet in the same namespace. Immutable."),
        postCreateExec: commandSchema("Command to run once the interface exists. Immutable.").exactOptional(),
        postDeleteExec: commandSchema("Command to run after the interface is gone.").exactOptional(),
      })
      .describe("The wanted interface."),
    status: statusSchema.exactOptional(),
  })
  .describe("NetworkAttachment is a network interface on a node with an address of a subnet.");

/** Reads an API object as a {@link NetworkAttachment}, or `undefined` if it is not one. */
export function parseNetworkAttachment(object: ApiObject): NetworkAttachment | undefined {
  return networkAttachmentSchema.safeParse(object).data;
}
