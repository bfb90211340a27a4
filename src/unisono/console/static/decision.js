// One decision in full: the ranking with what was expected, the reasons against the others, what was really asked.

import { read } from "./api.js";
import { clock, dollars, percent, seconds, share, whole } from "./format.js";
import { chip, fillBar, problem, qualityBar, table, Twin } from "./parts.js";
import { said, straight } from "./sentences.js";
import { t, word } from "./words.js";

const { h, ref, onMounted, onBeforeUnmount, watch } = Vue;
const PATIENCE = 25;

// The record is written off the request's road: it may be a moment late.
async function settled(id, { gone = () => false, patience = PATIENCE } = {}) {
  for (let n = 0; ; n += 1) {
    try {
      const record = await read(`/v1/decisions/${encodeURIComponent(id)}`);
      if (record.status !== "running" || n >= PATIENCE || gone()) return record;
    } catch (error) {
      if (error.status !== 404 || n >= patience || gone()) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export const Decision = {
  props: { id: String, parts: Array, heading: { type: String, default: "h2" }, patience: { type: Number, default: PATIENCE } },
  setup(props) {
    const record = ref(null);
    const error = ref(null);
    let gone = false;
    async function look() {
      const { id } = props;
      const left = () => gone || id !== props.id;
      error.value = null;
      try {
        const found = await settled(id, { gone: left, patience: props.patience });
        if (!left()) record.value = found;
      } catch (problem) {
        if (!left()) error.value = problem;
      }
    }
    onMounted(look);
    onBeforeUnmount(() => { gone = true; });
    watch(() => props.id, () => { record.value = null; look(); });
    return () => {
      if (error.value) return problem(error.value.status === 404 ? Object.assign(error.value, { code: null }) : error.value, look);
      if (!record.value) return h("p", { class: "empty", role: "status" }, t("loading"));
      return shown(record.value, props.parts, props.heading);
    };
  },
};

function shown(record, parts, heading) {
  return h("div", { class: "decision" }, [
    h("p", { class: "because" }, said(record.reason)),
    notices(record.notices),
    record.request?.rule ? h("p", { class: "hint" }, [t("under_rule", record.request.rule), record.request.like ? `: ${likeness(record.request.like)}` : ""]) : null,
    ranking(record),
    record.excluded.length ? h("div", null, [h(heading, null, t("out")), h("ul", null, record.excluded.map((out) => h("li", { key: out.model }, [h("strong", null, out.model), ` – ${said(out.reason)} `, chip(out.rule)])))]) : null,
    h(heading, null, t("attempts")),
    (record.attempts ?? []).length ? h("ul", null, record.attempts.map(attempt)) : h("p", { class: "hint" }, t("no_attempts")),
    parts?.length ? partsOf(parts, heading) : null,
    record.signals?.length ? h("div", null, [h(heading, null, t("signals")), h("ul", null, record.signals.map((s) => h("li", null, `${s.kind}${s.value === null ? "" : `: ${s.value}`} · ${clock(s.at)}`)))]) : null,
    h("p", { class: "hint" }, [
      `${t("goal")}: ${record.goal.mode}, ${t("dial")} ${share(record.goal.dial)} · ${t("decided_in", seconds(record.decide_s))}`,
      record.baseline ? ` · ${t("baseline")}: ${record.baseline} (${dollars(record.baseline_usd)})` : "",
      record.usage ? ` · ${whole(record.usage.input_tokens)} + ${whole(record.usage.output_tokens)} ${t("counts_tokens")}` : "",
    ]),
    h(Twin, { path: `/v1/decisions/${record.decision}` }),
  ]);
}

export const notices = (all) => all?.length ? h("ul", { class: "notices" }, all.map((notice) => h("li", { key: notice.code + notice.text }, [chip(word("notice", notice.code), "warn", notice.code), " ", said(notice.text)]))) : null;

// What is rarer than one ordinary prompt in a thousand is not told in numbers: so few were looked at.
function likeness(like) {
  const near = like.chance < 0.001 ? "< 0.1 %" : percent(like.chance, 1);
  return like.text ? t("like_example", like.text, near) : t("like_number", like.example, near);
}

function ranking(record) {
  const dearest = Math.max(...record.ranking.map((place) => place.cost_usd.usd ?? 0), 0);
  const slowest = Math.max(...record.ranking.map((place) => place.latency.total_s ?? 0), 0);
  const rows = record.ranking.map((place, n) => ({ key: place.model, class: { first: n === 0 }, cells: [
    [h("strong", null, place.model), place.propensity > 0 && place.propensity < 1 ? h("small", null, ` ${t("chance", percent(place.propensity))}`) : null],
    [qualityBar(place.quality), h("small", null, said(place.quality.evidence))],
    record.degraded ? "–" : fillBar(dollars(place.cost_usd.usd), dearest ? place.cost_usd.usd / dearest : 0, h("small", null, `${dollars(place.cost_usd.low_usd)} … ${dollars(place.cost_usd.high_usd)}${place.cost_usd.evidence ? `; ${said(place.cost_usd.evidence)}` : ""}`)),
    record.degraded ? "–" : fillBar(`${seconds(place.latency.first_token_s)} / ${seconds(place.latency.total_s)}`, slowest ? place.latency.total_s / slowest : 0),
    said(place.reason),
  ] }));
  return rows.length ? table(t("ranking"), [t("model"), t("quality_expected"), t("cost_expected"), t("time_expected"), t("reason")], rows) : null;
}

function attempt(one) {
  const facts = t("attempt", one.model, word("status", one.status), seconds(one.first_content_s), seconds(one.total_s), dollars(one.cost_usd));
  const reported = one.reported_model && one.reported_model !== one.upstream_model ? ` (${one.upstream_model} → ${straight(one.reported_model)})` : "";
  return h("li", null, [one.part ? [chip(one.part), " "] : null, facts, reported, one.error_text ? h("span", { class: "bad" }, ` – ${one.error_code}: ${said(one.error_text)}`) : null]);
}

const partsOf = (parts, heading) => h("div", null, [h(heading, null, t("parts")), h("ul", null, parts.map((part) => h("li", null, [
  chip(part.part), " ", h("strong", null, part.model), ` ${word("status", part.status)}, ${dollars(part.cost_usd)}`, part.chosen ? chip("✓", "good") : null, part.gave ? h("blockquote", null, part.gave) : null,
])))]);
