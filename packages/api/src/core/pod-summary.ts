// What `kubectl get pods` says about a pod: ready containers, one word of status, restarts.
import { parseTimestampMs } from "@coracle/base";
import { formatAge } from "../age.ts";
import { textAt, valueAt } from "../field-path.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { ApiObject } from "../object-meta.ts";
import { conditionStatus, numberAt, objectsAt } from "./members.ts";

interface Summary {
  readonly ready: number;
  readonly total: number;
  readonly status: string;
  readonly restarts: number;
  /** Of the last container that ended before a restart, if any. */
  readonly lastRestart: string | undefined;
}

/** `1/2`. */
export function podReadiness(pod: ApiObject): string {
  const { ready, total } = summarise(pod);
  return `${ready}/${total}`;
}

/** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, … */
export function podStatusText(pod: ApiObject): string {
  return summarise(pod).status;
}

/** `3 (5m ago)`. */
export function podRestarts(pod: ApiObject, nowMs: number): string {
  const { restarts, lastRestart } = summarise(pod);
  if (restarts === 0 || lastRestart === undefined) return String(restarts);
  return `${restarts} (${formatAge(lastRestart, nowMs)} ago)`;
}

/** `1/2`, or `<none>` for a pod without gates. */
export function podReadinessGates(pod: ApiObject): string {
  const gates = objectsAt(pod, "spec.readinessGates");
  if (gates.length === 0) return "<none>";
  const conditions = objectsAt(pod, "status.conditions");
  const open = gates.filter((gate) => conditionStatus(conditions, textAt(gate, "conditionType")) === "True");
  return `${open.length}/${gates.length}`;
}

function summarise(pod: ApiObject): Summary {
  const init = summariseInit(pod);
  const conditions = objectsAt(pod, "status.conditions");
  const isInitialised = init.status === undefined || conditionStatus(conditions, "Initialized") === "True";
  const main = isInitialised ? summariseMain(pod, init.status ?? phaseText(pod)) : undefined;
  const statuses = main === undefined ? init.all : [...init.sidecars, ...objectsAt(pod, "status.containerStatuses")];
  return {
    ready: init.readySidecars + (main?.ready ?? 0),
    total: objectsAt(pod, "spec.containers").length + init.sidecarCount,
    status: deletionText(pod) ?? main?.status ?? init.status ?? phaseText(pod),
    restarts: statuses.reduce((sum, status) => sum + numberAt(status, "restartCount"), 0),
    lastRestart: lastRestartOf(statuses),
  };
}

function phaseText(pod: ApiObject): string {
  const scheduled = objectsAt(pod, "status.conditions").find((condition) => condition["type"] === "PodScheduled");
  if (scheduled?.["reason"] === "SchedulingGated") return "SchedulingGated";
  return textAt(pod, "status.reason") || textAt(pod, "status.phase");
}

function deletionText(pod: ApiObject): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  if (textAt(pod, "status.reason") === "NodeLost") return "Unknown";
  const phase = textAt(pod, "status.phase");
  return phase === "Succeeded" || phase === "Failed" ? undefined : "Terminating";
}

interface InitSummary {
  /** Absent when initialisation is over. */
  readonly status: string | undefined;
  /** Statuses looked at: up to the one that holds initialisation up. */
  readonly all: readonly JsonObject[];
  readonly sidecars: readonly JsonObject[];
  readonly readySidecars: number;
  readonly sidecarCount: number;
}

/** Init containers run one after the other; those that restart always are sidecars and count like containers. */
function summariseInit(pod: ApiObject): InitSummary {
  const containers = objectsAt(pod, "spec.initContainers");
  const sidecarNames = new Set(
    containers.filter((container) => container["restartPolicy"] === "Always").map((container) => container["name"]),
  );
  const seen: JsonObject[] = [];
  let readySidecars = 0;
  let text: string | undefined;
  for (const [index, status] of objectsAt(pod, "status.initContainerStatuses").entries()) {
    seen.push(status);
    const isSidecar = sidecarNames.has(status["name"]);
    const terminated = valueAt(status, "state.terminated");
    if (isJsonObject(terminated) && numberAt(terminated, "exitCode") === 0) continue;
    if (isSidecar && status["started"] === true) {
      if (status["ready"] === true) readySidecars++;
      continue;
    }
    text = initText(status, index, containers.length);
    break;
  }
  const sidecars = seen.filter((status) => sidecarNames.has(status["name"]));
  return { status: text, all: seen, sidecars, readySidecars, sidecarCount: sidecarNames.size };
}

function initText(status: JsonObject, index: number, count: number): string {
  const terminated = valueAt(status, "state.terminated");
  if (isJsonObject(terminated)) return `Init:${terminationText(terminated)}`;
  const waiting = textAt(status, "state.waiting.reason");
  return waiting === "" || waiting === "PodInitializing" ? `Init:${index}/${count}` : `Init:${waiting}`;
}

/** The first container with something to say wins; a finished one gives way to one that runs. */
function summariseMain(pod: ApiObject, before: string): { ready: number; status: string } {
  let status = before;
  let failure: string | undefined;
  let ready = 0;
  for (const container of [...objectsAt(pod, "status.containerStatuses")].reverse()) {
    const waiting = textAt(container, "state.waiting.reason");
    const terminated = valueAt(container, "state.terminated");
    if (waiting !== "") status = waiting;
    else if (isJsonObject(terminated)) {
      status = terminationText(terminated);
      if (numberAt(terminated, "exitCode") !== 0) failure = status;
    } else if (container["ready"] === true && isJsonObject(valueAt(container, "state.running"))) ready++;
  }
  if (status !== "Completed") return { ready, status };
  const isReady = conditionStatus(objectsAt(pod, "status.conditions"), "Ready") === "True";
  if (ready > 0 && isReady) return { ready, status: "Running" };
  return { ready, status: failure ?? (ready > 0 ? "NotReady" : status) };
}

function terminationText(terminated: JsonObject): string {
  const reason = textAt(terminated, "reason");
  if (reason !== "") return reason;
  const signal = numberAt(terminated, "signal");
  return signal === 0 ? `ExitCode:${numberAt(terminated, "exitCode")}` : `Signal:${signal}`;
}

function lastRestartOf(statuses: readonly JsonObject[]): string | undefined {
  let last: { readonly text: string; readonly atMs: number } | undefined;
  for (const status of statuses) {
    const text = textAt(status, "lastState.terminated.finishedAt");
    const atMs = parseTimestampMs(text);
    if (atMs !== undefined && (last === undefined || atMs > last.atMs)) last = { text, atMs };
  }
  return last?.text;
}
