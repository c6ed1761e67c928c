/** Gateways by id, as a Worker's `env.AI.gateway(id)` gives them. */

import { calls, checked } from "./calls.js";
import { Gateway, Opened } from "./gateway.js";
import { native } from "./native.js";

const gateways = new Map<string, Gateway>();

/**
 * The gateway of this id, made on first use and the same from then on. Its configuration is `tollhouse.toml` of the
 * working directory, if there is one.
 */
export function gateway(id = "default"): Gateway {
  let made = gateways.get(id);
  if (made === undefined) {
    made = new Gateway(new Opened(checked(native().open(calls().native, undefined, undefined, id))));
    gateways.set(id, made);
  }
  return made;
}
