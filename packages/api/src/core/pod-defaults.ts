// Defaults of a pod's fields (Kubernetes API reference: Pod v1), filled in before validation and on every read.
import { isJsonObject, type JsonObject } from "../json.ts";
import type { ApiObject } from "../object-meta.ts";
import { type AddressPair, withAddressPair } from "./address-pairs.ts";
import { mapItems, mapMember, objectsAt, withDefaults } from "./members.ts";

const FILE_MODE = 0o644;

/** The pod with every absent field that has a default filled in. */
export function withPodDefaults(object: ApiObject): ApiObject {
  const { spec } = object;
  const given = object["status"] ?? {};
  const status = isJsonObject(given) ? withAddressPair(given, POD_IPS) : given;
  const isGiven = spec !== undefined && spec !== null;
  if (isGiven && !isJsonObject(spec)) return { ...object, status };
  return { ...object, spec: specDefaults(isJsonObject(spec) ? spec : {}), status };
}

const POD_IPS: AddressPair = {
  one: "podIP",
  many: "podIPs",
  item: (ip) => ({ ip }),
  address: (item) => (isJsonObject(item) ? item["ip"] : undefined),
};

const NODE_TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/**
 * What the default admission plugins Priority and DefaultTolerationSeconds of kube-apiserver add to a new pod: the lowest
 * ordinary priority, and five minutes on a node that is gone.
 */
export function withAdmissionDefaults(pod: ApiObject): ApiObject {
  const { spec } = pod;
  if (!isJsonObject(spec)) return pod;
  const tolerations = objectsAt(spec, "tolerations");
  const missing = NODE_TAINTS.filter((key) => !tolerations.some((one) => toleratesNoExecute(one, key)));
  const added = missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  const filled = withDefaults(spec, { priority: 0, preemptionPolicy: "PreemptLowerPriority" });
  return { ...pod, spec: added.length === 0 ? filled : { ...filled, tolerations: [...tolerations, ...added] } };
}

function toleratesNoExecute(toleration: JsonObject, key: string): boolean {
  const { key: own = "", effect = "" } = toleration;
  return (own === key || own === "") && (effect === "NoExecute" || effect === "");
}

function specDefaults(spec: JsonObject): JsonObject {
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  let next = withDefaults(spec, {
    dnsPolicy: "ClusterFirst",
    enableServiceLinks: true,
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...(account === undefined ? {} : { serviceAccountName: account, serviceAccount: account }),
  });
  const hostNetwork = spec["hostNetwork"] === true;
  for (const list of ["initContainers", "containers", "ephemeralContainers"]) {
    next = mapItems(next, list, (container) => containerDefaults(container, hostNetwork));
  }
  return mapItems(next, "volumes", volumeDefaults);
}

function containerDefaults(container: JsonObject, hostNetwork: boolean): JsonObject {
  let next = withDefaults(container, {
    imagePullPolicy: pullPolicy(container["image"]),
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
  next = mapMember(next, "resources", requestsFromLimits);
  next = mapItems(next, "ports", (port) => {
    const hostPort = hostNetwork ? { hostPort: port["containerPort"] } : {};
    return withDefaults(port, { protocol: "TCP", ...hostPort });
  });
  next = mapItems(next, "env", (variable) =>
    mapMember(variable, "valueFrom", (from) =>
      mapMember(from, "fieldRef", (ref) => withDefaults(ref, { apiVersion: "v1" })),
    ),
  );
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) next = mapMember(next, probe, probeDefaults);
  return mapMember(next, "lifecycle", (lifecycle) =>
    mapMember(mapMember(lifecycle, "postStart", handlerDefaults), "preStop", handlerDefaults),
  );
}

function probeDefaults(probe: JsonObject): JsonObject {
  const filled = withDefaults(probe, {
    failureThreshold: 3,
    periodSeconds: 10,
    successThreshold: 1,
    timeoutSeconds: 1,
  });
  return mapMember(handlerDefaults(filled), "grpc", (grpc) => withDefaults(grpc, { service: "" }));
}

function handlerDefaults(handler: JsonObject): JsonObject {
  return mapMember(handler, "httpGet", (get) => withDefaults(get, { path: "/", scheme: "HTTP" }));
}

function requestsFromLimits(resources: JsonObject): JsonObject {
  const { limits, requests } = resources;
  if (!isJsonObject(limits)) return resources;
  return { ...resources, requests: withDefaults(isJsonObject(requests) ? requests : {}, limits) };
}

/** `Always` for an image without a tag or with `latest`; a digest pins it. */
function pullPolicy(image: unknown): string {
  if (typeof image !== "string" || image.includes("@")) return "IfNotPresent";
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function volumeDefaults(volume: JsonObject): JsonObject {
  const sources = Object.keys(volume).filter((key) => key !== "name");
  if (sources.length === 0) return { ...volume, emptyDir: {} };
  let next = volume;
  for (const source of ["secret", "configMap", "downwardAPI"]) {
    next = mapMember(next, source, (value) =>
      fieldPathDefaults(withDefaults(value, { defaultMode: FILE_MODE }), "items"),
    );
  }
  next = mapMember(next, "hostPath", (path) => withDefaults(path, { type: "" }));
  return mapMember(next, "projected", (projected) =>
    mapItems(withDefaults(projected, { defaultMode: FILE_MODE }), "sources", (source) => {
      const token = mapMember(source, "serviceAccountToken", (value) =>
        withDefaults(value, { expirationSeconds: 3600 }),
      );
      return mapMember(token, "downwardAPI", (value) => fieldPathDefaults(value, "items"));
    }),
  );
}

function fieldPathDefaults(value: JsonObject, list: string): JsonObject {
  return mapItems(value, list, (item) => mapMember(item, "fieldRef", (ref) => withDefaults(ref, { apiVersion: "v1" })));
}
