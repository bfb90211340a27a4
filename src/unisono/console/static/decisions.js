// The record: every decision, newest first, filtered; and one of them in full.

import { read } from "./api.js";
import { Decision } from "./decision.js";
import { clock, dollars, seconds } from "./format.js";
import { button, chip, empty, loaded, page, table } from "./parts.js";
import { said } from "./sentences.js";
import { state } from "./state.js";
import { t, word } from "./words.js";

const { h, reactive, computed, watch } = Vue;
const N = 50;
const STATUSES = ["ok", "failed", "cut", "cancelled", "running", "interrupted"];
const HOURS = [1, 24, 168];

const FILTER = ["model", "status", "hours", "before"];
let last = "";   // the filter of the list that a decision was opened from

const inAddress = () => new URLSearchParams(location.hash.split("?")[1] ?? "");

function stated(filter) {
  const text = new URLSearchParams(filter).toString();
  return text && `?${text}`;
}

export const Page = {
  props: ["id"],
  setup(props) {
    // The filter stands in the address: it can be linked to, and the way back from a decision leads to the same rows.
    const filter = reactive(Object.fromEntries(FILTER.map((name) => [name, inAddress().get(name) ?? ""])));
    watch(filter, () => {
      last = stated(FILTER.filter((name) => filter[name]).map((name) => [name, filter[name]]));
      history.replaceState(null, "", `#/decisions${last}`);
    });
    if (!props.id) last = stated(inAddress());
    const path = computed(() => {
      const since = filter.hours ? new Date(Date.now() - filter.hours * 3_600_000).toISOString() : "";
      const wanted = { model: filter.model, status: filter.status, since, before: filter.before };
      return `/v1/decisions?${new URLSearchParams([["limit", N], ...Object.entries(wanted).filter(([, value]) => value)])}`;
    });
    const { view } = loaded(() => read(path.value), ({ data }) => rows(data), { again: () => path.value });

    const pick = (name, label, options) => h("label", null, [label, h("select", { value: filter[name], onChange: (event) => { Object.assign(filter, { [name]: event.target.value, before: "" }); } }, [
      h("option", { value: "" }, t("any")), ...options.map(([value, text]) => h("option", { value }, text)),
    ])]);

    function rows(data) {
      if (!data.length) return empty(t("empty_decisions"));
      return [
        table(t("decisions"), [t("when"), t("asked_for"), t("answered"), t("ended"), t("cost"), t("took"), t("reason")], data.map((row) => ({ key: row.decision, cells: [
          h("a", { href: `#/decisions/${row.decision}` }, clock(row.at)),
          row.pin ?? `auto:${row.mode}`,
          row.status === "ok" || row.status === "cut" ? h("strong", null, row.model) : "–",
          [chip(word("status", row.status), row.status === "ok" ? "good" : row.status === "running" ? "" : "bad"), row.degraded ? chip(t("degraded"), "bad") : null],
          dollars(row.cost_usd), seconds(row.total_s),
          [said(row.reason), ...row.notices.map((notice) => [" ", chip(notice.code, "warn", said(notice.text))])].flat(),
        ] }))),
        h("div", { class: "row" }, [
          filter.before ? button(t("newest"), () => { filter.before = ""; }) : null,
          data.length === N ? button(t("older"), () => { filter.before = data.at(-1).decision; }) : null,
        ]),
      ];
    }

    const list = () => page(t("decisions"), null, path.value,
      h("form", { class: "row", "aria-label": t("filter"), onSubmit: (event) => event.preventDefault() }, [
        pick("model", t("model"), state.models.map((model) => [model.id, model.id])),
        pick("status", t("ended"), STATUSES.map((status) => [status, word("status", status)])),
        pick("hours", t("period"), HOURS.map((hours) => [String(hours), hours > 24 ? t("days", hours / 24) : t("hours", hours)])),
      ]), view());

    const one = () => page(t("decision"), null, null,
      h("p", null, [h("a", { href: `#/decisions${last}` }, `← ${t("decisions")}`), ` · `, h("code", null, props.id)]), h(Decision, { id: props.id, patience: 3 }), h("p", { class: "hint" }, t("words_not_kept")));

    return () => props.id ? one() : list();
  },
};
