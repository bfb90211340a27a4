// Two models answer the same question behind the letters A and B; the vote goes to the record as a preference.

import { send } from "./api.js";
import { fill, messagesOf, newAnswer } from "./asking.js";
import { markdown } from "./markdown.js";
import { announce, button, Dialog } from "./parts.js";
import { said } from "./sentences.js";
import { newId, state } from "./state.js";
import { t } from "./words.js";

const { h, reactive, onBeforeUnmount } = Vue;

export const Compare = {
  props: ["chat", "n", "answered"],
  emits: ["close", "keep"],
  setup(props, { emit }) {
    const names = state.models.map((model) => model.id);
    const first = names.includes(props.answered) ? props.answered : names[0];
    const view = reactive({ models: [first, names.find((name) => name !== first)], sides: null, voted: null, error: null, busy: false });
    onBeforeUnmount(() => view.sides?.forEach((side) => side.answer.running?.abort()));

    async function start() {
      const drawn = Math.random() < 0.5 ? [...view.models] : [...view.models].reverse();
      view.sides = drawn.map((model) => ({ model, answer: newAnswer(model) }));
      view.busy = true;
      const messages = messagesOf(props.chat.turns, props.n);
      // A conversation of its own: who compares has not switched models.
      await Promise.all(view.sides.map((side) => fill(side.answer, { model: side.model, messages, unisono: { session: `compare-${newId()}` } })));
      view.busy = false;
      announce(`${t("compare_a")}, ${t("compare_b")}`);
    }

    async function vote(winner) {
      if (winner === null) { view.voted = { winner: null }; return; }
      const [best, other] = [view.sides[winner], view.sides[1 - winner]];
      Object.assign(view, { busy: true, error: null });
      try {
        await send("POST", `/v1/decisions/${encodeURIComponent(best.answer.facts.decision)}/feedback`, { preferred: best.model, over: other.model });
        view.voted = { winner, text: t("compare_done", best.model, other.model) };
        announce(view.voted.text);
      } catch (error) { view.error = error.message; }
      view.busy = false;
    }

    const pick = (place, label) => h("label", null, [label, h("select", { value: view.models[place], onChange: (event) => { view.models[place] = event.target.value; } },
      names.map((name) => h("option", { value: name, disabled: name === view.models[1 - place] }, name)))]);

    const side = (one, place) => h("section", { class: "side", "aria-label": t(place ? "compare_b" : "compare_a") }, [
      h("h3", null, [t(place ? "compare_b" : "compare_a"), view.voted ? h("small", null, ` – ${t("compare_was", one.model)}`) : null]),
      h("div", { class: "answer-text" }, one.answer.text ? markdown(one.answer.text) : [h("p", { class: "hint" }, said(one.answer.error) ?? t("answering"))]),
    ]);

    const ballot = () => {
      const ready = !view.busy && view.sides.every((one) => one.answer.facts.decision && one.answer.text);
      if (!view.voted) return [
        button(t("compare_better", "A"), () => vote(0), { disabled: !ready, class: "main" }),
        button(t("compare_better", "B"), () => vote(1), { disabled: !ready, class: "main" }),
        button(t("compare_tie"), () => vote(null), { disabled: !ready }),
      ];
      if (view.voted.winner === null) return [h("p", { role: "status" }, t("compare_even"))];
      return [h("p", { role: "status" }, view.voted.text), button(t("compare_keep"), () => emit("keep", view.sides[view.voted.winner].answer), { class: "main" })];
    };

    return () => h(Dialog, { title: t("compare_title"), onClose: () => emit("close") }, () => names.length < 2 ? h("p", { class: "empty" }, t("compare_one")) : [
      h("p", { class: "lead" }, t("compare_lead")),
      view.sides ? h("div", { class: "sides" }, view.sides.map(side)) : h("div", { class: "row" }, [pick(0, t("first_model")), pick(1, t("second_model")), button(t("compare_start"), start, { class: "main" })]),
      view.sides ? h("div", { class: "row ballot" }, ballot()) : null,
      view.error ? h("p", { class: "bad", role: "alert" }, view.error) : null,
    ]);
  },
};
