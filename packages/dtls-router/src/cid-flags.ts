// The flags that choose what connection IDs look like, and what of them contradicts itself.
import { QUIC_LB_BODY_SIZE_MAX, QUIC_LB_CONFIGURATIONS_MAX } from "@coracle/dtls";
import { type Flag, flag } from "@coracle/lifecycle";
import { quicLbCidSize, type QuicLbSizes } from "./core/quic-lb-layout.ts";

/** Californium's usual size. */
const CALIFORNIUM_SIZE = 6;
const SERVER_ID_SIZE = 1;
const NONCE_SIZE = 4;
const GROUP = "Connection IDs";

/** The layouts of connection IDs. */
export type CidLayoutName = "californium" | "quic-lb" | "quic-lb-encrypted";

/** What the flags of connection IDs say. */
export interface CidConfig {
  readonly cidLayout: CidLayoutName;
  readonly cidSize: number | undefined;
  readonly cidServerIdSize: number | undefined;
  readonly cidNonceSize: number | undefined;
  readonly cidConfigId: number | undefined;
  readonly cidKeyFile: string | undefined;
}

/** The flags of connection IDs. */
export const cidFlags: { readonly [Key in keyof CidConfig]: Flag<CidConfig[Key]> } = {
  cidLayout: flag.choice(["californium", "quic-lb", "quic-lb-encrypted"], {
    help: "What IDs look like, the same at all nodes: the node's id first, as Californium's nodes need it; or as balancers for QUIC read them, in the clear or encrypted.",
    default: "californium",
    group: GROUP,
  }),
  cidSize: flag.number({
    help: `Bytes of an ID of the layout californium, the same at all nodes; else ${CALIFORNIUM_SIZE}.`,
    min: 5,
    max: 20,
    group: GROUP,
  }),
  cidServerIdSize: flag.number({
    help: `Bytes for the node's id in a quic-lb layout, the same at all nodes; else ${SERVER_ID_SIZE}. Encrypted, more of them keep invented IDs from being taken for some node's.`,
    min: 1,
    max: 15,
    group: GROUP,
  }),
  cidNonceSize: flag.number({
    help: `Bytes that tell sessions apart in a quic-lb layout, the same at all nodes; else ${NONCE_SIZE}.`,
    min: 4,
    max: 18,
    group: GROUP,
  }),
  cidConfigId: flag.number({
    help: "Number of the configuration in the layout quic-lb; else 0. Encrypted, the key file has the numbers.",
    max: QUIC_LB_CONFIGURATIONS_MAX - 1,
    group: GROUP,
  }),
  cidKeyFile: flag.path({
    help: "Keys of the layout quic-lb-encrypted, as JSON; reloaded on change, so that keys rotate while sessions live.",
    group: GROUP,
  }),
};

/** The sizes of a quic-lb layout; `undefined` for Californium's. */
export function quicLbSizes(config: CidConfig): QuicLbSizes | undefined {
  if (config.cidLayout === "californium") return undefined;
  return {
    serverIdSizeBytes: config.cidServerIdSize ?? SERVER_ID_SIZE,
    nonceSizeBytes: config.cidNonceSize ?? NONCE_SIZE,
  };
}

/** Bytes of every ID. */
export function cidSize(config: CidConfig): number {
  const sizes = quicLbSizes(config);
  return sizes === undefined ? (config.cidSize ?? CALIFORNIUM_SIZE) : quicLbCidSize(sizes);
}

/** The first contradiction between the flags. */
export function cidRefusal(config: CidConfig): string | undefined {
  const { cidLayout } = config;
  const isGiven = {
    "--cid-size": config.cidSize !== undefined,
    "--cid-server-id-size": config.cidServerIdSize !== undefined,
    "--cid-nonce-size": config.cidNonceSize !== undefined,
    "--cid-config-id": config.cidConfigId !== undefined,
    "--cid-key-file": config.cidKeyFile !== undefined,
  };
  const allowed: Readonly<Record<CidLayoutName, readonly string[]>> = {
    californium: ["--cid-size"],
    "quic-lb": ["--cid-server-id-size", "--cid-nonce-size", "--cid-config-id"],
    "quic-lb-encrypted": ["--cid-server-id-size", "--cid-nonce-size", "--cid-key-file"],
  };
  for (const [name, given] of Object.entries(isGiven)) {
    if (given && !allowed[cidLayout].includes(name)) return `${name} means nothing with --cid-layout ${cidLayout}`;
  }
  if (cidLayout === "quic-lb-encrypted" && config.cidKeyFile === undefined)
    return "--cid-layout quic-lb-encrypted needs --cid-key-file";
  const sizes = quicLbSizes(config);
  const bodySize = sizes === undefined ? 0 : sizes.serverIdSizeBytes + sizes.nonceSizeBytes;
  if (bodySize > QUIC_LB_BODY_SIZE_MAX)
    return `--cid-server-id-size and --cid-nonce-size are ${bodySize} bytes together, ${QUIC_LB_BODY_SIZE_MAX} are possible`;
  return undefined;
}
