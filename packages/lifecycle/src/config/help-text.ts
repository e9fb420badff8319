// The text of `--help`: usage, arguments, flags by group with default and environment variable, examples, exit codes.
import { type ColumnRow, layOutColumns, leftColumnWidth, wrapText } from "../core/text-columns.ts";
import type { Config } from "./define-config.ts";
import { type Flag, flagName, flagVariable } from "./flag.ts";

const WIDTH_MIN = 60;
const WIDTH_MAX = 120;
const GENERAL = "Flags";

/** The help text for a terminal `columns` wide (80 if unknown), ending in a line break. */
export function helpText<C>(config: Config<C>, columns: number = 80): string {
  const width = Math.min(Math.max(columns, WIDTH_MIN), WIDTH_MAX);
  const blocks: string[][] = [[...wrapText(`${config.name}: ${config.summary}`, width)]];
  if (config.description !== "") blocks.push([...wrapText(config.description, width)]);
  blocks.push([`Usage: ${usageLine(config)}`]);
  const sections = [...argumentSections(config), ...flagSections(config)];
  const leftWidth = leftColumnWidth(sections.flatMap((section) => section.rows));
  for (const { title, rows } of sections) blocks.push([`${title}:`, ...layOutColumns(rows, width, leftWidth)]);
  if (config.examples.length > 0) {
    const rows = config.examples.map((example) => ({ left: example.line, right: example.does }));
    blocks.push(["Examples:", ...layOutColumns(rows, width)]);
  }
  blocks.push(["Exit codes:", ...layOutColumns(exitCodeRows(config.exitCodes), width)]);
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}

interface Section {
  readonly title: string;
  readonly rows: ColumnRow[];
}

function usageLine<C>(config: Config<C>): string {
  const words = [config.name];
  for (const [key, flag] of Object.entries(config.positionals)) {
    const name = `${flagName(key, flag)}${flag.form === "repeated" ? "…" : ""}`;
    words.push(flag.isRequired ? `<${name}>` : `[${name}]`);
  }
  words.push("[flags]");
  return words.join(" ");
}

function argumentSections<C>(config: Config<C>): Section[] {
  const rows = Object.entries(config.positionals).map(([key, flag]) => ({
    left: flagName(key, flag),
    right: describe(flag, undefined),
  }));
  return rows.length === 0 ? [] : [{ title: "Arguments", rows }];
}

function flagSections<C>(config: Config<C>): Section[] {
  const sections = new Map<string, Section>([[GENERAL, { title: GENERAL, rows: [] }]]);
  for (const [key, flag] of Object.entries(config.flags)) {
    const title = flag.group ?? GENERAL;
    const section = sections.get(title) ?? { title, rows: [] };
    sections.set(title, section);
    section.rows.push({ left: flagUsage(key, flag), right: describe(flag, flagVariable(key, flag)) });
  }
  const general = sections.get(GENERAL);
  general?.rows.push(
    { left: "-h, --help", right: "Print this text." },
    { left: "    --version", right: "Print the version." },
  );
  return [...sections.values()];
}

function flagUsage(key: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  const name = flagName(key, flag);
  if (flag.form === "switch") return `${short}--${flag.defaultText === "true" ? "[no-]" : ""}${name}`;
  const repeated = flag.form === "repeated" ? " …" : "";
  return `${short}--${name} ${flag.valueName}${repeated}`;
}

function describe(flag: Flag<unknown>, variable: string | undefined): string {
  const facts: string[] = [];
  if (flag.allowed !== undefined) facts.push(flag.allowed);
  if (flag.form === "repeated") facts.push("may be given several times");
  if (flag.isRequired) facts.push("required");
  const isPlainSwitch = flag.form === "switch" && flag.defaultText === "false";
  if (flag.defaultText !== undefined && !isPlainSwitch) facts.push(`default: ${flag.defaultText}`);
  if (variable !== undefined) facts.push(`environment: ${variable}`);
  return facts.length === 0 ? flag.help : `${flag.help} (${facts.join("; ")})`;
}

function exitCodeRows(extra: Readonly<Record<number, string>>): ColumnRow[] {
  const codes: Record<number, string> = {
    0: "Ended as asked.",
    2: "A bad flag, argument or environment variable.",
    ...extra,
  };
  return Object.entries(codes).map(([code, meaning]) => ({ left: code, right: meaning }));
}
