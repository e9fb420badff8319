// Protobuf lists and watches: the same answers as from JSON, under any chunking; limits; no exceptions.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  FULL_PROJECTION,
  type JsonStreamMode,
  type JsonStreamOutput,
  JsonStreamParser,
  type JsonStreamLimits,
  type Projection,
  protobufKind,
  ProtobufStreamParser,
  UNTRIMMED_PROJECTION,
} from "../mod.ts";
import { drain, errorOf, everyByte, projection } from "../testing/json-stream.ts";
import {
  delimited,
  encodeEnvelope,
  encodeFrame,
  encodeList,
  encodeMessage,
  joined,
} from "../testing/protobuf-encoder.ts";
import { BUILT_IN_KINDS } from "./built-in-kinds.ts";
import { formatTimestamp } from "./time-text.ts";

const PODS = { group: "", version: "v1", resource: "pods" };

interface Settings {
  readonly mode: JsonStreamMode;
  readonly projection?: Projection;
  readonly limits?: Partial<JsonStreamLimits>;
}

function parse(settings: Settings, bytes: Uint8Array, cuts: readonly number[] = []): JsonStreamOutput[] {
  const kind = protobufKind(PODS, settings.projection ?? FULL_PROJECTION);
  assert.ok(kind !== undefined);
  return drain(new ProtobufStreamParser({ ...settings, kind }), bytes, cuts);
}

/** A pod as Go's JSON has it: nothing is missing that is always written, nothing there that is left out. */
const POD = {
  metadata: {
    name: "a",
    namespace: "n",
    uid: "u",
    resourceVersion: "9007199254740993",
    generation: 9_007_199_254_740_992,
    creationTimestamp: "2024-02-29T23:59:59Z",
    labels: { "app.kubernetes.io/name": "x", ünï: "✓😀", __proto__x: 'quote " and \\' },
    managedFields: [{ manager: "m", time: "2026-01-05T08:00:00Z", fieldsV1: { "f:spec": { 'k:{"a":"b"}': {} } } }],
  },
  spec: {
    volumes: [
      { name: "config", configMap: { name: "settings", defaultMode: 420 } },
      { name: "tmp", emptyDir: {} },
    ],
    containers: [
      {
        name: "main",
        args: ["", "--x"],
        resources: { limits: { memory: "128Mi" }, requests: { cpu: "100m", memory: "64Mi" } },
        livenessProbe: { httpGet: { path: "/livez", port: 8080 }, periodSeconds: 10 },
        readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
        securityContext: { privileged: false, runAsUser: -1 },
      },
    ],
    nodeName: "node-1",
    hostNetwork: true,
    tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 0 }],
  },
  status: {
    phase: "Running",
    conditions: [{ type: "Ready", status: "True", lastProbeTime: null, lastTransitionTime: "1969-12-31T23:59:59Z" }],
    podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
    containerStatuses: [
      { name: "main", state: {}, lastState: {}, ready: false, restartCount: 0, image: "", imageID: "" },
    ],
  },
};

const PROJECTIONS: readonly Projection[] = [
  FULL_PROJECTION,
  UNTRIMMED_PROJECTION,
  projection("kind", "apiVersion", "metadata.labels", "spec.nodeName", "status.phase", "status.podIPs[].ip"),
  projection("metadata.annotations.*", "metadata.labels.x", "spec.containers[].livenessProbe.httpGet.port"),
  projection("spec.containers[].resources", "spec.volumes[].configMap.name", "metadata.managedFields[].time"),
];

test("ProtobufStreamParser answers what JsonStreamParser answers to the same objects, whatever the chunks", () => {
  const message = encodeMessage("core/v1.Pod", POD);
  const events = joined([
    encodeFrame("ADDED", encodeEnvelope("v1", "Pod", message)),
    encodeFrame("DELETED", encodeEnvelope("v1", "Pod", message)),
  ]);
  const list = encodeList("v1", "Pod", { resourceVersion: "7", continue: "more" }, [message, message]);
  const pod = { kind: "Pod", apiVersion: "v1", ...POD };
  const json = {
    watch: ["ADDED", "DELETED"].map((type) => JSON.stringify({ type, object: pod })).join("\n"),
    list: JSON.stringify({
      kind: "PodList",
      apiVersion: "v1",
      metadata: { resourceVersion: "7", continue: "more" },
      items: [POD, POD],
    }),
  };
  for (const wanted of PROJECTIONS) {
    for (const [mode, bytes] of [
      ["watch", events],
      ["list", list],
    ] as const) {
      const expected = new JsonStreamParser({ mode, projection: wanted });
      expected.push(new TextEncoder().encode(json[mode]));
      const outputs: JsonStreamOutput[] = [];
      for (let output = expected.next(); output !== undefined; output = expected.next()) outputs.push(output);
      // As texts: the order of members is the same too.
      const actual = JSON.stringify(parse({ mode, projection: wanted }, bytes));
      assert.equal(actual, JSON.stringify(outputs));
      assert.equal(JSON.stringify(parse({ mode, projection: wanted }, bytes, everyByte(bytes))), actual);
    }
  }
});

