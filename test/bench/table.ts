import { isMet, type Row, type Target, type Unit } from './benchmark.ts';

const header = ['benchmark', 'ours', 'bare', 'ratio', 'target', 'met'];

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.subject,
    figure(row.ours, row.unit),
    row.bare === undefined ? '' : figure(row.bare, row.unit),
    row.bare === undefined ? '' : `${(row.ours / row.bare).toFixed(2)}x`,
    targetText(row.target, row.unit),
    isMet(row) ? 'yes' : 'NO',
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const text = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [text(header), rule, ...lines.map(text)].join('\n');
}

/** Names stand to the left, figures to the right. */
const pad = (cell: string, width: number, column: number) =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);

const figure = (value: number, unit: Unit) => `${value.toFixed(unit === 'KiB' ? 0 : 1)} ${unit}`;

function targetText({ ratio, plus }: Target, unit: Unit): string {
  const terms = [ratio > 0 && `${ratio}x`, plus > 0 && `${plus} ${unit}`];
  return `<= ${terms.filter(Boolean).join(' + ')}`;
}
