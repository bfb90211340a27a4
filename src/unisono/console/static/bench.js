// The policy bench: what another dial or other bounds would change, seen before anything is saved.

import { read, send } from "./api.js";
import { messagesOf } from "./asking.js";
import { clock, dollars, percent, share, whole } from "./format.js";
import { announce, button, card, chip, empty, page, problem, table } from "./parts.js";
import { said } from "./sentences.js";
import { t } from "./words.js";

const { h, reactive, ref, watch, onMounted, onBeforeUnmount } = Vue;
const MAX_PROMPTS = 40;
const AT_ONCE = 4;
const WAIT_MS = 250;
const BOUNDS = [["max_cost_usd", "max_cost", 0.0001], ["max_first_token_s", "max_first", 0.1], ["min_quality", "min_quality", 0.01]];

export const Page = {
  setup() {
    const wish = reactive({ source: "recent", prompts: "", dial: null, max_cost_usd: "", max_first_token_s: "", min_quality: "" });
    const found = ref(null);
    const old = ref(false);             // what was found is not of these settings
    const error = ref(null);
    const progress = ref(null);
    const saving = reactive({ name: "", busy: false, done: null, error: null });
    const today = new Map();            // what each own prompt gets as things stand
    let round = 0;
    let timer = null;
    let begins = false;                 // the dial shows where it stands: nobody has moved it

    const bounds = () => Object.fromEntries(BOUNDS.map(([name]) => [name, Number(wish[name])]).filter(([name, value]) => wish[name] !== "" && Number.isFinite(value)));
    const query = () => new URLSearchParams({ last: 100, ...(wish.dial === null ? {} : { dial: wish.dial }), ...bounds() });
    const prompts = () => wish.prompts.split(/\n\s*\n/).map((text) => text.trim()).filter(Boolean);

    const decided = async (text, unisono) => {
      const messages = messagesOf([{ text, files: [], answers: [], shown: 0 }], 0);
      try {
        const { ranking, reason } = await send("POST", "/v1/route", { model: "auto", messages, unisono });
        const [{ model, quality, cost_usd: cost, latency }] = ranking;
        return { first: { model, quality: quality.mean, usd: cost.usd, first_token_s: latency.first_token_s }, reason };
      } catch (refused) {
        if (refused.status !== 400) throw refused;
        return { first: null, reason: refused.message };
      }
    };

    // A few at a time, so that the bench never crowds out those who ask in earnest.
    async function own(mine) {
      const texts = prompts().slice(0, MAX_PROMPTS);
      const wanted = { ...(wish.dial === null ? {} : { dial: wish.dial }), ...bounds() };
      const rows = new Array(texts.length);
      let next = 0;
      let n = 0;
      async function worker() {
        while (next < texts.length && mine === round) {
          const at = next++;
          const text = texts[at];
          if (!today.has(text)) today.set(text, await decided(text, {}));
          const then = await decided(text, wanted);
          rows[at] = { decision: null, text, before: today.get(text).first, after: then.first, reason: then.reason };
          n += 1;
          if (mine === round) progress.value = [n, texts.length];
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      return { n: texts.length, n_prompts: prompts().length, data: rows };
    }

    async function look() {
      const mine = ++round;
      error.value = null;
      try {
        const recent = wish.source === "recent" ? await read(`/admin/bench?${query()}`) : null;
        if (mine === round && recent && wish.dial === null) {
          begins = recent.dial !== wish.dial;
          wish.dial = recent.dial;
        }
        const result = recent ?? await own(mine);
        if (mine === round) {
          found.value = result;
          old.value = false;
        }
      } catch (problem) {
        if (mine === round) error.value = problem;
      }
      if (mine === round) progress.value = null;
    }

    onMounted(look);
    onBeforeUnmount(() => { round += 1; clearTimeout(timer); });
    watch(() => ({ ...wish }), () => {
      if (begins) { begins = false; return; }
      old.value = true;
      clearTimeout(timer);
      timer = setTimeout(look, WAIT_MS);
    });

    async function save(event) {
      event.preventDefault();
      Object.assign(saving, { busy: true, done: null, error: null });
      try {
        saving.done = (await send("POST", "/admin/policies", { name: saving.name.trim(), settings: { dial: wish.dial } })).id;
        announce(t("bench_saved"));
      } catch (refused) { saving.error = refused; }
      saving.busy = false;
    }

    const number = ([name, label, step]) => h("label", null, [t(label), h("input", { type: "number", min: 0, step, value: wish[name], placeholder: t("no_bound"), onInput: (event) => { wish[name] = event.target.value; } })]);

    const settings = () => card(t("bench_then"),
      h("div", { class: "fields" }, [
        h("label", { class: "across" }, [`${t("dial")}: ${share(wish.dial)}`, h("input", { type: "range", min: 0, max: 1, step: 0.05, value: wish.dial ?? 0.5, onInput: (event) => { wish.dial = Number(event.target.value); } })]),
        ...BOUNDS.map(number),
      ]),
      h("form", { class: "row", onSubmit: save }, [
        h("label", { class: "grow" }, [t("bench_name"), h("input", { value: saving.name, required: true, maxlength: 60, placeholder: `dial-${share(wish.dial)}`, onInput: (event) => { saving.name = event.target.value; } })]),
        h("button", { type: "submit", class: "main", disabled: wish.dial === null || saving.busy }, t("bench_save")),
        Object.keys(bounds()).length ? h("small", null, t("bench_bounds_not")) : null,
      ]),
      saving.done ? h("p", { role: "status" }, [t("bench_saved"), " ", h("a", { href: "#/policies" }, t("policies"))]) : null,
      saving.error ? problem(saving.error) : null);

    const source = () => card(t("bench_source"),
      h("fieldset", { class: "ladder" }, [h("legend", { class: "unseen" }, t("bench_source")), ...["recent", "own"].map((name) => h("label", { class: { on: wish.source === name } }, [
        h("input", { type: "radio", name: "source", checked: wish.source === name, onChange: () => { found.value = null; wish.source = name; } }), t(`bench_${name}`),
      ]))]),
      wish.source === "own" ? [
        h("label", { class: "grow" }, [t("bench_prompts"), h("textarea", { rows: 6, value: wish.prompts, onInput: (event) => { wish.prompts = event.target.value; } })]),
        h("small", null, t("bench_more", MAX_PROMPTS)),
      ] : h("small", null, t("bench_recent_what")));

    const results = () => {
      if (error.value) return problem(error.value, look);
      if (progress.value) return h("p", { role: "status" }, [h("progress", { value: progress.value[0], max: progress.value[1], "aria-label": t("bench_progress", ...progress.value) }), t("bench_progress", ...progress.value)]);
      if (!found.value) return h("p", { class: "empty", role: "status" }, t("loading"));
      if (!found.value.n) return empty(t("empty_bench"));
      return h("div", { class: { old: old.value }, "aria-busy": old.value ? "true" : undefined }, outcome(found.value));
    };

    return () => page(t("bench"), t("bench_lead"), wish.source === "recent" ? `/admin/bench?${query()}` : "/v1/route", h("div", { class: "halves" }, [source(), settings()]), results());
  },
};

const sum = (rows, side, name) => rows.reduce((total, row) => total + (row[side]?.[name] ?? 0), 0);

function outcome({ data: all }) {
  const rows = all.filter(Boolean);
  const changed = rows.filter((row) => row.before?.model !== row.after?.model);
  const served = (side) => rows.filter((row) => row[side]).length;
  const means = (side) => served(side) ? sum(rows, side, "quality") / served(side) : null;
  const pair = (name, before, after) => h("section", { class: "card" }, [h("h2", null, name), h("div", { class: "figure" }, `${before} → ${after}`)]);
  const shares = (side) => [...new Set(rows.map((row) => row[side]?.model ?? t("nobody")))].sort().map((name) => h("li", { key: name }, `${name}: ${percent(rows.filter((row) => (row[side]?.model ?? t("nobody")) === name).length / rows.length)}`));
  return [
    h("div", { class: "cards", role: "status" }, [
      pair(t("bench_cost"), dollars(sum(rows, "before", "usd")), dollars(sum(rows, "after", "usd"))),
      pair(t("bench_quality"), share(means("before"), 3), share(means("after"), 3)),
      h("section", { class: "card" }, [h("h2", null, t("bench_changed")), h("div", { class: "figure" }, `${whole(changed.length)} / ${whole(rows.length)}`)]),
      h("section", { class: "card" }, [h("h2", null, t("bench_today")), h("ul", { class: "plain" }, shares("before"))]),
      h("section", { class: "card" }, [h("h2", null, t("bench_then")), h("ul", { class: "plain" }, shares("after"))]),
    ]),
    table(t("decisions"), [t("bench_source"), t("bench_today"), t("bench_then"), t("quality"), t("cost"), t("reason")], rows.map((row, n) => ({ key: row.decision ?? n, class: { first: row.before?.model !== row.after?.model }, cells: [
      row.decision ? h("a", { href: `#/decisions/${row.decision}` }, clock(row.at)) : row.text.slice(0, 120),
      row.before?.model ?? chip(t("bench_refused"), "bad"), row.after?.model ?? chip(t("bench_refused"), "bad"),
      `${share(row.before?.quality)} → ${share(row.after?.quality)}`, `${dollars(row.before?.usd)} → ${dollars(row.after?.usd)}`, said(row.reason),
    ] }))),
  ];
}
