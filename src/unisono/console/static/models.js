// The pool: what each model costs and can, how it is, what was measured of it, and the way to add one.

import { read, send } from "./api.js";
import { loadModels } from "./asking.js";
import { healthChip, lifeOf, priceOf } from "./choose.js";
import { clock, percent, seconds, share, tokens, whole } from "./format.js";
import { announce, button, chip, Dialog, empty, loaded, page, problem, sieve, table } from "./parts.js";
import { t } from "./words.js";

const { h, reactive, ref } = Vue;
const refused = (error) => { if (error.status === 403 || error.status === 404) return null; throw error; };

export const Page = {
  setup() {
    const adding = ref(false);
    const { field, keeps } = sieve();
    const { view, look } = loaded(async () => {
      const [pool, known, traffic] = await Promise.all([read("/v1/models"), read("/admin/models").catch(refused), read("/admin/traffic?hours=24").catch(refused)]);
      const more = new Map((known?.data ?? []).map((row) => [row.model, row]));
      return pool.data.filter((row) => row.unisono && row.unisono.role !== "embedding").map((row) => ({ ...row, more: more.get(row.id) ?? null, now: traffic?.now[row.id] ?? null }));
    }, show, { every_ms: 5_000 });

    function show(models) {
      if (!models.length) return empty(t("none"));
      return [field(models.length), table(t("models"), [t("model"), t("health"), t("calls"), t("price"), t("window"), t("cutoff"), t("capabilities"), t("probe"), t("lifecycle")], models.filter((model) => keeps(model.id)).map((model) => ({ key: model.id, cells: [
        [h("strong", null, model.id), " ", chip(model.unisono.role), h("small", null, `${model.owned_by} · ${model.unisono.upstream_model}`)],
        [healthChip(model.unisono.health), model.now?.limited_until ? h("small", null, t("host_limited", clock(model.now.limited_until))) : model.now?.rests_s ? h("small", null, t("breaker_retry", seconds(model.now.rests_s))) : null, model.more?.changed ? chip(t("model_changed"), "warn") : null],
        model.now ? t("calls_n", model.now.in_flight, model.now.waiting) : "–",
        [priceOf(model), model.unisono.prices_from ? h("small", null, model.unisono.prices_from) : null],
        tokens(model.unisono.context_tokens),
        model.unisono.knowledge_cutoff ?? "–",
        model.unisono.capabilities.length ? model.unisono.capabilities.map((one) => [chip(one), " "]).flat() : "–",
        probed(model.more),
        [lifeOf(model), ...(model.more?.lineage ?? []).slice(-3).map((event) => h("small", null, `${event.kind ?? ""} ${event.at ? clock(event.at) : ""}`))],
      ] })))];
    }

    return () => page(t("models"), t("models_page_lead"), "/admin/models",
      h("div", { class: "row" }, [button(`＋ ${t("add_model")}`, () => { adding.value = true; }, { class: "main", "aria-haspopup": "dialog" })]),
      view(), h("p", { class: "hint" }, t("price_unit")),
      adding.value ? h(Add, { onClose: () => { adding.value = false; }, onAdded: look }) : null);
  },
};

function probed(more) {
  if (!more?.n_probes) return t("probe_none");
  return [t("probe_n", whole(more.n_probes), percent(more.accuracy)), h("small", null, `${share(more.accuracy_low)} … ${share(more.accuracy_high)}`)];
}

const Add = {
  emits: ["close", "added"],
  setup(_, { emit }) {
    const wish = reactive({ name: "", upstream: "openai", base_url: "", upstream_model: "", variable: "", role: "fast", usd_per_mtok_in: "", usd_per_mtok_out: "", context_tokens: "" });
    const state = reactive({ busy: false, done: null, error: null });
    const field = (name, label, more = {}) => h("label", { class: "grow" }, [label, h("input", { value: wish[name], onInput: (event) => { wish[name] = event.target.value; }, ...more })]);
    const pick = (name, label, options) => h("label", null, [label, h("select", { value: wish[name], onChange: (event) => { wish[name] = event.target.value; } }, options.map((one) => h("option", { value: one }, one)))]);

    async function go(event) {
      event.preventDefault();
      Object.assign(state, { busy: true, error: null });
      const text = Object.fromEntries(["name", "upstream", "base_url", "upstream_model", "role"].map((name) => [name, wish[name].trim()]).filter(([, value]) => value));
      const numbers = Object.fromEntries(["usd_per_mtok_in", "usd_per_mtok_out", "context_tokens"].filter((name) => wish[name] !== "").map((name) => [name, Number(wish[name])]));
      try {
        await send("POST", "/admin/models", { ...text, ...numbers, ...(wish.variable.trim() ? { api_key: `env:${wish.variable.trim()}` } : {}) });
        state.done = text.name;
        announce(t("add_done", text.name));
        loadModels().catch(() => null);   // this dialog may have been closed since; the chat must know it all the same
        emit("added");
      } catch (error) { state.error = error; }
      state.busy = false;
    }

    const form = () => h("form", { onSubmit: go }, [
      h("p", { class: "lead" }, t("add_lead")),
      h("div", { class: "row" }, [field("name", t("add_name"), { required: true, autofocus: true, placeholder: "big" }), pick("upstream", t("add_kind"), ["openai", "anthropic"]), pick("role", t("role"), ["fast", "deep", "fast-mini", "deep-mini", "pro"])]),
      h("div", { class: "row" }, [field("base_url", t("add_url"), { type: "url", required: wish.upstream === "openai", placeholder: wish.upstream === "openai" ? "http://127.0.0.1:11434/v1" : "" }), field("upstream_model", t("add_upstream"), { placeholder: "qwen3:8b" })]),
      h("div", { class: "row" }, [field("variable", t("add_key"), { placeholder: "UNISONO_BIG_KEY", pattern: "[A-Za-z_][A-Za-z0-9_]*" }), field("context_tokens", t("window"), { type: "number", min: 256, placeholder: "8192" })]),
      h("div", { class: "row" }, [field("usd_per_mtok_in", t("add_price_in"), { type: "number", min: 0, step: "any" }), field("usd_per_mtok_out", t("add_price_out"), { type: "number", min: 0, step: "any" })]),
      state.error ? problem(state.error) : null,
      h("div", { class: "row" }, [h("button", { type: "submit", class: "main", disabled: state.busy }, state.busy ? t("add_doing") : t("add_do"))]),
    ]);
    const done = () => [h("p", { role: "status" }, [chip("✓", "good"), " ", t("add_done", state.done)]), h("div", { class: "row" }, [h("a", { href: "#/chat" }, t("new_chat"))])];
    return () => h(Dialog, { title: t("add_model"), onClose: () => emit("close") }, () => state.done ? done() : form());
  },
};
