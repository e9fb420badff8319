// Fields of Kubernetes' own kinds for which zero means "not given", and fields that are written even then: the Go types of
// k8s.io/api say which, the OpenAPI documents do not.

import type { JsonObject } from "../json.ts";

const CORE = "io.k8s.api.core.v1";

const READ_ONLY = ["readOnly"];
const TERMINAL = ["stdin", "stdinOnce", "tty"];
const COUNT = ["count"];
const OBSERVED = ["observedGeneration"];

const FIELDS: { readonly [definition: string]: readonly string[] } = {
  AWSElasticBlockStoreVolumeSource: ["partition", "readOnly"],
  AzureFileVolumeSource: READ_ONLY,
  CephFSVolumeSource: READ_ONLY,
  CinderVolumeSource: READ_ONLY,
  Container: TERMINAL,
  ContainerImage: ["sizeBytes"],
  ContainerPort: ["hostPort"],
  ContainerStateTerminated: ["signal"],
  EphemeralContainer: TERMINAL,
  Event: COUNT,
  EventSeries: COUNT,
  FCVolumeSource: READ_ONLY,
  FlexVolumeSource: READ_ONLY,
  GCEPersistentDiskVolumeSource: ["partition", "readOnly"],
  GlusterfsVolumeSource: READ_ONLY,
  ISCSIVolumeSource: ["readOnly", "chapAuthDiscovery", "chapAuthSession"],
  NFSVolumeSource: READ_ONLY,
  NodeSpec: ["unschedulable"],
  PersistentVolumeClaimVolumeSource: READ_ONLY,
  PodCondition: OBSERVED,
  PodSpec: ["hostNetwork", "hostPID", "hostIPC"],
  PodStatus: OBSERVED,
  PortworxVolumeSource: READ_ONLY,
  Probe: ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"],
  QuobyteVolumeSource: READ_ONLY,
  RBDVolumeSource: READ_ONLY,
  ScaleIOVolumeSource: ["sslEnabled", "readOnly"],
  StorageOSVolumeSource: READ_ONLY,
  VolumeMount: READ_ONLY,
  VolumeMountStatus: READ_ONLY,
};

const BY_DEFINITION: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...Object.entries(FIELDS).map(([name, fields]) => [`${CORE}.${name}`, new Set(fields)] as const),
  ["io.k8s.api.authentication.v1.TokenReviewStatus", new Set(["authenticated"])] as const,
  ["io.k8s.api.authorization.v1.SubjectAccessReviewStatus", new Set(["denied"])] as const,
]);

