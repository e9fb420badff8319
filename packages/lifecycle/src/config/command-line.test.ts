// Command lines and environments: what is read, which line an error makes, what the help text says.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import * as z from "zod";
import { type Command, chooseCommand, commandsHelpText } from "./commands.ts";
import { type Config, defineConfig } from "./define-config.ts";
import { helpText } from "./help-text.ts";
import * as flag from "./kinds.ts";
import { type Environment, parseCommandLine } from "./parse-command-line.ts";

const config = defineConfig({
  name: "coracle-agent",
  summary: "does something",
  flags: {
    http: flag.address({ help: "Serve here.", default: "127.0.0.1:8091", group: "Service" }),
    peer: flag.repeated(flag.address({ help: "A peer." })),
    logLevel: flag.choice(["debug", "info"], { help: "Least level.", default: "info", group: "Service" }),
    graceMs: flag.duration({ help: "Grace.", default: "10s", minMs: 1000, maxMs: 60_000 }),
    cacheBytes: flag.size({ help: "Cache.", default: "64MiB", minBytes: 1024 }),
    workers: flag.number({ help: "Threads.", min: 1, max: 64, default: 2 }),
    ratio: flag.number({ help: "Share.", min: 0, max: 1, fraction: true, default: 0.5 }),
    dryRun: flag.boolean({ help: "Change nothing." }),
    color: flag.boolean({ help: "Colour.", default: true, env: false }),
    tokenFile: flag.path({ help: "Token." }),
    namespace: flag.text({ help: "Namespace.", short: "n", env: "POD_NAMESPACE" }),
    label: flag.value(z.string().regex(/^\w+=\w+$/, "is not KEY=VALUE"), { help: "A label." }),
  },
  positionals: {
    resource: flag.text({ help: "What to follow.", required: true }),
    names: flag.repeated(flag.text({ help: "Which ones." })),
  },
  examples: [{ line: "coracle-agent pods", does: "follows pods" }],
  exitCodes: { 3: "Not authorised." },
  check: (values) =>
    values.dryRun && values.workers > 1 ? "--dry-run and --workers above 1 exclude each other" : undefined,
});

type Values = typeof config extends Config<infer C> ? C : never;

function read(args: readonly string[], environment: Environment = {}): Values {
  const outcome = parseCommandLine(config, args, environment);
  assert.equal(outcome.kind, "config", JSON.stringify(outcome));
  assert.ok(outcome.kind === "config");
  return outcome.config;
}

function problem(args: readonly string[], environment: Environment = {}): string {
  const outcome = parseCommandLine(config, args, environment);
  assert.equal(outcome.kind, "usage-error", JSON.stringify(outcome));
  return outcome.kind === "usage-error" ? outcome.message : "";
}

