// A pod as clusters have them: about 12 kB as JSON, a third of it managedFields that the server itself writes.

const CONTAINERS = ["main", "sidecar", "logs"];
const ENVIRONMENT_SIZE = 5;

/** What a user creates. */
export function podManifest(name: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: "checkout-7c9f6d5b84-",
      labels: {
        "app.kubernetes.io/name": "checkout",
        "app.kubernetes.io/instance": "checkout-production",
        "app.kubernetes.io/part-of": "shop",
        "pod-template-hash": "7c9f6d5b84",
        tier: "backend",
      },
      annotations: {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9090",
        "example.com/config-hash": "6f1c8a53d2b74e0f9a8b7c6d5e4f30216f1c8a53d2b74e0f9a8b7c6d5e4f3021",
        "example.com/remark": 'deployed by the pipeline, see "releases" for the list of changes',
      },
    },
    spec: {
      nodeName: "node-1",
      serviceAccountName: "checkout",
      containers: CONTAINERS.map(container),
      tolerations: [
        { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
        { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      ],
      volumes: [
        { name: "config", configMap: { name: "checkout-config", defaultMode: 420 } },
        { name: "scratch", emptyDir: {} },
        {
          name: "token",
          projected: {
            defaultMode: 420,
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
              { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            ],
          },
        },
      ],
    },
  };
}

function container(name: string): object {
  return {
    name,
    image: `registry.example.com/shop/${name}:2.31.7`,
    args: ["--listen=0.0.0.0:8080", "--log-format=json", `--component=${name}`],
    env: Array.from({ length: ENVIRONMENT_SIZE }, (_, index) => ({
      name: `SETTING_${index}`,
      value: `value-${index}-of-${name}`,
    })),
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
    livenessProbe: { httpGet: { path: "/livez", port: 8080 }, periodSeconds: 10 },
    readinessProbe: { httpGet: { path: "/readyz", port: 8080 }, periodSeconds: 5 },
    volumeMounts: [
      { name: "config", mountPath: "/etc/checkout", readOnly: true },
      { name: "scratch", mountPath: "/tmp" },
      { name: "token", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true },
    ],
  };
}

/** What a kubelet writes into the status of a running pod. */
export function podStatus(): object {
  const time = "2026-01-05T08:00:00Z";
  const conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
  return {
    phase: "Running",
    hostIP: "192.168.4.17",
    hostIPs: [{ ip: "192.168.4.17" }],
    podIP: "10.32.0.1",
    podIPs: [{ ip: "10.32.0.1" }, { ip: "fd00:10:32::1" }],
    qosClass: "Burstable",
    startTime: time,
    conditions: conditions.map((type) => ({ type, status: "True", lastProbeTime: null, lastTransitionTime: time })),
    containerStatuses: CONTAINERS.map((name) => ({
      name,
      image: `registry.example.com/shop/${name}:2.31.7`,
      imageID: `registry.example.com/shop/${name}@sha256:${"0123456789abcdef".repeat(4)}`,
      containerID: `containerd://${"fedcba9876543210".repeat(4)}`,
      ready: true,
      started: true,
      restartCount: 0,
      lastState: {},
      state: { running: { startedAt: time } },
    })),
  };
}
