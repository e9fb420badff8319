// Numbers of actions and instructions (OpenFlow 1.5.1 §7.2.6, §7.2.7) and of Nicira's extension actions (Open vSwitch).

/** `ofp_action_header.type`. `copyField` and `meter` exist from OpenFlow 1.5. */
export const ACTION_TYPE = {
  output: 0,
  group: 22,
  decNwTtl: 24,
  setField: 25,
  copyField: 28,
  meter: 29,
  experimenter: 0xffff,
} as const;

/** `ofp_instruction_header.type`. `meter` is an instruction up to OpenFlow 1.4. */
export const INSTRUCTION_TYPE = { gotoTable: 1, writeMetadata: 2, applyActions: 4, meter: 6 } as const;

/** Nicira's experimenter id. */
export const NICIRA = 0x2320;

/** `nx_action_header.subtype`. */
export const NICIRA_SUBTYPE = {
  resubmit: 1,
  regMove: 6,
  regLoad: 7,
  resubmitTable: 14,
  regLoad2: 33,
  ct: 35,
  nat: 36,
} as const;

/** `nx_action_conntrack.flags`: make the connection known. */
export const CT_COMMIT = 1;
/** `nx_action_conntrack.flags`: make it anew if it is known in the other direction. */
export const CT_FORCE = 2;
/** `nx_action_conntrack.recirc_table`: no table. */
export const CT_TABLE_NONE = 0xff;
/** `nx_action_resubmit.table`: look again in the same table. */
export const TABLE_CURRENT = 0xff;