test("ProtobufStreamParser gives the same answers under any chunking", () => {
  const message = encodeMessage("core/v1.Pod", POD);
  const bytes = encodeList("v1", "Pod", { resourceVersion: "7" }, [message, new Uint8Array(0), message]);
  const whole = parse({ mode: "list" }, bytes);
  assert.deepEqual(
    whole.map(({ kind }) => kind),
    ["item", "item", "item", "list-end"],
  );
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
      assert.deepEqual(parse({ mode: "list" }, bytes, cuts), whole);
    }),
  );
});

test("ProtobufStreamParser reads bookmarks and errors", () => {
  const end = { resourceVersion: "9", annotations: { "k8s.io/initial-events-end": "true" } };
  const status = { status: "Failure", message: "too old", reason: "Expired", code: 410, metadata: {} };
  const bytes = joined([
    encodeFrame("BOOKMARK", encodeEnvelope("v1", "Pod", encodeMessage("core/v1.Pod", { metadata: end }))),
    encodeFrame(
      "BOOKMARK",
      encodeEnvelope("v1", "Pod", encodeMessage("core/v1.Pod", { metadata: { resourceVersion: "10" } })),
    ),
    encodeFrame("ERROR", encodeEnvelope("v1", "Status", encodeMessage("meta/v1.Status", status))),
  ]);
  const [first, second, third] = parse({ mode: "watch" }, bytes);
  assert.deepEqual(first, { kind: "bookmark", resourceVersion: "9", initialEventsEnd: true });
  assert.deepEqual(second, { kind: "bookmark", resourceVersion: "10", initialEventsEnd: false });
  assert.ok(third?.kind === "status");
  assert.equal(third.status.code, 410);
  assert.equal(third.status.reason, "Expired");
});

test("ProtobufStreamParser asks for JSON when a wanted message has what no table has, and only then", () => {
  const newer = joined([encodeMessage("core/v1.Pod", POD), delimited(2, delimited(999, new Uint8Array(3)))]);
  const bytes = encodeFrame("ADDED", encodeEnvelope("v1", "Pod", newer));
  assert.equal(errorOf(parse({ mode: "watch" }, bytes)), "UNKNOWN_FIELD");
  assert.equal(
    parse({ mode: "watch", projection: projection("status.phase", "spec.nodeName") }, bytes)[0]?.kind,
    "change",
  );
  const table = encodeFrame("ADDED", encodeEnvelope("meta.k8s.io/v1", "Table", new Uint8Array(0)));
  assert.equal(errorOf(parse({ mode: "watch" }, table)), "UNKNOWN_FIELD");
});

