// The pool: what each model costs and can, how it is, and what was measured of it.

import { read } from "./api.js";
import { healthChip, lifeOf, priceOf } from "./choose.js";
import { tokens } from "./format.js";
import { chip, empty, loaded, page, table } from "./parts.js";
import { t } from "./words.js";

const { h } = Vue;

export const Page = {
  setup() {
    const { view } = loaded(() => read("/v1/models"), ({ data }) => {
      const models = data.filter((row) => row.unisono && row.unisono.role !== "embedding");
      if (!models.length) return empty(t("none"));
      return table(t("models"), [t("model"), t("health"), t("role"), t("price"), t("window"), t("cutoff"), t("capabilities"), t("lifecycle")], models.map((model) => ({ key: model.id, cells: [
        [h("strong", null, model.id), h("small", null, `${model.owned_by} · ${model.unisono.upstream_model}`)],
        healthChip(model.unisono.health),
        model.unisono.role,
        [priceOf(model), model.unisono.prices_from ? h("small", null, model.unisono.prices_from) : null],
        tokens(model.unisono.context_tokens),
        model.unisono.knowledge_cutoff ?? "–",
        model.unisono.capabilities.length ? model.unisono.capabilities.map((one) => [chip(one), " "]).flat() : "–",
        lifeOf(model),
      ] })));
    }, { every_ms: 5_000 });
    return () => page(t("models"), t("models_page_lead"), "/v1/models", view(), h("p", { class: "hint" }, t("price_unit")));
  },
};
