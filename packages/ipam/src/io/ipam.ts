// Puts the controller together: client, followers, machine, leader election, metrics, HTTP.
import { NETWORK_API_VERSION } from "@coracle/api";
import { formatIp, numberToIpv4 } from "@coracle/base";
import {
  createKubeClient,
  defaultClientConfig,
  EventRecorder,
  type EventSubject,
  type KubeClient,
  KubeConfigError,
} from "@coracle/kube/io";
import { ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import { buildCommit, startTimer, systemRandom, uuid } from "@coracle/runtime";
import type { IpamConfig } from "../config.ts";
import type { AddressObserver } from "../core/assign/address-observer.ts";
import { IpamMachine } from "../core/ipam-machine.ts";
import type { ValidatorObserver } from "../core/validate/validate-subnet.ts";
import { createApiPort } from "./api-port.ts";
import { followKinds } from "./followed-kinds.ts";
import { createRoutes } from "./http-routes.ts";
import { createIpamMetrics, type IpamMetrics } from "./ipam-metrics.ts";
import { Leadership } from "./leadership.ts";
import { MachineDriver } from "./machine-driver.ts";

/** The parts of the service. */
export async function setUpIpam(service: Service, config: IpamConfig): Promise<ServiceParts> {
  const client = await createClient(config);
  const { clock } = service;
  const { workers, validators } = config;
  const commit = buildCommit();
  const metrics = createIpamMetrics(service.metrics, { workers, validators, commit, clock });
  const identity = config.identity ?? uuid();
  const recorder = config.events ? createRecorder(service, client, identity) : undefined;
  const machine = new IpamMachine({
    clock,
    random: systemRandom,
    workers,
    validators,
    observer: addressObserver(service, metrics, recorder),
    validatorObserver: validatorObserver(service, metrics, recorder),
    queueObservers: metrics.queues,
  });
  metrics.addQueues(machine.queues);
  addSizes(service, machine, recorder);
  const driver = new MachineDriver({
    machine,
    port: createApiPort(client),
    clock,
    startTimer,
    signal: service.stopping,
    onCall: (call, answer, durationMs) => {
      metrics.called(call, answer, durationMs);
      if (
        answer.kind === "failed" &&
        answer.code !== "exists" &&
        answer.code !== "not-found" &&
        !service.stopping.aborted
      ) {
        service.log.info("Call failed", { call: call.kind, code: answer.code, reason: answer.message });
      }
    },
  });
  const leadership = config.leaderElect ? createLeadership(service, config, { client, driver, identity }) : undefined;
  const routes = createRoutes({
    machine,
    clock,
    leadership: () => ({ isLeading: leadership?.isLeading ?? true, leader: leadership?.leader }),
  });
  const run: { followers?: Promise<void> } = {};
  return {
    handler: (request) => routes.fetch(request),
    postStart: [
      {
        name: "follow",
        run: () => {
          leadership?.start();
          run.followers = followKinds({ client, machine, driver, service }).catch((error: unknown) => {
            service.log.error("Following ended", { error });
            service.stop("following ended", 1);
          });
        },
      },
    ],
    preShutdown: leadership === undefined ? [] : [{ name: "lease", run: () => leadership.stop() }],
    stop: [
      { name: "followers", run: () => run.followers },
      { name: "driver", run: () => driver.stop() },
      { name: "client", run: () => client.close() },
    ],
  };
}

function createLeadership(
  service: Service,
  config: IpamConfig,
  {
    client,
    driver,
    identity,
  }: { readonly client: KubeClient; readonly driver: MachineDriver; readonly identity: string },
): Leadership {
  driver.give({ kind: "lead", isLeading: false });
  return new Leadership({
    client,
    lease: { namespace: config.leaseNamespace ?? client.namespace, name: config.leaseName },
    identity,
    log: service.log,
    onChange: (isLeading) => driver.give({ kind: "lead", isLeading }),
  });
}

function createRecorder({ log, stopping }: Service, client: KubeClient, identity: string): EventRecorder {
  return new EventRecorder({
    client,
    component: "coracle.dev/ipam",
    instance: identity,
    signal: stopping,
    onRefused: ({ httpCode }) => log.warning("Events are not sent for now: the API server refuses them", { httpCode }),
  });
}

function subjectOf(kind: string, { namespace, name, uid }: Omit<EventSubject, "apiVersion" | "kind">): EventSubject {
  return { apiVersion: NETWORK_API_VERSION, kind, namespace, name, uid };
}

function addressObserver(service: Service, metrics: IpamMetrics, recorder: EventRecorder | undefined): AddressObserver {
  return {
    ...metrics.address,
    locked: (attachment, lock, latency) => {
      metrics.address.locked?.(attachment, lock, latency);
      const address = formatIp(numberToIpv4(lock.address));
      const { namespace, name } = attachment;
      service.log.debug("Address locked", { attachment: `${namespace}/${name}`, vni: lock.vni, address });
      recorder?.record({
        subject: subjectOf("NetworkAttachment", attachment),
        type: "Normal",
        reason: "AddressAssigned",
        message: `Assigned ${address} in VNI ${lock.vni}`,
      });
    },
  };
}

function validatorObserver(
  service: Service,
  metrics: IpamMetrics,
  recorder: EventRecorder | undefined,
): ValidatorObserver {
  return {
    ...metrics.validator,
    wrote: (subnet, verdict, isWritten) => {
      metrics.validator.wrote?.(subnet, verdict, isWritten);
      if (!isWritten) return;
      const isFine = verdict.errors.length === 0;
      const { namespace, name } = subnet;
      service.log.info(isFine ? "Subnet validated" : "Subnet failed validation", {
        subnet: `${namespace}/${name}`,
        errors: verdict.errors,
      });
      recorder?.record({
        subject: subjectOf("Subnet", subnet),
        type: isFine ? "Normal" : "Warning",
        reason: isFine ? "SubnetValidated" : "SubnetFailedValidation",
        message: isFine ? `${subnet.cidr} conflicts with no other subnet` : verdict.errors.join("; "),
      });
    },
  };
}

function addSizes(service: Service, machine: IpamMachine, recorder: EventRecorder | undefined): void {
  const { state, subnets } = machine;
  service.metrics.sampled({
    name: "coracle_ipam_objects",
    help: "Objects known, by resource.",
    labels: ["resource"],
    sample: () => [
      { labels: { resource: "subnets" }, value: subnets.size },
      { labels: { resource: "networkattachments" }, value: state.attachments.size },
      { labels: { resource: "iplocks" }, value: state.locks.size },
    ],
  });
  service.metrics.sampledCounter({
    name: "coracle_ipam_events_total",
    help: "Events sent, and not sent because too many waited or the server refused.",
    labels: ["outcome"],
    sample: () => [
      { labels: { outcome: "sent" }, value: recorder?.sent ?? 0 },
      { labels: { outcome: "dropped" }, value: recorder?.dropped ?? 0 },
    ],
  });
}

async function createClient({ kubeconfig, context }: IpamConfig): Promise<KubeClient> {
  try {
    const clientConfig = await defaultClientConfig({
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    return createKubeClient(clientConfig, { userAgent: "coracle-ipam" });
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    throw new ExitError(error.message, { exitCode: 2, cause: error });
  }
}
