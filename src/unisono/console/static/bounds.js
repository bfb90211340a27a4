// What every answer of a conversation must keep to: cost, time, quality, and models that may not answer. It asks nothing.

import { button, Dialog } from "./parts.js";
import { modelNamed, state } from "./state.js";
import { t } from "./words.js";

const { h, ref, reactive } = Vue;
const FIELDS = [["max_cost_usd", "max_cost", "≤ $"], ["max_first_token_s", "max_first", "≤ s "], ["min_quality", "min_quality", "≥ "]];

const inWords = (wishes) => [
  ...FIELDS.filter(([name]) => wishes[name] !== undefined).map(([name, , sign]) => `${sign}${wishes[name]}`),
  ...wishes.ban?.length ? [t("bounds_ban", wishes.ban.join(", "))] : [],
].join(" · ");

export const Bounds = {
  props: ["wishes"],
  emits: ["change"],
  setup(props, { emit }) {
    const open = ref(false);
    return () => [
      button(inWords(props.wishes) || t("bounds"), () => { open.value = true; }, { class: ["pick", { on: inWords(props.wishes) }], "aria-haspopup": "dialog", title: t("bounds_title") }),
      open.value ? h(Form, { wishes: props.wishes, onClose: () => { open.value = false; }, onChange: (wishes) => { open.value = false; emit("change", wishes); } }) : null,
    ];
  },
};

const Form = {
  props: ["wishes"],
  emits: ["close", "change"],
  setup(props, { emit }) {
    const given = reactive(Object.fromEntries(FIELDS.map(([name]) => [name, props.wishes[name] ?? ""])));
    const ban = reactive(new Set(props.wishes.ban ?? []));
    const names = [...state.models.map((model) => model.id), ...[...ban].filter((name) => !modelNamed(name))];   // one that has left the pool can be let go of
    function save(event) {
      event.preventDefault();
      const set = FIELDS.filter(([name]) => given[name] !== "").map(([name]) => [name, Number(given[name])]);
      emit("change", { ...Object.fromEntries(set), ...ban.size ? { ban: [...ban] } : {} });
    }
    return () => h(Dialog, { title: t("bounds_title"), onClose: () => emit("close") }, () => h("form", { onSubmit: save }, [
      h("p", { class: "lead" }, t("bounds_lead")),
      h("div", { class: "fields" }, FIELDS.map(([name, label]) => h("label", { key: name }, [t(label), h("input", {
        type: "number", min: 0, max: name === "min_quality" ? 1 : undefined, step: "any", name, value: given[name], placeholder: t("no_bound"), onInput: (event) => { given[name] = event.target.value; },
      })]))),
      h("fieldset", { class: "choices" }, [h("legend", null, t("bounds_never")), ...names.map((name) => h("label", { key: name }, [
        h("input", { type: "checkbox", name, checked: ban.has(name), onChange: (event) => { if (event.target.checked) ban.add(name); else ban.delete(name); } }), name,
      ]))]),
      h("div", { class: "row" }, [h("button", { type: "submit", class: "main" }, t("save"))]),
    ]));
  },
};
