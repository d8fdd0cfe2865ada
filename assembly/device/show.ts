/** What the host shows of a meter, asked for item by item. */
import { Err } from "../base/err";
import { EXCHANGE_SIZE } from "../base/limits";
import { Writer } from "../base/writer";
import { faceItem } from "../cosem/face";
import { Meter } from "../store/block";
import { OUT } from "./regions";
import { seatRunning } from "./seat";

const writer: Writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8));

/** Writes item `item` of list `list` (cosem/face) to region OUT. @returns octets, 0 behind the last item, or Err.STATE */
export function showSeat(seat: u32, list: u32, item: u32): i32 {
  const err = seatRunning(seat);
  if (err != Err.OK) return err;
  const meter = Meter.at(seat);
  const w = writer.into(OUT, EXCHANGE_SIZE);
  return faceItem(meter, list, item, w) ? <i32>w.size : 0;
}
