/** Historical values (OBIS group F): a cell out of a past row, as of a billing period that is over. */
import { Writer } from "../base/writer";
import { Meter } from "../store/block";
import { columnFind, Ring, ringRow } from "../store/rings";
import { AttributeRow } from "../store/template";
import { Axdr } from "../wire/axdr";
import { cellSize, cellsWrite } from "./profile_cells";

/** Writes the value that the template maps to a past row; null-data while there is no such row, or its column is not captured. */
export function historyEmit(meter: Meter, a: AttributeRow, out: Writer): void {
  const cell = a.cell;
  const ring = Ring.of(meter, cell.profile);
  const column = columnFind(ring, cell.column & 0xffff, <i32>(<i8>(cell.column >> 16)));
  const back = cell.column >> 24;
  if (column < 0 || back > ring.count) return Axdr.nullData(out);
  const row = ringRow(meter, cell.profile, ring.next - back);
  const to = out.take(cellSize(ring.column(column), row + <usize>ring.column(column).offset));
  if (to != 0) cellsWrite(ring, row, 1 << column, 0, 1, to);
}