const ALWAYS: { readonly [definition: string]: JsonObject } = {
  AWSElasticBlockStoreVolumeSource: { volumeID: "" },
  AppArmorProfile: { type: "" },
  AttachedVolume: { name: "", devicePath: "" },
  AzureDiskVolumeSource: { diskName: "", diskURI: "" },
  AzureFileVolumeSource: { secretName: "", shareName: "" },
  CSIVolumeSource: { driver: "" },
  CinderVolumeSource: { volumeID: "" },
  ClusterTrustBundleProjection: { path: "" },
  ConfigMapKeySelector: { key: "" },
  ConfigMapNodeConfigSource: { namespace: "", name: "", kubeletConfigKey: "" },
  Container: { name: "" },
  ContainerExtendedResourceRequest: { containerName: "", resourceName: "", requestName: "" },
  ContainerPort: { containerPort: 0 },
  ContainerResizePolicy: { resourceName: "", restartPolicy: "" },
  ContainerStateTerminated: { exitCode: 0 },
  ContainerStatus: { name: "", image: "", imageID: "", restartCount: 0, ready: false },
  DaemonEndpoint: { Port: 0 },
  DownwardAPIVolumeFile: { path: "" },
  EnvVar: { name: "" },
  EphemeralContainer: { name: "" },
  Event: { reportingComponent: "", reportingInstance: "" },
  FileKeySelector: { volumeName: "", path: "", key: "" },
  FlexVolumeSource: { driver: "" },
  GCEPersistentDiskVolumeSource: { pdName: "" },
  GRPCAction: { port: 0 },
  GitRepoVolumeSource: { repository: "" },
  GlusterfsVolumeSource: { endpoints: "", path: "" },
  HTTPHeader: { name: "", value: "" },
  HostAlias: { ip: "" },
  HostIP: { ip: "" },
  HostPathVolumeSource: { path: "" },
  ISCSIVolumeSource: { targetPortal: "", iqn: "", lun: 0 },
  KeyToPath: { key: "", path: "" },
  LinuxContainerUser: { uid: 0, gid: 0 },
  NFSVolumeSource: { server: "", path: "" },
  NamespaceCondition: { type: "", status: "" },
  NodeAddress: { type: "", address: "" },
  NodeAllocatableResourceClaimStatus: { resourceClaimName: "" },
  NodeCondition: { type: "", status: "" },
  NodeRuntimeHandler: { name: "" },
  NodeSelectorRequirement: { key: "", operator: "" },
  NodeSystemInfo: {
    machineID: "",
    systemUUID: "",
    bootID: "",
    kernelVersion: "",
    osImage: "",
    containerRuntimeVersion: "",
    kubeletVersion: "",
    kubeProxyVersion: "",
    operatingSystem: "",
    architecture: "",
  },
  ObjectFieldSelector: { fieldPath: "" },
  PersistentVolumeClaimVolumeSource: { claimName: "" },
  PhotonPersistentDiskVolumeSource: { pdID: "" },
  PodAffinityTerm: { topologyKey: "" },
  PodCondition: { type: "", status: "" },
  PodExtendedResourceClaimStatus: { resourceClaimName: "" },
  PodIP: { ip: "" },
  PodOS: { name: "" },
  PodReadinessGate: { conditionType: "" },
  PodResourceClaim: { name: "" },
  PodResourceClaimStatus: { name: "" },
  PodSchedulingGate: { name: "" },
  PortworxVolumeSource: { volumeID: "" },
  PreferredSchedulingTerm: { weight: 0 },
  QuobyteVolumeSource: { registry: "", volume: "" },
  RBDVolumeSource: { image: "" },
  ResourceClaim: { name: "" },
  ResourceFieldSelector: { resource: "" },
  ResourceHealth: { resourceID: "" },
  ResourceStatus: { name: "" },
  ScaleIOVolumeSource: { gateway: "", system: "" },
  SeccompProfile: { type: "" },
  SecretKeySelector: { key: "" },
  ServiceAccountTokenProjection: { path: "" },
  SleepAction: { seconds: 0 },
  Sysctl: { name: "", value: "" },
  Taint: { key: "", effect: "" },
  TopologySpreadConstraint: { topologyKey: "", whenUnsatisfiable: "", maxSkew: 0 },
  TypedLocalObjectReference: { kind: "", name: "" },
  TypedObjectReference: { kind: "", name: "" },
  Volume: { name: "" },
  VolumeDevice: { name: "", devicePath: "" },
  VolumeMount: { name: "", mountPath: "" },
  VolumeMountStatus: { name: "", mountPath: "" },
  VsphereVirtualDiskVolumeSource: { volumePath: "" },
  WeightedPodAffinityTerm: { weight: 0 },
};

const DAEMON_ENDPOINTS: JsonObject = { kubeletEndpoint: { Port: 0 } };
const NODE_STATUS: JsonObject = { daemonEndpoints: DAEMON_ENDPOINTS, nodeInfo: ALWAYS["NodeSystemInfo"] };

/** Structs that are held by value, and so are there even when nothing is in them. */
const STRUCTS: { readonly [definition: string]: JsonObject } = {
  Container: { resources: {} },
  ContainerStatus: { state: {}, lastState: {} },
  EphemeralContainer: { resources: {} },
  Event: { involvedObject: {}, source: {} },
  Namespace: { spec: {}, status: {} },
  Node: { spec: {}, status: NODE_STATUS },
  NodeDaemonEndpoints: DAEMON_ENDPOINTS,
  NodeStatus: NODE_STATUS,
  Pod: { spec: {}, status: {} },
};

const ALWAYS_BY_DEFINITION: ReadonlyMap<string, JsonObject> = new Map([
  ...[...new Set([...Object.keys(ALWAYS), ...Object.keys(STRUCTS)])].map(
    (name) => [`${CORE}.${name}`, { ...ALWAYS[name], ...STRUCTS[name] }] as const,
  ),
  ["io.k8s.api.coordination.v1.Lease", { spec: {} }] as const,
  ["io.k8s.api.authentication.v1.TokenRequestStatus", { token: "" }] as const,
  ["io.k8s.api.authorization.v1.SubjectAccessReviewStatus", { allowed: false }] as const,
  ["io.k8s.api.authorization.v1.SubjectRulesReviewStatus", { incomplete: false }] as const,
  ["io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement", { key: "", operator: "" }] as const,
  ["io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement", { key: "", operator: "" }] as const,
  ["io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference", { apiVersion: "", kind: "", name: "", uid: "" }] as const,
]);

/** Fields of a definition that are written even when nothing is in them, with what is written then. */
export function alwaysWritten(definitionName: string | undefined): JsonObject | undefined {
  return definitionName === undefined ? undefined : ALWAYS_BY_DEFINITION.get(definitionName);
}

/** True when zero or false in this field of a definition is the same as leaving it out. */
export function isOmittedWhenZero(definitionName: string | undefined, field: string): boolean {
  return definitionName !== undefined && BY_DEFINITION.get(definitionName)?.has(field) === true;
}
