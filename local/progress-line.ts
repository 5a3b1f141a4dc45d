/** How far something is: one line that changes on a terminal, a line now and then elsewhere. */
export interface ProgressLine {
  /** @param percent of the whole; elsewhere than on a terminal a line comes every ten */
  show(percent: number, phase: string, text: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

export function progressLine(out: NodeJS.WriteStream): ProgressLine {
  return out.isTTY ? changingLine(out) : linesNowAndThen(out);
}

function changingLine(out: NodeJS.WriteStream): ProgressLine {
  const clearLine = '\x1b[2K\r';
  return {
    show: (_, __, text) => out.write(`${clearLine}${text.slice(0, (out.columns || 80) - 1)}`),
    end: () => out.write('\n'),
  };
}

function linesNowAndThen(out: NodeJS.WriteStream): ProgressLine {
  let shown = '';
  return {
    show(percent, phase, text) {
      const step = `${phase} ${Math.floor(percent / 10)}`;
      if (step !== shown) out.write(`${text}\n`);
      shown = step;
    },
    end: () => {},
  };
}
