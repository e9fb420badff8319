// Whether the runtime is one that the sources run on.

const OLDEST: Readonly<Record<string, readonly [major: number, minor: number]>> = { bun: [1, 4], deno: [2, 9] };

/** True for a Bun or Deno older than the oldest we run on; other runtimes are not judged here. */
export function isOldRuntime(name: string, version: string): boolean {
  const oldest = OLDEST[name];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (oldest === undefined) return false;
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}
