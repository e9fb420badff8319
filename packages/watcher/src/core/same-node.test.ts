// Verdicts about peers, and the /proc texts they rest on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4ToNumber, parseIp } from "@coracle/base";
import type { PodFacts } from "./ip-index.ts";
import { parseRoutes, parseTcpSockets, podUidOfCgroup, routeTo } from "./proc-net.ts";
import { judgePeer } from "./same-node.ts";

const pod: PodFacts = {
  namespace: "shop",
  name: "cart",
  uid: "0a8f4c7e-1111-2222-3333-444455556666",
  resourceVersion: "1",
  node: "a",
  phase: "Running",
  hostNetwork: false,
  serviceAccount: "default",
  ips: ["10.244.1.5"],
};
const answer = { kind: "pod", pod, others: [] } as const;
const direct = { interfaceName: "cni0", direct: true };

test("a pod of this node with a direct route is on this node, verified", () => {
  const verdict = judgePeer({ ownNode: "a", answer, ownAddress: false, route: direct });
  assert.deepEqual([verdict.sameNode, verdict.reason, verdict.verifiedLocally], [true, "pod-of-this-node", true]);
});

test("the API's word alone says so but is not verification", () => {
  const verdict = judgePeer({ ownNode: "a", answer, ownAddress: false });
  assert.deepEqual([verdict.sameNode, verdict.verifiedLocally], [true, false]);
});

test("a pod of this node whose route leaves the node is refused", () => {
  const verdict = judgePeer({
    ownNode: "a",
    answer,
    ownAddress: false,
    route: { interfaceName: "eth0", direct: false },
  });
  assert.deepEqual([verdict.sameNode, verdict.reason], [false, "route-leaves-the-node"]);
});

test("other nodes' pods, former owners, other hosts and strangers are refused", () => {
  const reasons = [
    judgePeer({ ownNode: "b", answer, ownAddress: false, route: direct }),
    judgePeer({ ownNode: "a", answer: { kind: "previous", pod, goneForMs: 10 }, ownAddress: false }),
    judgePeer({ ownNode: "a", answer: { kind: "host-network", pods: [pod] }, ownAddress: false }),
    judgePeer({ ownNode: "a", answer: { kind: "unknown" }, ownAddress: false }),
  ];
  assert.deepEqual(
    reasons.map(({ sameNode, reason }) => [sameNode, reason]),
    [
      [false, "pod-of-another-node"],
      [false, "address-not-owned-now"],
      [false, "host-network-of-another-node"],
      [false, "address-unknown"],
    ],
  );
});

test("a host-network peer is named by the owner of its socket", () => {
  const hostPod = { ...pod, hostNetwork: true, ips: ["192.0.2.1"] };
  const onHost = { kind: "host-network", pods: [hostPod] } as const;
  const named = judgePeer({ ownNode: "a", answer: onHost, ownAddress: true, socketPodUid: pod.uid });
  assert.deepEqual([named.sameNode, named.reason, named.pod?.name], [true, "socket-owner", "cart"]);
  const process = judgePeer({ ownNode: "a", answer: onHost, ownAddress: true });
  assert.deepEqual([process.sameNode, process.reason, process.pod], [true, "host-process", undefined]);
});

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
cni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t0002F40A\t0202000A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
garbage
`;

function number(text: string): number {
  const ip = parseIp(text);
  assert.ok(ip.ok);
  return ipv4ToNumber(ip.value);
}

test("routeTo() takes the longest prefix of /proc/net/route", () => {
  const routes = parseRoutes(ROUTES);
  assert.equal(routes.length, 3);
  assert.equal(routeTo(routes, number("10.244.1.5"))?.interfaceName, "cni0");
  assert.equal(routeTo(routes, number("10.244.2.5"))?.gateway, number("10.0.2.2"));
  assert.equal(routeTo(routes, number("8.8.8.8"))?.gateway, number("192.0.2.1"));
});

test("parseTcpSockets() reads both families and unmaps IPv4", () => {
  const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const v4 = "   0: 0100007F:1F90 0200007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 4242 1 0\n";
  const mapped =
    "   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000001000000:0050 01 00000000:00000000 00:00000000 00000000 0 0 77 1\n";
  assert.deepEqual(parseTcpSockets(header + v4 + mapped + "junk\n"), [
    { localIp: "127.0.0.1", localPort: 8080, remoteIp: "127.0.0.2", remotePort: 49153, inode: 4242 },
    { localIp: "127.0.0.1", localPort: 8080, remoteIp: "::1", remotePort: 80, inode: 77 },
  ]);
});

test("podUidOfCgroup() reads both drivers' forms", () => {
  const uid = "0a8f4c7e-1111-2222-3333-444455556666";
  assert.equal(podUidOfCgroup(`12:memory:/kubepods/burstable/pod${uid}/abc\n`), uid);
  assert.equal(podUidOfCgroup(`0::/kubepods.slice/kubepods-pod${uid.replaceAll("-", "_")}.slice/cri.scope\n`), uid);
  assert.equal(podUidOfCgroup("0::/system.slice/sshd.service\n"), undefined);
});
