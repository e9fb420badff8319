// Pods: defaults, quality of service, what may change, how long they take to go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, formatFieldErrors, parseQuantity, POD } from "../mod.ts";

const CONTEXT = { nowMicroTime: "2026-01-02T03:04:05.000000Z" };

function pod(spec: Record<string, unknown>, status?: Record<string, unknown>): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web",
      namespace: "blue",
      uid: "u",
      resourceVersion: "7",
      creationTimestamp: "2026-01-02T03:04:05Z",
    },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function container(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: "c", image: "nginx:1", ...fields };
}

function created(spec: Record<string, unknown>): ApiObject {
  return POD.strategy.prepareForCreate(POD.strategy.setDefaults(pod(spec)), CONTEXT);
}

function errorsOf(spec: Record<string, unknown>): string {
  return formatFieldErrors(POD.strategy.validate(created(spec)));
}

test("a new pod gets the defaults that users see", () => {
  const made = created({
    containers: [
      container({
        image: "nginx",
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        readinessProbe: { grpc: { port: 1 } },
        lifecycle: { preStop: { httpGet: { port: 1 } } },
        env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
        resources: { limits: { cpu: "1" } },
      }),
    ],
    volumes: [
      { name: "e" },
      { name: "s", secret: { secretName: "x" } },
      { name: "h", hostPath: { path: "/" } },
      {
        name: "p",
        projected: {
          sources: [
            { serviceAccountToken: { path: "t" } },
            { downwardAPI: { items: [{ path: "a", fieldRef: { fieldPath: "metadata.name" } }] } },
          ],
        },
      },
    ],
    serviceAccountName: "sa",
  });
  assert.deepEqual(made["spec"], {
    containers: [
      {
        name: "c",
        image: "nginx",
        ports: [{ containerPort: 80, protocol: "TCP" }],
        livenessProbe: {
          httpGet: { port: 80, path: "/", scheme: "HTTP" },
          failureThreshold: 3,
          periodSeconds: 10,
          successThreshold: 1,
          timeoutSeconds: 1,
        },
        readinessProbe: {
          grpc: { port: 1, service: "" },
          failureThreshold: 3,
          periodSeconds: 10,
          successThreshold: 1,
          timeoutSeconds: 1,
        },
        lifecycle: { preStop: { httpGet: { port: 1, path: "/", scheme: "HTTP" } } },
        env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP", apiVersion: "v1" } } }],
        resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
        imagePullPolicy: "Always",
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
      },
    ],
    volumes: [
      { name: "e", emptyDir: {} },
      { name: "s", secret: { secretName: "x", defaultMode: 420 } },
      { name: "h", hostPath: { path: "/", type: "" } },
      {
        name: "p",
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { path: "t", expirationSeconds: 3600 } },
            { downwardAPI: { items: [{ path: "a", fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } }] } },
          ],
        },
      },
    ],
    dnsPolicy: "ClusterFirst",
    enableServiceLinks: true,
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    serviceAccountName: "sa",
    serviceAccount: "sa",
    priority: 0,
    preemptionPolicy: "PreemptLowerPriority",
    tolerations: ["not-ready", "unreachable"].map((condition) => ({
      key: `node.kubernetes.io/${condition}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    })),
  });
  assert.deepEqual(made["status"], { phase: "Pending", qosClass: "Burstable" });
  assert.equal(made.metadata.generation, 1);
  assert.deepEqual(POD.strategy.validate(made), []);
});

test("a pod's own tolerations of lost nodes are left alone", () => {
  const tolerationsOf = (...tolerations: unknown[]): unknown =>
    (created({ containers: [container()], tolerations })["spec"] as { tolerations: unknown[] }).tolerations.length;
  assert.equal(tolerationsOf({ operator: "Exists" }), 1);
  assert.equal(tolerationsOf({ key: "node.kubernetes.io/not-ready", operator: "Exists" }), 2);
  assert.equal(tolerationsOf({ key: "other", operator: "Exists", effect: "NoExecute" }), 3);
  assert.equal(tolerationsOf({ operator: "Exists", effect: "NoSchedule" }), 3);
});

test("the pull policy follows the tag, host ports follow the host network", () => {
  const policy = (image: string): unknown => {
    const spec = created({ containers: [container({ image })] })["spec"] as {
      containers: { imagePullPolicy: string }[];
    };
    return spec.containers[0]?.imagePullPolicy;
  };
  for (const image of ["nginx", "nginx:latest", "host:5000/nginx", "host:5000/nginx:latest"])
    assert.equal(policy(image), "Always", image);
  for (const image of ["nginx:1", "host:5000/nginx:1", "nginx@sha256:00", "nginx:latest@sha256:00"]) {
    assert.equal(policy(image), "IfNotPresent", image);
  }
  const spec = created({ hostNetwork: true, containers: [container({ ports: [{ containerPort: 80 }] })] })["spec"];
  assert.deepEqual((spec as { containers: { ports: unknown }[] }).containers[0]?.ports, [
    { containerPort: 80, protocol: "TCP", hostPort: 80 },
  ]);
});

test("quality of service", () => {
  const quality = (...resources: Record<string, unknown>[]): unknown => {
    const containers = resources.map((item, index) => container({ name: `c${index}`, resources: item }));
    return (created({ containers })["status"] as { qosClass: string }).qosClass;
  };
  assert.equal(quality({}), "BestEffort");
  assert.equal(quality({ requests: { cpu: "0" } }), "BestEffort");
  assert.equal(quality({ requests: { cpu: "1" } }), "Burstable");
  assert.equal(quality({ limits: { cpu: "1", memory: "1Gi" } }), "Guaranteed");
  assert.equal(
    quality({ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1000m", memory: "1024Mi" } }),
    "Guaranteed",
  );
  assert.equal(quality({ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }), "Burstable");
  assert.equal(quality({ limits: { cpu: "1", memory: "1Gi" } }, {}), "Burstable");
});

test("quantities", () => {
  for (const [text, amount] of [
    ["1", 1],
    ["100m", 0.1],
    ["1Ki", 1024],
    ["1.5G", 1.5e9],
    ["1e3", 1000],
    ["-2", -2],
    [".5", 0.5],
    [3, 3],
  ] as const) {
    assert.equal(parseQuantity(text), amount, String(text));
  }
  for (const text of ["", "x", "1x", "1 G", "Ki", "1e", null, {}])
    assert.equal(parseQuantity(text), undefined, JSON.stringify(text));
});

test("a wrong spec is refused field by field", () => {
  assert.equal(errorsOf({ containers: [] }), "spec.containers: Required value");
  assert.equal(
    errorsOf({ containers: [{}] }),
    "[spec.containers[0].name: Required value, spec.containers[0].image: Required value]",
  );
  assert.equal(errorsOf({ containers: [container(), container()] }), 'spec.containers[1].name: Duplicate value: "c"');
  assert.match(
    errorsOf({ containers: [container({ name: "C" })] }),
    /^spec\.containers\[0\]\.name: Invalid value: "C": a lowercase RFC 1123 label/,
  );
  assert.equal(
    errorsOf({ containers: [container()], restartPolicy: "Sometimes" }),
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
  );
  assert.match(errorsOf({ containers: [container()], dnsPolicy: "x" }), /^spec\.dnsPolicy: Unsupported value/);
  assert.match(errorsOf({ containers: [container()], nodeName: "A" }), /^spec\.nodeName: Invalid value: "A"/);
  assert.match(
    errorsOf({ containers: [container()], activeDeadlineSeconds: 0 }),
    /must be between 1 and 2147483647, inclusive$/,
  );
  const first = (fields: Record<string, unknown>): string =>
    errorsOf({ containers: [container(fields)], volumes: [{ name: "v" }] });
  assert.equal(first({ volumeMounts: [{ name: "v", mountPath: "/v" }] }), "[]");
  assert.equal(
    first({ volumeMounts: [{ name: "w", mountPath: "/w" }] }),
    'spec.containers[0].volumeMounts[0].name: Not found: "w"',
  );
  assert.match(
    first({
      volumeMounts: [
        { name: "v", mountPath: "/v" },
        { name: "v", mountPath: "/v" },
      ],
    }),
    /mountPath: Invalid value: "\/v": must be unique$/,
  );
  assert.equal(first({ ports: [{}] }), "spec.containers[0].ports[0].containerPort: Required value");
  assert.match(
    first({ ports: [{ containerPort: 70_000 }] }),
    /containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive$/,
  );
  assert.match(
    first({ ports: [{ containerPort: 1, protocol: "ICMP" }] }),
    /protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"$/,
  );
  assert.match(
    first({ ports: [{ containerPort: 1, name: "1--" }] }),
    /must contain at least one letter \(a-z\).*consecutive hyphens.*begin or end/,
  );
  assert.match(
    first({
      ports: [
        { containerPort: 1, name: "a" },
        { containerPort: 2, name: "a" },
      ],
    }),
    /ports\[1\]\.name: Duplicate value: "a"$/,
  );
  assert.match(first({ env: [{ name: "A=B" }] }), /env\[0\]\.name: Invalid value: "A=B"/);
  assert.equal(first({ env: [{}] }), "spec.containers[0].env[0].name: Required value");
  assert.match(first({ imagePullPolicy: "x" }), /imagePullPolicy: Unsupported value: "x"/);
  assert.match(
    first({ resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
    /resources\.requests: Invalid value: "2": must be less than or equal to cpu limit of 1$/,
  );
  assert.match(
    first({ resources: { limits: { cpu: "-1" } } }),
    /resources\.limits\[cpu\]: Invalid value: "-1": must be greater than or equal to 0/,
  );
  const volumes = (...list: unknown[]): string => errorsOf({ containers: [container()], volumes: list });
  assert.equal(volumes({ emptyDir: {} }), "spec.volumes[0].name: Required value");
  assert.equal(volumes({ name: "v" }, { name: "v" }), 'spec.volumes[1].name: Duplicate value: "v"');
  assert.match(
    volumes({ name: "v", emptyDir: {}, hostPath: { path: "/" } }),
    /hostPath: Forbidden: may not specify more than 1 volume type$/,
  );
});

test("an update may change images, the deadline and add tolerations, nothing else; the status stays", () => {
  const { strategy } = POD;
  const old: ApiObject = { ...created({ containers: [container()] }), status: { phase: "Running" } };
  const update = (spec: Record<string, unknown>): { text: string; next: ApiObject } => {
    const next = strategy.prepareForUpdate(
      strategy.setDefaults({ ...old, spec, status: { phase: "Failed" } }),
      old,
      CONTEXT,
    );
    return { text: formatFieldErrors(strategy.validateUpdate(next, old)), next };
  };
  const image = update({
    containers: [container({ image: "nginx:2" })],
    activeDeadlineSeconds: 5,
    tolerations: [{ key: "a", operator: "Exists" }],
  });
  assert.equal(image.text, "[]");
  assert.equal(image.next.metadata.generation, 2);
  assert.deepEqual(image.next["status"], { phase: "Running" });
  assert.match(
    update({ containers: [container()], nodeName: "a" }).text,
    /^spec: Forbidden: pod updates may not change fields other than/,
  );
  assert.equal(update({ containers: [container()] }).next.metadata.generation, 1);
  const status = strategy.prepareForStatusUpdate(
    { ...old, spec: { containers: [] }, status: { phase: "Failed" } },
    old,
    CONTEXT,
  );
  assert.deepEqual([status["spec"], status["status"]], [old["spec"], { phase: "Failed" }]);
});

test("a pod on a node takes its grace period to go, any other goes at once", () => {
  const seconds = (spec: Record<string, unknown>, phase: string, requested?: number): number =>
    POD.strategy.graceSeconds(pod({ terminationGracePeriodSeconds: 30, ...spec }, { phase }), requested);
  assert.equal(seconds({}, "Pending"), 0);
  assert.equal(seconds({ nodeName: "a" }, "Running"), 30);
  assert.equal(seconds({ nodeName: "a" }, "Running", 5), 5);
  assert.equal(seconds({ nodeName: "a" }, "Running", 0), 0);
  assert.equal(seconds({ nodeName: "a" }, "Running", -1), 1);
  assert.equal(seconds({ nodeName: "a" }, "Succeeded"), 0);
});
