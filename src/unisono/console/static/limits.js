// What this key has left, and, for an operator, which keys there are.

import { read } from "./api.js";
import { clock, percent, whole } from "./format.js";
import { card, chip, empty, fillBar, loaded, page, table, Twin } from "./parts.js";
import { t, word } from "./words.js";

const { h } = Vue;

const usage = (rows) => table(t("limits"), [t("key_name"), t("used"), t("returns"), t("period"), t("model")], rows.map((row) => ({ key: row.limit, cells: [
  h("strong", null, row.limit),
  fillBar(`${whole(row.used)} / ${whole(row.amount)} ${word("counts", row.counts)}`, row.used / row.amount, h("small", null, percent(row.used / row.amount))),
  row.returns ? clock(row.returns) : "–",
  row.window === null ? row.per : `${row.window}${Number.isFinite(row.window) ? " s" : ""} / ${row.per}`,
  [...row.models, ...row.roles].join(", ") || t("everything"),
] })));

export const Page = {
  setup() {
    const mine = loaded(() => read("/v1/limits"), ({ data }) => data.length ? usage(data) : empty(t("empty_limits")), { every_ms: 10_000 });
    const keys = loaded(() => read("/admin/keys"), ({ data }) => data.length ? table(t("keys"), [t("key_name"), t("key_state"), t("key_may"), t("limits"), t("key_made"), t("key_ends"), t("key_from")], data.map((row) => ({ key: row.id ?? row.name, cells: [
      [h("strong", null, row.name), row.id ? h("small", null, row.id) : null],
      chip(row.state, row.state === "active" ? "good" : "bad"),
      [row.admin ? chip(t("admin"), "warn") : null, " ", [...row.models, ...row.modes.map((mode) => `auto:${mode}`)].join(", ") || t("everything")],
      row.usage.length ? h("ul", { class: "plain" }, row.usage.map((one) => h("li", null, fillBar(`${one.limit}: ${whole(one.used)} / ${whole(one.amount)} ${word("counts", one.counts)}`, one.used / one.amount)))) : t("none"),
      row.created ? clock(row.created) : "–",
      row.expires ? clock(row.expires) : t("never"),
      t(row.from === "record" ? "from_record" : "from_config"),
    ] }))) : empty(t("empty_keys")), { every_ms: 10_000 });
    return () => page(t("limits"), null, "/v1/limits", card(t("your_limits"), mine.view()), card(t("keys"), keys.view(), h(Twin, { path: "/admin/keys" })));
  },
};
