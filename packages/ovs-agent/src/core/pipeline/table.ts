// The tables and priorities of the bridge's pipeline; docs/protocol/ovs-pipeline.md draws them.

/** `source` says where a frame comes from and if it may, `destination` where it goes, `answer` turns ARP around. */
export const TABLE = { source: 0, destination: 1, answer: 2 } as const;

/** Higher wins. Flows of one table and priority never overlap in a way that matters. */
export const PRIORITY = {
  /** What no flow takes is dropped, and counted here. */
  miss: 0,
  /** Frames by source or by destination. */
  forward: 100,
  /** ARP that nobody answers. */
  unanswered: 105,
  /** ARP requests, which go elsewhere than their frame's destination. */
  arp: 110,
  /** A guest that asks for its own address. */
  ownAddress: 120,
  /** Protocols that are not spoken. */
  refused: 200,
  /** Frames with a VLAN tag, whatever they carry. */
  tagged: 210,
} as const;
