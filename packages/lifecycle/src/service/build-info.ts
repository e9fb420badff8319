// Which build this is: for --version, /version and coracle_build_info.
import { platform, runtimeName, runtimeVersion } from "@coracle/runtime";
import manifest from "../../package.json" with { type: "json" };

/** A component and its version; the whole workspace has one version. */
export interface BuildInfo {
  readonly component: string;
  readonly version: string;
}

/** The workspace's version. */
export const VERSION: string = manifest.version;

/** The build of one component. */
export function buildInfo(component: string): BuildInfo {
  return { component, version: VERSION };
}

/** What `/version` answers. */
export function versionDocument(build: BuildInfo): Readonly<Record<string, string>> {
  const { os, architecture } = platform();
  return {
    component: build.component,
    version: build.version,
    runtime: `${runtimeName()} ${runtimeVersion()}`,
    platform: `${os}/${architecture}`,
  };
}

/** The line that `--version` prints, without a line break. */
export function versionLine(name: string): string {
  const { os, architecture } = platform();
  return `${name} ${VERSION} (${runtimeName()} ${runtimeVersion()}, ${os}/${architecture})`;
}