describe("parseCommandLine()", () => {
  it("gives defaults", () => {
    assert.deepEqual(read(["pods"]), {
      http: { host: "127.0.0.1", port: 8091 },
      peer: [],
      logLevel: "info",
      graceMs: 10_000,
      cacheBytes: 67_108_864,
      workers: 2,
      ratio: 0.5,
      dryRun: false,
      color: true,
      tokenFile: undefined,
      namespace: undefined,
      label: undefined,
      resource: "pods",
      names: [],
    });
  });

  it("takes the argument before the environment before the default", () => {
    const environment = { CORACLE_WORKERS: "5", CORACLE_GRACE: "2s", POD_NAMESPACE: "shop", CORACLE_DRY_RUN: "" };
    const values = read(["--workers", "7", "pods"], environment);
    assert.equal(values.workers, 7);
    assert.equal(values.graceMs, 2000);
    assert.equal(values.namespace, "shop");
    assert.equal(values.dryRun, false);
  });

  it("reads every spelling of a value and of a switch", () => {
    for (const args of [["--namespace", "a"], ["--namespace=a"], ["-n", "a"], ["-na"]])
      assert.equal(read(["pods", ...args]).namespace, "a");
    assert.equal(read(["pods", "--workers=1", "--dry-run"]).dryRun, true);
    assert.equal(read(["pods", "--no-color"]).color, false);
    assert.equal(read(["pods", "--color", "--no-color"]).color, false);
    for (const word of ["1", "true", "yes", "on"])
      assert.equal(read(["pods"], { CORACLE_DRY_RUN: word, CORACLE_WORKERS: "1" }).dryRun, true);
    for (const word of ["0", "false", "no", "off"])
      assert.equal(read(["pods"], { CORACLE_DRY_RUN: word }).dryRun, false);
  });

  it("takes repeated flags, commas in the environment, and many positionals", () => {
    const peers = [
      { host: "a", port: 1 },
      { host: "b", port: 2 },
    ];
    assert.deepEqual(read(["--peer", "a:1", "pods", "--peer=b:2"]).peer, peers);
    assert.deepEqual(read(["pods"], { CORACLE_PEER: "a:1, b:2" }).peer, peers);
    assert.deepEqual(read(["pods", "x", "--", "--y"]).names, ["x", "--y"]);
  });

  it("names flag, value, allowed values and environment variable in one line", () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [
        ["--http", "8091"],
        '--http: "8091" is not an address: use HOST:PORT, such as 127.0.0.1:8091 (environment: CORACLE_HTTP)',
      ],
      [
        ["--peer", "a:1", "--peer", "b"],
        '--peer: "a:1,b" is not an address: use HOST:PORT, such as b:8080 (environment: CORACLE_PEER)',
      ],
      [["--log-level", "loud"], '--log-level: "loud" is not one of debug, info (environment: CORACLE_LOG_LEVEL)'],
      [
        ["--grace", "10"],
        '--grace: "10" is not a duration: use a number and ms, s, m or h, such as 10s (environment: CORACLE_GRACE)',
      ],
      [["--grace", "5ms"], '--grace: "5ms" is too short: use 1s or more (environment: CORACLE_GRACE)'],
      [["--grace", "2m"], '--grace: "2m" is too long: use at most 1m (environment: CORACLE_GRACE)'],
      [["--cache", "1B"], '--cache: "1B" is too small: use 1KiB or more (environment: CORACLE_CACHE)'],
      [["--workers", "65"], '--workers: "65" is not a whole number from 1 to 64 (environment: CORACLE_WORKERS)'],
      [["--workers", "1.5"], '--workers: "1.5" is not a whole number from 1 to 64 (environment: CORACLE_WORKERS)'],
      [["--ratio", "2"], '--ratio: "2" is not a number from 0 to 1 (environment: CORACLE_RATIO)'],
      [["--label", "a"], '--label: "a" is not KEY=VALUE (environment: CORACLE_LABEL)'],
      [["--token-file="], '--token-file: "" is not a path: it is empty (environment: CORACLE_TOKEN_FILE)'],
      [["--namespace="], '--namespace: "" must not be empty (environment: POD_NAMESPACE)'],
      [["--dry-run", "--workers", "3"], "--dry-run and --workers above 1 exclude each other"],
      [["--color=maybe"], '--color: "maybe" is not true or false'],
    ];
    for (const [args, message] of cases) assert.equal(problem(["pods", ...args]), message);
    assert.equal(problem([]), "<resource> is required: What to follow.");
  });

  it("names the variable first when the value came from the environment", () => {
    assert.equal(
      problem(["pods"], { CORACLE_HTTP: "8091" }),
      'CORACLE_HTTP: "8091" is not an address: use HOST:PORT, such as 127.0.0.1:8091 (flag: --http)',
    );
  });

  it("suggests the nearest flag, and says what a flag needs", () => {
    const end = " (coracle-agent --help lists all)";
    assert.equal(problem(["pods", "--htpp=x"]), `--htpp: no such flag; did you mean --http?${end}`);
    assert.equal(problem(["pods", "--frobnicate"]), `--frobnicate: no such flag${end}`);
    assert.equal(problem(["pods", "-x"]), `-x: no such flag${end}`);
    assert.equal(problem(["pods", "--no-http"]), `--no-http: no such flag; did you mean --http?${end}`);
    assert.equal(problem(["pods", "--no-color=x"]), `--no-color takes no value: current value is "x"${end}`);
    assert.equal(problem(["pods", "--http"]), `--http needs a value: HOST:PORT${end}`);
    assert.match(
      problem(["pods", "--namespace", "--http"]),
      /^--namespace needs a value: TEXT; "--http" looks like a flag/,
    );
  });

  it("quotes long values in part only", () => {
    assert.ok(problem(["pods", "--http", "x".repeat(5000)]).length < 250);
  });

  it("caps repeated flags", () => {
    const args = Array.from({ length: flag.REPEATED_COUNT_MAX + 1 }, () => "--peer=a:1");
    assert.match(problem(["pods", ...args]), /is given more than 256 times/);
  });

  it("answers help and version wherever they stand", () => {
    assert.equal(parseCommandLine(config, ["--bad", "--help"], {}).kind, "help");
    assert.equal(parseCommandLine(config, ["pods", "-h"], {}).kind, "help");
    assert.equal(parseCommandLine(config, ["--version"], {}).kind, "version");
  });

  it("never throws, and errors are one line", () => {
    const words = fc.array(
      fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("--http", "--no-color", "-n", "--", "--peer=", "pods")),
    );
    fc.assert(
      fc.property(words, fc.string(), (args, value) => {
        const outcome = parseCommandLine(config, args, { CORACLE_WORKERS: value });
        if (outcome.kind === "usage-error")
          assert.ok(!outcome.message.includes("\n") || args.some((arg) => arg.includes("\n")));
      }),
    );
  });
});

