/** Who carries what the meters of `serve` push. */
import { CiiCourier, type CiiLine } from "../cii.ts";
import type { Courier } from "../push.ts";
import { NetworkCourier } from "../transport/courier.ts";
import { pushRefusal, type ServeOptions } from "./serve_options.ts";

/** A courier for each meter; the line is that of `--cii`. */
export function courierMaker(options: ServeOptions, line: CiiLine): () => Courier {
  const { cii, push } = options;
  // Who names a place for consumer information has allowed it.
  const own = cii !== undefined && "host" in cii ? cii.host : undefined;
  const allowed = (host: string): string | undefined => (host === own ? undefined : pushRefusal(push, host));
  return () => {
    const network = new NetworkCourier(allowed);
    return cii !== undefined && "path" in cii ? new CiiCourier(cii.path, line, network) : network;
  };
}
