// What /version says: the Kubernetes API level this server speaks, which kubectl compares with its own.

/** The Kubernetes minor version whose API behaviour is served. */
const KUBERNETES_MINOR = 34;

/** The version document (apimachinery version.Info). */
export function kubernetesVersion(): Readonly<Record<string, string>> {
  return {
    major: "1",
    minor: String(KUBERNETES_MINOR),
    gitVersion: `v1.${KUBERNETES_MINOR}.0+coracle`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "none",
    platform: "any",
  };
}
