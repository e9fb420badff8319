// The part of the table of `coracle up` that shows the virtual networks: attachments, what they got, and how their pings go.
import { type AttachmentRow, type NetworkModel, rttText, stepsText } from "./network-model.ts";

/** More attachments than this are counted, not shown. */
const ROWS_MAX = 12;

/** The lines; none while there is no attachment. */
export function formatNetwork(model: NetworkModel): string[] {
  const rows = model.rows();
  const cells = rows.slice(0, ROWS_MAX).map((row) => cellsOf(row, rows));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2)).join("")}`.trimEnd(),
  );
  if (rows.length > ROWS_MAX) lines.push(`  … and ${rows.length - ROWS_MAX} more attachments`);
  const { sent, replies } = model.isolation;
  if (sent > 0) {
    const verdict = replies === 0 ? "as it should be" : "ISOLATION IS BROKEN";
    lines.push(`  between the networks  ${replies} of ${sent} pings answered, ${verdict}`);
  }
  return lines;
}

function cellsOf(row: AttachmentRow, rows: readonly AttachmentRow[]): readonly string[] {
  const { facts } = row;
  const waits = facts.trouble === "" ? "waiting" : facts.trouble;
  return [row.name, facts.node, facts.ipv4 || waits, ...pingCells(row, rows), facts.device, facts.mac, stepsText(row)];
}

function pingCells(row: AttachmentRow, rows: readonly AttachmentRow[]): readonly string[] {
  if (row.lastPing === undefined) return ["", "", ""];
  const { to, outcome } = row.lastPing;
  const target = rows.find(({ name }) => name === to);
  const where = target === undefined ? to : `${target.facts.ipv4} on ${target.facts.node}`;
  return [`→ ${where}`, rttText(outcome), `${row.pings.replies} of ${row.pings.sent}`];
}
