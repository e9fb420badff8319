// Quality-of-service class of a pod, from the requests and limits of its containers (Kubernetes: Pod QoS classes).
import type { ApiObject } from "../object-meta.ts";
import { objectAt, objectsAt } from "./members.ts";
import { parseQuantity } from "./quantity.ts";

const COUNTED = ["cpu", "memory"];

/** `Guaranteed`: every container limits cpu and memory and requests as much. `BestEffort`: none asks for any. */
export function podQualityOfService(pod: ApiObject): "Guaranteed" | "Burstable" | "BestEffort" {
  const containers = [...objectsAt(pod, "spec.initContainers"), ...objectsAt(pod, "spec.containers")];
  const amounts = containers.map((container) => ({
    requests: positive(objectAt(container, "resources.requests")),
    limits: positive(objectAt(container, "resources.limits")),
  }));
  if (amounts.every(({ requests, limits }) => requests.size === 0 && limits.size === 0)) return "BestEffort";
  const isGuaranteed = amounts.every(({ requests, limits }) =>
    COUNTED.every((name) => limits.has(name) && limits.get(name) === requests.get(name)),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function positive(list: { readonly [name: string]: unknown }): Map<string, number> {
  const amounts = COUNTED.map((name): [string, number] => [name, parseQuantity(list[name]) ?? 0]);
  return new Map(amounts.filter(([, amount]) => amount > 0));
}
