// Kubernetes' own kinds that random writes are made of: where they live and what may be written to them.
import type { Choice } from "./choice.ts";

/** Members of an object, metadata aside. */
type Content = Record<string, unknown>;

/** A kind and its random content. */
export interface RandomKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Path of the collection. */
  readonly path: string;
  /** Object to start from. */
  start(): Content;
  /** Content for a write of the main endpoint. */
  content(choice: Choice): Content;
  /** Content for a write of /status; undefined where there is none. */
  readonly status: ((choice: Choice) => Content) | undefined;
}

const NAMES = ["a", "b", "c"];
const TEXTS = ["1", "2", "x"];

const CONFIG_MAP: RandomKind = {
  apiVersion: "v1",
  kind: "ConfigMap",
  path: "/api/v1/namespaces/default/configmaps",
  start: () => ({}),
  content: (choice) =>
    choice.members(
      {
        data: () => choice.map(NAMES, TEXTS),
        binaryData: () => choice.map(["p", "q"], ["AAEC", ""]),
      },
      0.6,
    ),
  status: undefined,
};

const SECRET: RandomKind = {
  apiVersion: "v1",
  kind: "Secret",
  path: "/api/v1/namespaces/default/secrets",
  start: () => ({ type: "Opaque" }),
  content: (choice) =>
    choice.members(
      {
        data: () => choice.map(NAMES, ["AAEC", "Zm9v"]),
        stringData: () => choice.map(NAMES, TEXTS),
      },
      0.5,
    ),
  status: undefined,
};

const SERVICE_ACCOUNT: RandomKind = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  path: "/api/v1/namespaces/default/serviceaccounts",
  start: () => ({}),
  content: (choice) =>
    choice.members(
      {
        secrets: () => choice.some(NAMES).map((name) => ({ name, ...(choice.chance(0.3) ? { namespace: "n" } : {}) })),
        imagePullSecrets: () => choice.some(NAMES).map((name) => ({ name })),
        automountServiceAccountToken: () => choice.chance(0.5),
      },
      0.5,
    ),
  status: undefined,
};

const NODE: RandomKind = {
  apiVersion: "v1",
  kind: "Node",
  path: "/api/v1/nodes",
  // With the taint that the real server adds to new nodes.
  start: () => ({ spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] } }),
  content: (choice) => ({
    spec: choice.members(
      {
        unschedulable: () => choice.chance(0.5),
        taints: () => choice.some(NAMES).map((key) => ({ key, value: choice.one(TEXTS), effect: "NoSchedule" })),
      },
      0.6,
    ),
  }),
  status: (choice) => ({
    status: choice.members(
      {
        capacity: () => ({
          ...choice.map(["cpu", "memory"], ["1", "2", "1500m", "1Gi"]),
          ...choice.map(["pods"], ["10", "20"]),
        }),
        conditions: () =>
          choice
            .some(["Ready", "DiskPressure"])
            .map((type) => ({ type, status: choice.one(["True", "False"]), reason: "R", message: "m" })),
        addresses: () =>
          choice.some(["Hostname", "InternalIP"]).map((type) => ({ type, address: choice.one(["n1", "10.0.0.1"]) })),
        nodeInfo: () => ({ ...nodeInfo(), osImage: choice.one(["x", "y"]) }),
        images: () => choice.some(NAMES).map((name) => ({ names: [name], sizeBytes: choice.integer(1, 2) })),
      },
      0.4,
    ),
  }),
};

function nodeInfo(): Content {
  const names = [
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
  ];
  return Object.fromEntries(names.map((name) => [name, "v"]));
}

const POD: RandomKind = {
  apiVersion: "v1",
  kind: "Pod",
  path: "/api/v1/namespaces/default/pods",
  start: () => ({
    spec: {
      nodeName: "n1",
      containers: [
        { name: "one", image: "i1", ports: [{ containerPort: 80, name: "http" }], env: [{ name: "A", value: "1" }] },
        { name: "two", image: "i1" },
      ],
      tolerations: [{ key: "k", operator: "Exists" }],
    },
  }),
  content: (choice) => ({
    spec: {
      containers: choice.some(["one", "two"]).map((name) => ({ name, image: choice.one(["i1", "i2", "i3"]) })),
      ...(choice.chance(0.2) ? { activeDeadlineSeconds: choice.integer(1000, 1002) } : {}),
    },
  }),
  status: (choice) => ({
    status: choice.members(
      {
        phase: () => choice.one(["Pending", "Running"]),
        conditions: () =>
          choice.some(["Ready", "Initialized"]).map((type) => ({ type, status: choice.one(["True", "False"]) })),
        podIP: () => choice.one(["10.1.0.1", "10.1.0.2"]),
        message: () => choice.one(TEXTS),
      },
      0.5,
    ),
  }),
};

const LEASE: RandomKind = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  path: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
  start: () => ({ spec: {} }),
  content: (choice) => ({
    spec: choice.members(
      {
        holderIdentity: () => choice.one(TEXTS),
        leaseDurationSeconds: () => choice.integer(1, 3),
        leaseTransitions: () => choice.integer(0, 2),
        renewTime: () => choice.one(["2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:06.000000Z"]),
      },
      0.5,
    ),
  }),
  status: undefined,
};

/** Every kind. */
export const RANDOM_KINDS: readonly RandomKind[] = [CONFIG_MAP, SECRET, SERVICE_ACCOUNT, NODE, POD, LEASE];