describe("defineConfig()", () => {
  const one =
    (name: string, made: ReturnType<typeof flag.text>): (() => unknown) =>
    () =>
      defineConfig({ name: "x", summary: "x", flags: { [name]: made } });

  it("refuses secrets as flags, but not the names of their files or their lifetimes", () => {
    for (const name of ["token", "dbPassword", "psk", "clientSecret"])
      assert.throws(one(name, flag.text({ help: "" })), /Cannot take a secret as a flag/, name);
    defineConfig({
      name: "x",
      summary: "x",
      flags: { token: flag.path({ help: "" }), secret: flag.duration({ help: "" }) },
    });
  });

  it("refuses two flags of one name, letter or variable", () => {
    const make = (second: Record<string, ReturnType<typeof flag.text>>) => () =>
      defineConfig({ name: "x", summary: "x", flags: { one: flag.text({ help: "", short: "o" }), ...second } });
    assert.throws(make({ two: flag.text({ help: "", name: "one" }) }), /name twice/);
    assert.throws(make({ two: flag.text({ help: "", short: "o" }) }), /name twice/);
    assert.throws(make({ two: flag.text({ help: "", env: "CORACLE_ONE" }) }), /name twice/);
    assert.throws(make({ help: flag.text({ help: "" }) }), /name twice/);
  });
});

describe("helpText()", () => {
  it("names every flag with its default and variable, by group, within the width", () => {
    for (const columns of [20, 60, 80, 120, 400]) {
      const help = helpText(config, columns);
      const width = Math.min(Math.max(columns, 60), 120);
      for (const line of help.split("\n")) assert.ok(line.length <= width, line);
      const text = help.replaceAll(/\s+/g, " ");
      for (const expected of [
        "coracle-agent: does something",
        "Usage: coracle-agent <resource> [names…] [flags]",
        "--http HOST:PORT Serve here. (default: 127.0.0.1:8091; environment: CORACLE_HTTP)",
        "-n, --namespace TEXT Namespace. (environment: POD_NAMESPACE)",
        "--grace DURATION Grace. (default: 10s; environment: CORACLE_GRACE)",
        "--peer HOST:PORT … A peer. (may be given several times; environment: CORACLE_PEER)",
        "--[no-]color Colour. (default: true)",
        "--log-level WORD Least level. (debug, info; default: info; environment: CORACLE_LOG_LEVEL)",
        "--workers NUMBER Threads. (1 to 64; default: 2; environment: CORACLE_WORKERS)",
        "Service:",
        "3 Not authorised.",
        "2 A bad flag, argument or environment variable.",
        "coracle-agent pods follows pods",
      ])
        assert.ok(text.includes(expected), `${columns} columns: ${expected}`);
    }
  });
});

describe("chooseCommand()", () => {
  const stub: Command = { summary: "starts all", run: () => Promise.resolve() };
  const set = {
    name: "coracle",
    summary: "operates",
    commands: { up: stub, update: { ...stub, summary: "moves to a new version" } },
  };

  it("finds the command and leaves it the rest", () => {
    assert.deepEqual(chooseCommand(set, ["up", "--data", "x"]), { kind: "command", name: "up", args: ["--data", "x"] });
    assert.deepEqual(chooseCommand(set, ["help", "up"]), { kind: "command", name: "up", args: ["--help"] });
    assert.equal(chooseCommand(set, []).kind, "help");
    assert.equal(chooseCommand(set, ["--version"]).kind, "version");
  });

  it("suggests the nearest command", () => {
    const message = (args: string[]): string => {
      const choice = chooseCommand(set, args);
      return choice.kind === "usage-error" ? choice.message : choice.kind;
    };
    assert.equal(message(["updte"]), '"updte": no such command; did you mean update? (coracle --help)');
    assert.equal(message(["toString"]), '"toString": no such command; commands: up, update (coracle --help)');
    assert.equal(message(["--data"]), "--data: name a command first: up, update (coracle --help)");
  });

  it("lists all commands in the help text", () => {
    const help = commandsHelpText(set);
    assert.match(help, /^ {2}up {7}starts all$/m);
    assert.match(help, /^ {2}update {3}moves to a new version$/m);
  });
});
