// The flows that the bridge has for itself: drops that count, and the table that turns an ARP request into its reply.
import { FIELD, type Flow, matchOf, PORT, REGISTERS, setNumber } from "@coracle/openflow";
import { assert } from "@coracle/base";
import { encodeCookie } from "./cookie.ts";
import { IS_ARP, IS_IPV6, IS_TAGGED, moveField } from "./flow-parts.ts";
import { PRIORITY, TABLE } from "./table.ts";

/** The bridge's own flows. Independent of ports, so that nothing is ever forwarded that no attachment asked for. */
export function bridgeFlows(round: number): readonly Flow[] {
  const cookie = encodeCookie({ round, category: "bridge", subject: 0 });
  const drop = (table: number): Flow => ({ table, priority: PRIORITY.miss, match: [], actions: [], cookie });
  return [
    drop(TABLE.source),
    { table: TABLE.source, priority: PRIORITY.refused, match: matchOf([IS_IPV6]), actions: [], cookie },
    { table: TABLE.source, priority: PRIORITY.tagged, match: matchOf([IS_TAGGED]), actions: [], cookie },
    drop(TABLE.destination),
    { table: TABLE.destination, priority: PRIORITY.unanswered, match: matchOf([IS_ARP]), actions: [], cookie },
    drop(TABLE.answer),
    answerFlow(cookie),
  ];
}

/**
 * Makes the reply (RFC 826) and sends it back where the request came from. The request's sender is its frame's source,
 * as the source table has checked; the Ethernet source is already that of the guest asked for, whose IPv4 address is
 * the request's target.
 */
function answerFlow(cookie: bigint): Flow {
  const [scratch] = REGISTERS;
  assert(scratch !== undefined, "Cannot answer ARP: there are no registers");
  return {
    table: TABLE.answer,
    priority: PRIORITY.arp,
    match: matchOf([IS_ARP]),
    actions: [
      moveField(FIELD.arp_sha, FIELD.eth_dst),
      moveField(FIELD.arp_sha, FIELD.arp_tha),
      moveField(FIELD.eth_src, FIELD.arp_sha),
      moveField(FIELD.arp_spa, scratch),
      moveField(FIELD.arp_tpa, FIELD.arp_spa),
      moveField(scratch, FIELD.arp_tpa),
      setNumber(FIELD.arp_op, 2),
      { kind: "output", port: PORT.inPort },
    ],
    cookie,
  };
}
