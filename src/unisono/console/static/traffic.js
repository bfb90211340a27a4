// How much goes through, how fast, who answers, what it costs and what was saved.

import { read } from "./api.js";
import { columns, lines } from "./charts.js";
import { dollars, percent, seconds, share, whole } from "./format.js";
import { card, chip, empty, fillBar, loaded, page, table } from "./parts.js";
import { t } from "./words.js";

const { h, reactive, ref } = Vue;
const PERIODS = [1, 24, 168, 720];
const MOST_LINES = 7;

export const Page = {
  setup() {
    const hours = ref(24);
    const wish = reactive({ what: "n", by: "model" });
    const path = () => `/admin/traffic?hours=${hours.value}`;
    const { view } = loaded(() => read(path()), (data) => show(data, overTime), { every_ms: () => hours.value > 1 ? 20_000 : 5_000, again: path });
    const ladder = (name, label, options) => h("fieldset", { class: "ladder" }, [h("legend", { class: "unseen" }, label), ...options.map(([value, text]) => h("label", { class: { on: wish[name] === value } }, [
      h("input", { type: "radio", name, checked: wish[name] === value, onChange: () => { wish[name] = value; } }), text,
    ]))]);
    // Who answered, at what cost and how well, over time: by model or by role.
    const overTime = (data) => card(t("share_over"),
      h("div", { class: "row" }, [ladder("what", t("share_over"), [["n", t("answers")], ["cost_usd", t("cost")], ["said", t("said_quality")]]), ladder("by", t("by_model"), [["model", t("by_model")], ["role", t("by_role")]])]),
      grouped(data, wish));
    const periods = () => h("fieldset", { class: "ladder" }, [h("legend", { class: "unseen" }, t("period")), ...PERIODS.map((n) => h("label", { class: { on: hours.value === n } }, [
      h("input", { type: "radio", name: "period", checked: hours.value === n, onChange: () => { hours.value = n; } }), n > 24 ? t("days", n / 24) : t("hours", n),
    ]))]);
    return () => page(t("traffic"), null, path(), periods(), view());
  },
};

function show(data, overTime) {
  const running = Object.values(data.now).reduce((sum, one) => sum + one.in_flight, 0);
  if (!data.n) return [numbers(data, running), empty(t("empty_traffic"))];
  const stamps = data.series.map((slot) => slot.at);
  const priced = data.models.some((row) => row.cost_usd > 0 || row.baseline_usd > 0);
  return [
    numbers(data, running),
    data.whole ? null : h("p", null, t("times_of_latest", whole(data.n_timed), whole(data.n))),
    h("div", { class: "halves" }, [
      overTime(data),
      card(t("latency_over"), lines(t("latency_over"), stamps, [
        { name: t("median"), values: data.series.map((slot) => slot.first_s.half) },
        { name: t("most"), values: data.series.map((slot) => slot.first_s.most), thin: true },
      ], seconds)),
      priced ? card(t("cost_over"), lines(t("cost_over"), stamps, [
        { name: t("spent"), values: data.series.map((slot) => slot.n ? slot.cost_usd : null) },
        { name: t("baseline"), values: data.series.map((slot) => slot.n ? slot.baseline_usd : null), thin: true },
      ], dollars)) : null,
    ]),
    card(t("by_model"), table(t("by_model"), [t("model"), t("answers"), t("share"), t("failed_share"), t("spent"), t("per_answer"), t("first_word"), t("took"), t("said_quality"), t("calls")], data.models.map((row) => perModel(row, data)))),
    card(t("by_role"), table(t("by_role"), [t("role"), t("answers"), t("share"), t("spent"), t("per_answer"), t("said_quality")], data.roles.map((row) => ({ key: row.role, cells: [
      row.role ?? "–", whole(row.n), fillBar(percent(row.n / data.n), row.n / data.n), dollars(row.cost_usd), dollars(row.n ? row.cost_usd / row.n : null),
      row.n_said ? t("said_quality_n", share(row.sum_said / row.n_said), row.n_said) : "–",
    ] })))),
  ];
}

function grouped(data, { what, by }) {
  const stamps = data.series.map((slot) => slot.at);
  const nameOf = (row) => by === "role" ? row.role ?? "–" : row.model;
  const all = [...new Set(data.models.map(nameOf))];
  const names = all.slice(0, MOST_LINES);
  const members = new Map(all.map((name) => [name, data.models.filter((row) => nameOf(row) === name).map((row) => row.model)]));
  const sum = (slot, name, part) => members.get(name).reduce((total, model) => total + (slot.models[model]?.[part] ?? 0), 0);
  const rest = all.slice(MOST_LINES);
  const others = rest.length ? [{ name: t("others", whole(rest.length)), values: data.series.map((slot) => rest.reduce((total, name) => total + sum(slot, name, what), 0)) }] : [];
  if (what !== "said") return columns(t("share_over"), stamps, [...names.map((name) => ({ name, values: data.series.map((slot) => sum(slot, name, what)) })), ...others], what === "n" ? whole : dollars);
  if (data.series.every((slot) => slot.said === null)) return empty(t("said_none"));
  return lines(t("said_quality"), stamps, names.map((name) => ({ name, values: data.series.map((slot) => sum(slot, name, "n_said") ? sum(slot, name, "sum_said") / sum(slot, name, "n_said") : null) })), (value) => share(value));
}

function perModel(row, data) {
  const now = data.now[row.model];
  return { key: row.model, cells: [
    [h("strong", null, row.model), " ", row.role ? chip(row.role) : null],
    whole(row.n), fillBar(percent(row.n / data.n), row.n / data.n), percent(1 - row.n_ok / row.n), dollars(row.cost_usd), dollars(row.cost_usd / row.n),
    `${seconds(row.first_s.half)} / ${seconds(row.first_s.most)}`, `${seconds(row.total_s.half)} / ${seconds(row.total_s.most)}`,
    row.n_said ? t("said_quality_n", share(row.said), row.n_said) : "–",
    now ? t("calls_n", now.in_flight, now.waiting) : "–",
  ] };
}

function numbers(data, running) {
  const cost = data.models.reduce((sum, row) => sum + row.cost_usd, 0);
  const ok = data.models.reduce((sum, row) => sum + row.n_ok, 0);
  const times = data.series.map((slot) => slot.first_s).filter((one) => one.half !== null);
  const latest = times.at(-1);
  return h("div", { class: "cards" }, [
    figure(t("requests"), whole(data.n), `${running} ${t("in_flight")}`),
    figure(t("failed_share"), data.n ? percent(1 - ok / data.n, 1) : "–"),
    figure(t("first_word"), latest ? `${seconds(latest.half)} / ${seconds(latest.most)}` : "–", t("half_and_most")),
    figure(t("spent"), data.n ? dollars(cost) : "–"),
    savings(data.savings),
  ]);
}

const figure = (name, value, more) => h("section", { class: "card" }, [h("h2", null, name), h("div", { class: "figure" }, value), more ? h("small", null, more) : null]);

function savings(saved) {
  const why = { none: t("savings_none"), free: t("savings_free"), few: t("savings_few", saved.n) }[saved.why_not];
  const text = why ?? t("savings_of", dollars(saved.baseline_usd), percent(saved.low, 1), percent(saved.high, 1));
  return h("section", { class: "card", title: t("savings_what") }, [h("h2", null, t("savings")), h("div", { class: "figure" }, saved.share === null ? "–" : percent(saved.share, 1)), h("small", null, text)]);
}
