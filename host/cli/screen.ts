/** The lower end of a terminal: lines that stay there and change, below what is logged. */
interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const ESCAPE = "\x1b[";
/** Size of a terminal that does not know its own. */
const COLUMNS = 80;
const ROWS = 24;

/** Text without characters that would do something to a terminal. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "·");
}

export class Screen {
  private readonly terminal: Terminal;
  /** Lines that are wanted below, and how many of them stand there. */
  private lines: readonly string[] = [];
  private standing = 0;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** Puts other lines to the end. */
  show(lines: readonly string[]): void {
    const same = lines.length === this.lines.length && lines.every((line, i) => line === this.lines[i]);
    if (same && this.standing > 0) return;
    this.hide();
    this.lines = lines;
    this.draw();
  }

  /** Does something that writes to the terminal, whole lines of it, above the lines. */
  above(write: () => void): void {
    this.hide();
    write();
    this.draw();
  }

  private draw(): void {
    // Never more than half of the terminal, and no line that it would break.
    const columns = this.terminal.columns || COLUMNS;
    const rows = this.terminal.rows || ROWS;
    const lines = this.lines
      .slice(0, Math.max(1, Math.floor(rows / 2)))
      .map((line) => [...printable(line)].slice(0, columns - 1).join(""));
    this.standing = lines.length;
    if (lines.length > 0) this.terminal.write(lines.map((line) => `${line}\n`).join(""));
  }

  private hide(): void {
    if (this.standing > 0) this.terminal.write(`${ESCAPE}${this.standing}A\r${ESCAPE}J`);
    this.standing = 0;
  }
}