test("protobuf gives maps of bytes, lists of texts and numbers, and empty values as JSON has them", () => {
  const secrets = { group: "", version: "v1", resource: "secrets" };
  const secret = {
    metadata: { name: "s" },
    data: { a: "", b: "AA==", c: "AAE=", d: "AAEC", e: "+/8=" },
    type: "Opaque",
  };
  const roles = { group: "rbac.authorization.k8s.io", version: "v1", resource: "roles" };
  const slices = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" };
  for (const [resource, kind, message, object, json] of [
    [secrets, "Secret", "core/v1.Secret", secret, secret],
    [roles, "Role", "rbac/v1.Role", { metadata: { name: "r" } }, { metadata: { name: "r" }, rules: null }],
    [
      slices,
      "EndpointSlice",
      "discovery/v1.EndpointSlice",
      { metadata: { name: "e" }, addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"], conditions: {} }] },
      {
        metadata: { name: "e" },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.0.0.1"], conditions: {} }],
        ports: null,
      },
    ],
  ] as const) {
    const planned = protobufKind(resource, FULL_PROJECTION);
    assert.ok(planned !== undefined);
    const parser = new ProtobufStreamParser({ mode: "watch", kind: planned });
    parser.push(encodeFrame("ADDED", encodeEnvelope(planned.apiVersion, kind, encodeMessage(message, object))));
    const output = parser.next();
    assert.ok(output?.kind === "change");
    assert.deepEqual(output.object, { kind, apiVersion: planned.apiVersion, ...json });
  }
});

test("ProtobufStreamParser keeps its limits", () => {
  const named = (size: number): Uint8Array =>
    encodeFrame(
      "ADDED",
      encodeEnvelope("v1", "Pod", encodeMessage("core/v1.Pod", { metadata: { name: "n".repeat(size) } })),
    );
  const small = named(100);
  const limited = (limits: Partial<JsonStreamLimits>, cuts: readonly number[] = []): string | undefined =>
    errorOf(parse({ mode: "watch", limits }, small, cuts));
  assert.equal(limited({ stringBytesMax: 99 }), "STRING_TOO_LONG");
  assert.equal(limited({ stringBytesMax: 100 }), undefined);
  assert.equal(limited({ objectBytesMax: small.length - 5 }), "OBJECT_TOO_LARGE");
  assert.equal(limited({ objectBytesMax: small.length - 4 }), undefined);
  assert.equal(limited({ pendingBytesMax: 50 }, everyByte(small)), "PENDING_TOO_LARGE");
  assert.equal(limited({ pendingBytesMax: 50 }), undefined);
  assert.equal(limited({ depthMax: 1 }), "TOO_DEEP");
  assert.equal(limited({ depthMax: 2 }), undefined);
});

test("ProtobufStreamParser does not set memory aside for a size that only is claimed", () => {
  const claimed = Uint8Array.from([0, 0xff, 0xff, 0xff, 1, 2, 3]);
  assert.equal(errorOf(parse({ mode: "watch" }, claimed)), "TRUNCATED");
  assert.equal(errorOf(parse({ mode: "watch" }, Uint8Array.from([0xff, 0xff, 0xff, 0xff, 1]))), "OBJECT_TOO_LARGE");
});

test("ProtobufStreamParser tells a broken list from a whole one", () => {
  const list = encodeList("v1", "Pod", { resourceVersion: "7" }, [encodeMessage("core/v1.Pod", POD)]);
  // The envelope's last two fields are empty: without them the list is whole all the same.
  for (let size = 0; size < list.length - 4; size++) {
    assert.equal(errorOf(parse({ mode: "list" }, list.slice(0, size))), "TRUNCATED", `${size}`);
  }
  assert.equal(errorOf(parse({ mode: "list" }, joined([list, list]))), "MALFORMED");
  assert.equal(errorOf(parse({ mode: "list" }, joined([list, delimited(2, list)]))), "TRAILING_DATA");
  assert.equal(errorOf(parse({ mode: "list" }, new TextEncoder().encode('{"kind":"PodList"}'))), "MALFORMED");
});

test("ProtobufStreamParser never throws, and repeats its error", () => {
  const message = encodeMessage("core/v1.Pod", POD);
  const list = encodeList("v1", "Pod", { resourceVersion: "7" }, [message]);
  const frame = encodeFrame("ADDED", encodeEnvelope("v1", "Pod", message));
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(flips, fc.array(fc.nat(), { maxLength: 4 }), fc.boolean(), (changes, cuts, isList) => {
      const bytes = (isList ? list : frame).slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      for (const wanted of PROJECTIONS) {
        const outputs = parse({ mode: isList ? "list" : "watch", projection: wanted }, bytes, cuts);
        assert.ok(outputs.filter(({ kind }) => kind === "error").length <= 1);
      }
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      parse({ mode: "watch" }, bytes);
      parse({ mode: "list" }, bytes);
    }),
  );
});

test("protobufKind() knows every built-in kind whole, and none that is custom or beyond its tables", () => {
  for (const key of Object.keys(BUILT_IN_KINDS)) {
    const [apiVersion = "", resource = ""] = key.split(" ");
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    assert.ok(
      protobufKind({ group: group ?? "", version: version ?? "", resource }, UNTRIMMED_PROJECTION) !== undefined,
      key,
    );
  }
  assert.equal(
    protobufKind({ group: "network.coracle.dev", version: "v1alpha1", resource: "subnets" }, FULL_PROJECTION),
    undefined,
  );
  assert.equal(protobufKind(PODS, projection("spec.fieldOfTomorrow")), undefined);
  assert.equal(protobufKind(PODS, projection("spec.nodeName.inside")), undefined);
});

test("formatTimestamp() writes RFC 3339 in UTC for every year Kubernetes can store", () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_799, max: 253_402_300_799 }), fc.nat(999_999), (seconds, micros) => {
      const text = new Date(seconds * 1000).toISOString().slice(0, 19);
      assert.equal(formatTimestamp(seconds, micros * 1000, false), `${text}Z`);
      assert.equal(formatTimestamp(seconds, micros * 1000, true), `${text}.${String(micros).padStart(6, "0")}Z`);
    }),
  );
  assert.equal(formatTimestamp(-62_135_596_800, 0, false), null);
  assert.equal(formatTimestamp(253_402_300_800, 0, false), undefined);
});
