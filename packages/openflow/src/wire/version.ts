// The two protocol versions spoken here: OpenFlow 1.4 and 1.5, as Open vSwitch implements them.

/** `ofp_header.version`: 5 is OpenFlow 1.4, 6 is OpenFlow 1.5. */
export type OpenflowVersion = 5 | 6;

/** OpenFlow 1.4. */
export const OPENFLOW_14 = 5 as const;
/** OpenFlow 1.5. */
export const OPENFLOW_15 = 6 as const;

/** Size of `ofp_header`: version, type, length, xid. */
export const HEADER_SIZE_BYTES = 8;

/** `ofp_header.type` (OpenFlow 1.5.1 §7.1.1) of every message used here. */
export const MESSAGE_TYPE = {
  hello: 0,
  error: 1,
  echoRequest: 2,
  echoReply: 3,
  experimenter: 4,
  featuresRequest: 5,
  featuresReply: 6,
  packetIn: 10,
  flowRemoved: 11,
  portStatus: 12,
  packetOut: 13,
  flowMod: 14,
  groupMod: 15,
  multipartRequest: 18,
  multipartReply: 19,
  barrierRequest: 20,
  barrierReply: 21,
  roleRequest: 24,
  roleReply: 25,
  getAsyncRequest: 26,
  getAsyncReply: 27,
  setAsync: 28,
  meterMod: 29,
  bundleControl: 33,
  bundleAdd: 34,
} as const;

/** No buffered packet: the data is in the message (`OFP_NO_BUFFER`). */
export const NO_BUFFER = 0xffff_ffff;
/** Every table (`OFPTT_ALL`). */
export const TABLE_ALL = 0xff;
/** No restriction by output group (`OFPG_ANY`), and every group in a group-mod delete is `0xfffffffc`. */
export const GROUP_ANY = 0xffff_ffff;
/** Every group (`OFPG_ALL`). */
export const GROUP_ALL = 0xffff_fffc;
