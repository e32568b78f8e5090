/** One line of the result: what was measured, beside its floor or its limit. */
export interface Figure {
  name: string;
  unit: 'ms' | 'MB' | '% of a core';
  value: number;
  /** What the same machine does in the same run without paasdb. */
  floor?: number;
  /** What the figure, or its ratio to the floor, shall not exceed. */
  goal?: { atMost: number; of: 'value' | 'ratio' };
}

export function ratioOf({ value, floor }: Figure): number | null {
  return floor === undefined ? null : value / floor;
}

export function meetsGoal(figure: Figure): boolean | null {
  if (!figure.goal) return null;
  const measured = figure.goal.of === 'ratio' ? ratioOf(figure) : figure.value;
  return measured !== null && measured <= figure.goal.atMost;
}

/** A table for people. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const ratio = ratioOf(figure);
    const goal =
      figure.goal && `<= ${figure.goal.atMost}${figure.goal.of === 'ratio' ? 'x' : ` ${figure.unit}`}`;
    const met = meetsGoal(figure);
    return [
      figure.name,
      `${round(figure.value)} ${figure.unit}`,
      figure.floor === undefined ? '' : `${round(figure.floor)} ${figure.unit}`,
      ratio === null ? '' : `${ratio.toFixed(2)}x`,
      goal ?? '',
      met === null ? '' : met ? 'met' : 'MISSED',
    ];
  });
  const table = [['figure', 'paasdb', 'floor', 'ratio', 'goal', ''], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
