// The configuration in force. It is read here and changed where it was written.

import { ask } from "../ask.js";
import { h } from "../element.js";
import { sheet } from "../parts.js";

export async function page() {
  const [config, about] = await Promise.all([ask("config"), ask("about")]);
  return h("div", { class: "sheets" },
    Object.entries(config).map(([name, value]) => sheet(name, h("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2)))),
    sheet("Version", h("pre", {}, about.version)),
    sheet("Filters", h("p", {}, "A line of words, all of which must hold: ", h("span", { class: "mono" }, "key:value key:>5 key:<=5 key:~part -key:value meta.team:search \"any text\""), ". Keys: ", about.filters.join(", "), "."), { wide: true }));
}
