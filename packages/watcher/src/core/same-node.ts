// Whether a peer runs on this node: what the addresses say, what the routes say, and who owns the socket.
import type { IpAnswer, PodFacts } from "./ip-index.ts";

/** Everything known about a peer; decided by {@link judgePeer}. */
export interface PeerEvidence {
  /** The node this process runs on. */
  readonly ownNode: string;
  readonly answer: IpAnswer;
  /** The peer's address is one of this machine's own. */
  readonly ownAddress: boolean;
  /** How this machine would send to the address: straight through an interface, or by a gateway. Absent: not known. */
  readonly route?: { readonly interfaceName: string; readonly direct: boolean };
  /** Pod uid of the process that owns the peer's socket, when it is on this machine and inside a pod. */
  readonly socketPodUid?: string;
}

/** The verdict, with the facts it rests on. */
export interface PeerVerdict {
  readonly sameNode: boolean;
  /** What settled it. */
  readonly reason:
    | "pod-of-this-node"
    | "socket-owner"
    | "host-process"
    | "pod-of-another-node"
    | "route-leaves-the-node"
    | "host-network-of-another-node"
    | "address-not-owned-now"
    | "address-unknown";
  readonly pod?: PodFacts;
  /** False where only the API's word was at hand: a spoofed source address would have passed. */
  readonly verifiedLocally: boolean;
}

/**
 * Judges a TCP peer. A pod's address on this node counts only if the route to it does not leave the node; a host-network
 * peer is told apart by the owner of its socket, since all of them share the node's address.
 */
export function judgePeer(evidence: PeerEvidence): PeerVerdict {
  const { answer, ownNode, route, ownAddress, socketPodUid } = evidence;
  if (ownAddress) return judgeOwnAddress(answer, socketPodUid);
  switch (answer.kind) {
    case "unknown":
      return { sameNode: false, reason: "address-unknown", verifiedLocally: false };
    case "previous":
      return { sameNode: false, reason: "address-not-owned-now", pod: answer.pod, verifiedLocally: false };
    case "host-network":
      return { sameNode: false, reason: "host-network-of-another-node", verifiedLocally: true };
    case "pod": {
      const { pod } = answer;
      if (pod.node !== ownNode) return { sameNode: false, reason: "pod-of-another-node", pod, verifiedLocally: false };
      if (route?.direct === false)
        return { sameNode: false, reason: "route-leaves-the-node", pod, verifiedLocally: true };
      return { sameNode: true, reason: "pod-of-this-node", pod, verifiedLocally: route !== undefined };
    }
  }
}

/** A peer with an address of this machine is on this machine; which pod it is, only its socket tells. */
function judgeOwnAddress(answer: IpAnswer, socketPodUid: string | undefined): PeerVerdict {
  const candidates = answer.kind === "host-network" ? answer.pods : answer.kind === "pod" ? [answer.pod] : [];
  const pod = candidates.find((candidate) => candidate.uid === socketPodUid);
  if (pod !== undefined) return { sameNode: true, reason: "socket-owner", pod, verifiedLocally: true };
  return { sameNode: true, reason: "host-process", verifiedLocally: true };
}
