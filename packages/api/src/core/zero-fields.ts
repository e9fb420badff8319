// Numbers and booleans of Kubernetes' own kinds for which zero means "not given": they are left out when an object is printed
// (fields of k8s.io/api that are neither pointers nor always written; the OpenAPI documents do not say which those are).

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

/** True when zero or false in this field of a definition is the same as leaving it out. */
export function isOmittedWhenZero(definitionName: string | undefined, field: string): boolean {
  return definitionName !== undefined && BY_DEFINITION.get(definitionName)?.has(field) === true;
}
