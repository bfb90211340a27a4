// One turn of a conversation: the question, the answer that is shown, who gave it and why, and what may be done next.

import { send } from "./api.js";
import { ask, goesOn, lack, say as sayNext } from "./asking.js";
import { branchOf, keepChat } from "./chats.js";
import { asWords, isMode, ModelList } from "./choose.js";
import { copied } from "./clipboard.js";
import { Compare } from "./compare.js";
import { Decision, notices } from "./decision.js";
import { dollars, percent, seconds } from "./format.js";
import { draftOf } from "./drafts.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { announce, button, chip, Menu } from "./parts.js";
import { said, straight } from "./sentences.js";
import { modelNamed, state } from "./state.js";
import { broken, languageOf } from "./text.js";
import { t } from "./words.js";

const { h, ref, onBeforeUpdate, onUpdated } = Vue;
const MANY = 12;   // so many models stand in the menu of a retry; of more one is chosen from the list
const COPIED_MS = 2_000;
const LONG = { chars: 1_500, lines: 16 };   // a longer message is folded, so that its answer is seen
const isLong = (text) => text.length > LONG.chars || text.split("\n", LONG.lines + 1).length > LONG.lines;
const HOWS = ["deeper", "faster", "other"];
const WORDS = { 1: ["right", "clear", "style"], 0: ["wrong", "outdated", "shallow", "long", "ignored", "refused"] };

function modelBefore(chat, n) {
  for (let at = n - 1; at >= 0; at -= 1) {
    const facts = chat.turns[at].answers[chat.turns[at].shown]?.facts;
    if (facts?.model) return facts.model;
  }
  return null;
}

