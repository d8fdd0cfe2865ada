/** Who carries what the meters of `serve` push. */
import { CiiCourier, type CiiLine } from "../cii.ts";
import type { Courier } from "../push.ts";
import { NetworkCourier } from "../transport/courier.ts";
import { pushRefusal, type ServeOptions } from "./serve_options.ts";

/** While a meter lives through its history nobody is there: what it pushes counts as received. */
class HistoryCourier implements Courier {
  private readonly isHistory: () => boolean;
  private readonly other: Courier;

  constructor(isHistory: () => boolean, other: Courier) {
    this.isHistory = isHistory;
    this.other = other;
  }

  deliver(...delivery: Parameters<Courier["deliver"]>): void {
    if (this.isHistory()) delivery[3].delivered();
    else this.other.deliver(...delivery);
  }

  close(): void {
    this.other.close();
  }

  drop(): void {
    this.other.drop();
  }
}

/** A courier for each meter; the line is that of `--cii`. */
export function courierMaker(options: ServeOptions, line: CiiLine, isHistory: () => boolean): () => Courier {
  const { cii, push } = options;
  // Who names a place for consumer information has allowed it.
  const own = cii !== undefined && "host" in cii ? cii.host : undefined;
  return () => {
    const network = new NetworkCourier((host) => (host === own ? undefined : pushRefusal(push, host)));
    const courier = cii !== undefined && "path" in cii ? new CiiCourier(cii.path, line, network) : network;
    return new HistoryCourier(isHistory, courier);
  };
}
