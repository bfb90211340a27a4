// Who answers: the ladder of modes, and the list of models with what is known of each.

import { preview } from "./asking.js";
import { seconds, share, tokens } from "./format.js";
import { icon } from "./icons.js";
import { button, chip, Dialog, sieve, table } from "./parts.js";
import { state } from "./state.js";
import { t, word } from "./words.js";

const { h, ref, nextTick, onMounted } = Vue;
const LADDER = ["auto", "auto:fast", "auto:deep", "auto:pro"];
const short = (mode) => mode.split(":")[1] ?? "auto";

export const asWords = (model) => model === "auto" || model.startsWith("auto:") ? t(`mode_${short(model)}`) : model;
export const isMode = (model) => model === "auto" || model.startsWith("auto:");

export function priceOf(model) {
  const { usd_per_mtok_in: into, usd_per_mtok_out: out } = model.unisono;
  if (into === null || into === undefined) return t("price_none");
  return into === 0 && out === 0 ? t("price_free") : `$${into} / $${out}`;
}

export const lifeOf = (model) => {
  const { lifecycle, until, successor } = model.unisono;
  const text = lifecycle === "sunset" ? t("life_sunset", until ?? "") : word("life", lifecycle);
  return successor ? `${text}, ${t("successor", successor)}` : text;
};

export const healthChip = (health) => chip(word("health", health), health === "up" ? "good" : health === "down" ? "bad" : "warn");

export const Ladder = {
  props: ["model"],
  emits: ["choose"],
  setup(props, { emit, slots }) {
    const listing = ref(false);
    const pick = ref(null);
    async function free() {   // the word that is pressed goes away
      emit("choose", "auto");
      await nextTick();
      pick.value.focus();
    }
    return () => h("fieldset", { class: "ladder" }, [
      h("legend", { class: "unseen" }, t("who_answers")),
      ...LADDER.filter((mode) => state.modes.includes(mode)).map((mode) => h("label", { class: { on: props.model === mode }, title: t(`mode_${short(mode)}_why`) }, [
        h("input", { type: "radio", name: "mode", value: mode, checked: props.model === mode, onChange: () => emit("choose", mode), "aria-description": t(`mode_${short(mode)}_why`) }),
        h("span", null, t(`mode_${short(mode)}`)),
      ])),
      button(isMode(props.model) ? t("choose_model") : [icon("pin"), " ", props.model],
        () => { listing.value = true; }, { ref: pick, class: ["pick", { on: !isMode(props.model) }], "aria-haspopup": "dialog" }),
      isMode(props.model) ? null : button(t("unpin"), free, { class: "quiet small" }),
      slots.default?.(),
      listing.value ? h(ModelList, { chosen: props.model, onClose: () => { listing.value = false; }, onChoose: (name) => { listing.value = false; emit("choose", name); } }) : null,
    ]);
  },
};

export const ModelList = {
  props: ["chosen", "title", "lead"],
  emits: ["close", "choose"],
  setup(props, { emit }) {
    const expected = ref(new Map());
    const { field, keeps } = sieve();
    onMounted(async () => {
      try {
        const decision = await preview([], { text: t("example_1"), files: [], answers: [] }, { model: "auto" });
        expected.value = new Map(decision.ranking.map((place) => [place.model, place]));
      } catch { /* no estimate: the list stands without */ }
    });
    return () => h(Dialog, { title: props.title ?? t("models_title"), onClose: () => emit("close") }, () => [
      h("p", { class: "lead" }, props.lead ?? t("models_lead")),
      field(state.models.length),
      table(t("models_title"), [t("model"), t("price"), t("speed"), t("quality"), t("cutoff"), t("window"), t("lifecycle"), ""], state.models.filter((model) => keeps(model.id)).map((model) => {
        const place = expected.value.get(model.id);
        return { key: model.id, class: { first: props.chosen === model.id }, cells: [
          [h("strong", null, model.id), " ", chip(model.unisono.role), " ", model.unisono.health === "up" ? null : healthChip(model.unisono.health)],
          h("span", { title: t("price_unit") }, priceOf(model)),
          place ? seconds(place.latency.first_token_s) : "–",
          place ? share(place.quality.mean) : "–",
          model.unisono.knowledge_cutoff ?? "–",
          tokens(model.unisono.context_tokens),
          lifeOf(model),
          button(t("use_it"), () => emit("choose", model.id), { class: "small", "aria-label": `${t("use_it")}: ${model.id}` }),
        ] };
      })),
      h("p", { class: "hint" }, t("price_unit")),
    ]);
  },
};
