// The tests of the workspace in two parts that do not disturb each other, and the commands that run them on Bun.
import { availableParallelism } from "node:os";
import type { SourceFile } from "./source-tree.ts";
import type { Step } from "./steps.ts";

/** Only stops a test that hangs: no test of ours measures time. */
const TEST_TIMEOUT_MS = 300_000;
/** Each spends about half its time waiting for programs, so two are not too many for one core; each may hold a kube-apiserver. */
const WORKERS_MIN = 2;
const WORKERS_MAX = 4;
/**
 * A laboratory of network namespaces is registered with the whole machine, and whoever makes the next one removes what a killed
 * owner left. Tests that kill an owner and look at what happens are alone with theirs.
 */
const MAKES_HOSTS = /\bcreateLaboratory\b|\/running-up\.ts"|\/network-system\.ts"/;

/** Test files by part. */
export interface TestParts {
  /** Have all they touch to themselves: run side by side. */
  readonly apart: readonly string[];
  /** Make hosts: run one after another. */
  readonly hosts: readonly string[];
}

/** Divides the test files among `files` that are one of `paths` or below one; no paths stand for all. */
export function divideTests(files: readonly SourceFile[], paths: readonly string[] = []): TestParts {
  const wanted = paths.map((path) => path.replace(/^(?:\.\/)+/, "").replace(/\/+$/, ""));
  const tests = files.filter(
    ({ path }) =>
      path.endsWith(".test.ts") &&
      (wanted.length === 0 || wanted.some((one) => path === one || path.startsWith(`${one}/`))),
  );
  const names = (makesHosts: boolean): string[] =>
    tests.filter(({ text }) => MAKES_HOSTS.test(text) === makesHosts).map(({ path }) => path);
  return { apart: names(false), hosts: names(true) };
}

/** The steps that run them on Bun; a part without files has none. */
export function testSteps({ apart, hosts }: TestParts): { readonly apart: Step[]; readonly hosts: Step[] } {
  const workers = Math.min(Math.max(WORKERS_MIN, availableParallelism()), WORKERS_MAX);
  return {
    apart: apart.length === 0 ? [] : [bunTest("test", `--parallel=${workers}`, apart)],
    hosts: hosts.length === 0 ? [] : [bunTest("test-hosts", "--isolate", hosts)],
  };
}

function bunTest(name: string, how: string, files: readonly string[]): Step {
  return { name, command: ["bun", "test", how, `--timeout=${TEST_TIMEOUT_MS}`, ...files.map((file) => `./${file}`)] };
}
