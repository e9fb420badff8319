// Pod as a served kind.
import { textAt, valueAt } from "../field-path.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ResourceDefinition, RowCondition } from "../resource-definition.ts";
import { coreAgeColumn, coreColumn, coreDefinition, coreNameColumn } from "./core-definition.ts";
import { coreSchema } from "./core-schema.ts";
import { numberAt, objectAt, objectsAt } from "./members.ts";
import { withAdmissionDefaults, withPodDefaults } from "./pod-defaults.ts";
import { podQualityOfService } from "./pod-quality.ts";
import { validatePod } from "./pod-rules.ts";
import { validatePodUpdate } from "./pod-update.ts";
import { podReadiness, podReadinessGates, podRestarts, podStatusText } from "./pod-summary.ts";

const FINISHED: { readonly [phase: string]: string } = {
  Succeeded: "The pod has completed successfully.",
  Failed: "The pod failed.",
};

/** Pod. Nothing runs it here; agents and tests write its status. */
export const POD: ResourceDefinition = coreDefinition({
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  hasStatus: true,
  subresources: [
    {
      name: "binding",
      group: "",
      version: "v1",
      kind: "Binding",
      verbs: ["create"],
      get schema() {
        return coreSchema("io.k8s.api.core.v1.Binding");
      },
    },
  ],
  schemaName: "io.k8s.api.core.v1.Pod",
  columns: [
    coreNameColumn(),
    coreColumn("Ready", "Containers that are ready, of all.", podReadiness),
    coreColumn("Status", "Summary of phase and containers.", podStatusText),
    coreColumn("Restarts", "Restarts of containers, and when the last was.", podRestarts),
    coreAgeColumn(),
    coreColumn("IP", "Address of the pod.", (object) => orNone(podIp(object)), { wide: true }),
    coreColumn("Node", "Node the pod is on.", (object) => orNone(textAt(object, "spec.nodeName")), { wide: true }),
    coreColumn(
      "Nominated Node",
      "Node where room is being made.",
      (object) => orNone(textAt(object, "status.nominatedNodeName")),
      { wide: true },
    ),
    coreColumn("Readiness Gates", "Readiness gates that are true, of all.", podReadinessGates, { wide: true }),
  ],
  rowConditions: (object) => {
    const phase = textAt(object, "status.phase");
    const message = FINISHED[phase];
    const condition: RowCondition = { type: "Completed", status: "True", reason: phase };
    return message === undefined ? [] : [{ ...condition, message }];
  },
  selectableFields: {
    "spec.nodeName": (object) => textAt(object, "spec.nodeName"),
    "spec.restartPolicy": (object) => textAt(object, "spec.restartPolicy"),
    "spec.schedulerName": (object) => textAt(object, "spec.schedulerName"),
    "spec.serviceAccountName": (object) => textAt(object, "spec.serviceAccountName"),
    "spec.hostNetwork": (object) => String(valueAt(object, "spec.hostNetwork") === true),
    "status.phase": (object) => textAt(object, "status.phase"),
    "status.podIP": podIp,
    "status.nominatedNodeName": (object) => textAt(object, "status.nominatedNodeName"),
  },
  rules: {
    hasGeneration: true,
    setDefaults: withPodDefaults,
    prepareForCreate: (object) => ({
      ...withAdmissionDefaults(object),
      status: { phase: "Pending", qosClass: podQualityOfService(object) },
    }),
    prepareForUpdate: withAdmissionDefaults,
    validate: validatePod,
    prepareForStatusUpdate: withQosClassOf,
    validateUpdate: validatePodUpdate,
    graceSeconds: podGraceSeconds,
  },
});

/** Also in `podIPs`, which is what the real server selects by. */
function podIp(object: ApiObject): string {
  const [first] = objectsAt(object, "status.podIPs");
  return first === undefined ? textAt(object, "status.podIP") : textAt(first, "ip");
}

function orNone(text: string): string {
  return text === "" ? "<none>" : text;
}

/** A pod that no node has, or that has ended, goes at once; the others wait for their node. */
function podGraceSeconds(object: ApiObject, requested: number | undefined): number {
  const phase = textAt(object, "status.phase");
  if (textAt(object, "spec.nodeName") === "" || phase === "Succeeded" || phase === "Failed") return 0;
  const seconds = requested ?? numberAt(object, "spec.terminationGracePeriodSeconds");
  return seconds < 0 ? 1 : seconds;
}

/** The class of a pod follows from its spec; a writer of the status that leaves it out does not remove it. */
function withQosClassOf(object: ApiObject, old: ApiObject): ApiObject {
  const qosClass = textAt(old, "status.qosClass");
  if (textAt(object, "status.qosClass") !== "" || qosClass === "") return object;
  return { ...object, status: { ...objectAt(object, "status"), qosClass } };
}