export const Turn = {
  props: ["chat", "n"],
  setup(props) {
    const why = ref(false);
    const comparing = ref(false);
    const trouble = ref(null);
    const choosing = ref(false);
    const taken = ref(false);
    const unfolded = ref(false);
    const box = ref(null);
    const turn = () => props.chat.turns[props.n];
    const answer = () => turn().answers[turn().shown] ?? null;

    // A control that goes away under the focus (Stop, Pin) leaves it to the first one that is there then.
    let held = false;
    onBeforeUpdate(() => { held = box.value.contains(document.activeElement); });
    onUpdated(() => { if (held && document.activeElement === document.body) box.value.querySelector(".answer > .actions button")?.focus(); });

    // How an answer is asked for again: as before, deeper, faster, by another model, or by one that is named, and then by no other.
    // Where the server knows of no decision (a limit was used up, the network was away, the record was purged) there is none to take
    // again, and the wish is said in other words.
    function wish(how, { asked, text }, decision) {
      const known = decision ? { retry_of: decision } : {};
      if (!how) return { model: asked, unisono: text ? known : {} };
      if (!HOWS.includes(how)) return { model: how, unisono: { ...known, how } };
      if (decision) return { model: "auto", unisono: { ...known, how } };
      if (how === "other") return { model: "auto", unisono: isMode(asked) ? {} : { ban: [asked] } };
      return { model: how === "deeper" ? "auto:deep" : "auto:fast", unisono: {} };
    }

    function again(how) {
      why.value = false;
      const one = answer();
      ask(props.chat, props.n, { ...wish(how, one, one.facts.decision), unknown: wish(how, one, null) });
    }

    function edit() {
      const { text, files } = turn();
      const fresh = branchOf(props.chat, props.n);
      Object.assign(draftOf(fresh.id), { text, files: [...files] });
      location.hash = `#/chat/${fresh.id}`;
    }

    const goOn = () => sayNext(props.chat, { text: t("go_on_words") });

    async function now() {
      const { facts, running } = answer();
      running?.abort();
      const unisono = facts.decision ? { retry_of: facts.decision, how: "faster" } : {};
      await ask(props.chat, props.n, { model: "auto:fast", unisono });
    }

    // One after the other, in the order in which they were said; about the answer that was shown then.
    let sayings = Promise.resolve();
    let latest = "";
    function say(body, change) {
      const one = answer();
      const saying = JSON.stringify([one.facts.decision, body]);
      if (saying === latest) return;   // the second click of two
      latest = saying;
      sayings = sayings.then(async () => {
        try {
          await send("POST", `/v1/decisions/${encodeURIComponent(one.facts.decision)}/feedback`, body);
          Object.assign(one, change);
          trouble.value = null;
          announce(t("thanks"));
          await keepChat(props.chat);
        } catch (error) {
          latest = "";
          trouble.value = error.message;
        }
      });
    }

    function pin(model) {
      props.chat.model = model;
      keepChat(props.chat);
      announce(t("pinned", model));
    }

    function keep(better) {
      comparing.value = false;
      turn().answers.push({ ...better });
      turn().shown = turn().answers.length - 1;
      keepChat(props.chat);
    }

    const step = (by) => { turn().shown += by; why.value = false; keepChat(props.chat); };

    async function copy(text) {
      await copied(text);
      announce(t("copied"));
      taken.value = true;
      setTimeout(() => { taken.value = false; }, COPIED_MS);
    }

    const head = (one) => {
      const { model } = one.facts;
      const before = modelBefore(props.chat, props.n);
      const differs = model && before && before !== model;
      return h("header", null, [
        h("h2", { class: "who" }, straight(model) ?? asWords(one.asked)),
        isMode(one.asked) ? chip(asWords(one.asked)) : chip([icon("pin"), t("pin_short")]),
        differs ? chip(`⇄ ${t("changed", straight(before))}`, "warn") : null,
        one.facts.pattern && one.facts.pattern !== "single" ? chip(t(`pattern_${one.facts.pattern}`)) : null,
        one.facts.degraded ? chip(t("degraded"), "bad") : null,
        h("span", { class: "because" }, said(one.facts.reason) ?? (one.status === "running" ? t("choosing") : "")),
      ]);
    };

    const saving = ({ cost_usd: cost, baseline_usd: base }) => {
      if (cost === null || cost === undefined || base === null || base === undefined || Math.abs(base - cost) < 1e-9) return null;
      const part = base > 0 ? ` (${percent(Math.abs(base - cost) / base)})` : "";
      return h("span", { class: "fact", title: t("savings_what") }, base > cost ? `${t("saved")} ${dollars(base - cost)}${part}` : `${t("dearer")} ${dollars(cost - base)}${part}`);
    };

    const facts = (one) => h("p", { class: "facts" }, [
      h("span", { class: "fact" }, `${t("cost")} ${dollars(one.facts.cost_usd)}`),
      h("span", { class: "fact" }, `${t("took")} ${seconds(one.total_s)}`),
      one.first_s === null ? null : h("span", { class: "fact" }, `${t("first_word")} ${seconds(one.first_s)}`),
      saving(one.facts),
    ]);

    const versions = () => turn().answers.length < 2 ? null : h("span", { class: "versions" }, [
      button("‹", () => turn().shown > 0 && step(-1), { class: "quiet small", "aria-disabled": String(turn().shown === 0), "aria-label": t("version_before") }),
      h("span", null, t("version", turn().shown + 1, turn().answers.length)),
      button("›", () => turn().shown < turn().answers.length - 1 && step(1), { class: "quiet small", "aria-disabled": String(turn().shown === turn().answers.length - 1), "aria-label": t("version_next") }),
    ]);

    const retryMenu = () => h(Menu, { label: t("retry") }, () => [
      button(t("retry_again"), () => again()),
      ...HOWS.map((how) => button(t(`retry_${how}`), () => again(how))),
      ...state.models.length > MANY ? [button(t("choose_model"), () => { choosing.value = true; }, { "aria-haspopup": "dialog" })]
        : state.models.map((model) => button(t("retry_with", model.id), () => again(model.id), { key: model.id })),
    ]);

    const isLast = () => props.n === props.chat.turns.length - 1;

    const actions = (one) => h("div", { class: "actions" }, [
      one.status === "failed" ? button(t("retry_load"), () => again(), { class: "small" }) : null,
      goesOn(one) && isLast() ? button(t("go_on"), goOn, { class: "small" }) : null,
      one.facts.decision ? button(why.value ? t("why_hide") : t("why"), () => { why.value = !why.value; }, { class: "small", "aria-expanded": String(why.value) }) : null,
      retryMenu(),
      button(t("compare"), () => { comparing.value = true; }, { class: "quiet small", "aria-haspopup": "dialog" }),
      modelNamed(one.facts.model) && props.chat.model !== one.facts.model ? button(t("pin", one.facts.model), () => pin(one.facts.model), { class: "quiet small" }) : null,
      one.text ? button(taken.value ? t("copied") : t("copy"), () => copy(one.text), { class: "quiet small" }) : null,
      one.facts.decision && one.text ? [
        button(icon("up"), () => say({ score: 1 }, { said: 1, word: null }), { class: ["quiet", "small", { on: one.said === 1 }], "aria-label": t("good"), "aria-pressed": String(one.said === 1), title: t("good") }),
        button(icon("down"), () => say({ score: 0 }, { said: 0, word: null }), { class: ["quiet", "small", { on: one.said === 0 }], "aria-label": t("bad"), "aria-pressed": String(one.said === 0), title: t("bad") }),
      ] : null,
      versions(),
    ]);

    const reasons = (one) => one.said === null || one.said === undefined ? null : h("div", { class: "row reasons", role: "group", "aria-label": t("reason_ask") }, one.word ? [h("small", null, t("thanks"))] : [
      h("small", null, t("reason_ask")),
      ...WORDS[one.said].map((word) => button(t(`reason_${word}`), () => say({ reason: word }, { word }), { class: "quiet small" })),
    ]);

    const after = (one) => one.status === "running"
      ? h("div", { class: "actions" }, [button(t("stop"), () => one.running?.abort(), { class: "small" }), isMode(one.asked) && one.asked !== "auto:fast" ? button(t("answer_now"), now, { class: "small" }) : null])
      : one.elsewhere ? h("p", { class: "hint" }, t("elsewhere")) : [facts(one), actions(one), reasons(one)];

    const body = (one) => h("article", { class: ["answer", one.elsewhere ? "running" : one.status], "aria-busy": String(one.status === "running"), "aria-label": straight(one.facts.model) ?? t("answering") }, [
      head(one),
      notices(one.facts.notices),
      one.thinking ? h("details", { class: "thinking", open: one.status === "running" && !one.text }, [h("summary", null, t("thinking")), h("div", null, markdown(one.thinking))]) : null,
      h("div", { class: "answer-text", lang: languageOf(one.text) }, markdown(one.text)),
      one.status === "running" && !one.text ? h("p", { class: "dots", "aria-hidden": "true" }, "…") : null,
      one.status === "stopped" ? h("p", { class: "hint" }, t("stopped")) : null,
      lack(one) ? h("p", { class: "bad" }, t(lack(one))) : null,
      one.error ? h("p", { class: "bad" }, said(one.error)) : null,
      after(one),
      trouble.value ? h("p", { class: "bad", role: "alert" }, trouble.value) : null,
      why.value && one.facts.decision ? h(Decision, { id: one.facts.decision, parts: one.facts.parts, heading: "h3" }) : null,
    ]);

    return () => h("section", { class: "turn", ref: box }, [
      h("article", { class: "question", "aria-label": t("you") }, [
        h("div", { class: ["asked", { folded: isLong(turn().text) && !unfolded.value }], dir: "auto", lang: languageOf(turn().text) }, broken(turn().text)),
        turn().files.length ? h("ul", { class: "files" }, turn().files.map((file) => h("li", null, file.kind === "image" ? h("img", { src: file.data, alt: file.name }) : [icon("page"), ` ${file.name}`]))) : null,
        h("div", { class: "actions" }, [isLong(turn().text) ? button(t(unfolded.value ? "fold" : "unfold"), () => { unfolded.value = !unfolded.value; }, { class: "quiet small", "aria-expanded": String(unfolded.value) }) : null, button(t("edit"), edit, { class: "quiet small", title: t("edit_what") })]),
      ]),
      answer() ? body(answer()) : null,
      comparing.value ? h(Compare, { chat: props.chat, n: props.n, answered: answer()?.facts.model, onClose: () => { comparing.value = false; }, onKeep: keep }) : null,
      choosing.value ? h(ModelList, { title: t("retry"), lead: t("retry_lead"), onClose: () => { choosing.value = false; }, onChoose: (name) => { choosing.value = false; again(name); } }) : null,
    ]);
  },
};
