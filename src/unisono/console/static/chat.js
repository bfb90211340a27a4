// The page where people talk: the conversation, and below it what they write, who would answer and what is left.

import { loadLimits, preview, say } from "./asking.js";
import { Turn } from "./answer.js";
import { Bounds } from "./bounds.js";
import { chatOf, chats, dropChat, keepChat, startChat } from "./chats.js";
import { asWords, isMode, Ladder } from "./choose.js";
import { clock, dollars, seconds, whole } from "./format.js";
import { draftOf, dropDraft } from "./drafts.js";
import { exported } from "./exported.js";
import { icon } from "./icons.js";
import { button, chip, Dialog, Menu } from "./parts.js";
import { said } from "./sentences.js";
import { modelNamed, state } from "./state.js";
import { t, word } from "./words.js";

const { h, ref, reactive, computed, watch, onMounted, onBeforeUnmount, nextTick } = Vue;
const MAX_TEXT = 200_000;
const MAX_IMAGE = 4_000_000;
const PREVIEW_MS = 400;

const as = (file, how) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader[how](file);
});

async function readFile(file) {
  if (file.type.startsWith("image/")) {
    if (file.size > MAX_IMAGE) throw new Error(t("too_big", file.name));
    return { name: file.name, kind: "image", data: await as(file, "readAsDataURL") };
  }
  if (file.size > MAX_TEXT) throw new Error(t("too_big", file.name));
  const data = await as(file, "readAsText");
  if (data.includes("\0") || data.includes("\uFFFD")) throw new Error(t("not_text", file.name));
  return { name: file.name, kind: "text", data };
}

// What the server keeps of the words, as it says itself; nothing is said before it has.
const keeps = () => { const kept = state.ready?.record?.text; return kept ? word("keeps", kept) : null; };

export const Chat = {
  props: ["id"],
  setup(props) {
    const chat = computed(() => chatOf(props.id) ?? null);
    const fresh = reactive({ model: "auto", wishes: {} });   // before the first message there is no conversation yet
    const draft = computed(() => draftOf(props.id));
    const would = ref(null);
    const trouble = ref(null);
    const box = ref(null);
    const picker = ref(null);
    const thread = ref(null);
    const model = () => chat.value?.model ?? fresh.model;
    const wishes = () => (chat.value ?? fresh).wishes ?? {};
    const busy = () => chat.value?.turns.some((turn) => turn.answers.some((answer) => answer.status === "running" || answer.elsewhere)) ?? false;

    function choose(name) {
      if (chat.value) { chat.value.model = name; keepChat(chat.value); } else fresh.model = name;
    }

    function bound(given) {
      (chat.value ?? fresh).wishes = given;
      if (chat.value) keepChat(chat.value);
    }

    async function submit(event) {
      event?.preventDefault();
      if (!draft.value.text.trim() && !draft.value.files.length) return;
      if (busy()) { trouble.value = t("still_answering"); return; }
      if (draft.value.reading) { trouble.value = t("still_reading"); return; }
      const sent = draft.value;   // its conversation may begin with it, and then has a draft of its own
      let mine = chat.value;
      if (!mine) {
        mine = startChat();
        Object.assign(mine, fresh);
        Object.assign(fresh, { model: "auto", wishes: {} });   // a pin and bounds are for the one conversation
        location.hash = `#/chat/${mine.id}`;
      }
      const { text, files } = sent;
      Object.assign(sent, { text: "", files: [] });
      would.value = trouble.value = null;
      stick = true;
      const answered = say(mine, { text, files });
      nextTick(() => thread.value?.lastElementChild?.scrollIntoView({ block: "nearest" }));   // in a low window the page scrolls
      await answered;
    }

    async function take(files) {
      const mine = draft.value;
      const tell = (text) => { if (draft.value === mine) trouble.value = text; };   // not in another conversation
      const troubles = [];
      tell(null);
      if (picker.value) picker.value.value = "";
      mine.reading += 1;
      for (const file of files) {
        try { mine.files.push(await readFile(file)); } catch (error) { troubles.push(error.message); }
      }
      mine.reading -= 1;
      tell(troubles.join(" ") || null);
    }

    // ------------------------------------------------------------------------ what Auto would do
    let timer = null;
    let asking = null;
    watch(() => [draft.value.text, draft.value.files.length, model(), wishes(), chat.value?.turns.length, state.key], () => {
      clearTimeout(timer);
      asking?.abort();
      if (draft.value.text.trim().length < 2 && !draft.value.files.length) { would.value = null; return; }
      timer = setTimeout(async () => {
        asking = new AbortController();
        try {
          const of = model();
          would.value = { of, decision: await preview(chat.value?.turns ?? [], draft.value, { model: of, session: chat.value?.id, wishes: wishes(), signal: asking.signal }) };
        } catch (error) {
          if (error.name !== "AbortError") would.value = { error: error.message };
        }
      }, PREVIEW_MS);
    });
    watch(() => [props.id, model()], () => { would.value = null; });   // what was said of another conversation or mode is not true of this one
    onBeforeUnmount(() => { clearTimeout(timer); asking?.abort(); });

    function foresight() {
      if (!would.value) return h("span", { class: "hint" }, t("question_hint"));
      if (would.value.error) return h("span", { class: "bad" }, t("would_none", said(would.value.error)));
      const first = would.value.decision.ranking[0];
      return [
        h("strong", null, t("would", asWords(would.value.of), first.model)),
        " ", h("span", { class: "because" }, said(would.value.decision.reason)),
        would.value.decision.degraded ? null : [" ", h("span", { class: "hint" }, t("would_cost", dollars(first.cost_usd.usd), seconds(first.latency.first_token_s)))],
      ];
    }

    // ------------------------------------------------------------------------ following the answer
    let stick = true;
    const down = () => nextTick(() => { if (chat.value?.turns.length && thread.value) thread.value.scrollTop = thread.value.scrollHeight; });
    const onScroll = (event) => { const at = event.target; stick = at.scrollHeight - at.scrollTop - at.clientHeight < 80; };
    watch(() => { const turn = chat.value?.turns.at(-1); const one = turn?.answers[turn.shown]; return [turn?.shown, one?.text.length, one?.status]; }, () => { if (stick) down(); });
    watch(() => props.id, () => { stick = true; trouble.value = null; down(); nextTick(() => box.value?.focus()); });
    watch(busy, () => { trouble.value = null; });
    onMounted(() => { loadLimits(); box.value?.focus(); down(); });

    // The Enter that ends a composition (Chinese, Japanese, Korean) sends nothing: Safari tells of it by the old code alone.
    function onKey(event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) submit(event);
    }

    // Those limits that the chosen model stands under; for Auto all of them.
    const counts = (limit) => isMode(model()) || (!limit.models.length || limit.models.includes(model())) && (!limit.roles.length || limit.roles.includes(modelNamed(model())?.unisono.role));
    // The four that are nearest to their ends.
    const left = () => state.limits.filter(counts).sort((a, b) => a.left / a.amount - b.left / b.amount).slice(0, 4).map((limit) => h("span", { key: limit.limit, class: ["fact", { warn: limit.left < 0.2 * limit.amount }] },
      [t("left", limit.limit, whole(limit.left), whole(limit.amount), word("counts", limit.counts)), limit.returns && limit.left < limit.amount ? ` · ${t("left_back", clock(limit.returns))}` : ""]));

    const sees = () => state.models.some((one) => one.unisono.capabilities?.includes("vision"));

    const composer = () => h("form", { class: "composer", onSubmit: submit, onDragover: (event) => event.preventDefault(), onDrop: (event) => { event.preventDefault(); take(event.dataTransfer.files); } }, [
      h(Ladder, { model: model(), onChoose: choose }, () => h(Bounds, { wishes: wishes(), onChange: bound })),
      h("p", { class: "would", "aria-live": "polite" }, foresight()),
      draft.value.files.length ? h("ul", { class: "files", "aria-label": t("attached") }, draft.value.files.map((file, n) => h("li", { key: file.name + n }, [
        file.kind === "image" ? h("img", { src: file.data, alt: "" }) : icon("page"), ` ${file.name} `, button("✕", () => draft.value.files.splice(n, 1), { class: "quiet small", "aria-label": t("remove", file.name) }),
      ]))) : null,
      draft.value.files.some((file) => file.kind === "image") && !sees() ? h("p", { class: "warn" }, t("no_vision")) : null,
      trouble.value ? h("p", { class: "bad", role: "alert" }, trouble.value) : null,
      chats.full ? h("p", { class: "bad", role: "alert" }, t("full")) : null,
      h("div", { class: "write" }, [
        h("label", { class: "attach", title: t("attach") }, [icon("clip"), h("span", { class: "unseen" }, t("attach")), h("input", { ref: picker, type: "file", multiple: true, class: "unseen", onChange: (event) => take([...event.target.files]) })]),
        h("textarea", { ref: box, rows: 2, value: draft.value.text, dir: "auto", "aria-label": t("question"), placeholder: t("question"), onInput: (event) => { draft.value.text = event.target.value; }, onKeydown: onKey,
          onPaste: (event) => { const files = [...event.clipboardData.files]; if (files.length) { event.preventDefault(); take(files); } } }),
        h("button", { type: "submit", class: "main", disabled: busy() || draft.value.reading > 0 || !draft.value.text.trim() && !draft.value.files.length }, t("ask")),
      ]),
      state.limits.length ? h("p", { class: "facts limits" }, left()) : null,
    ]);

    const welcome = () => h("div", { class: "welcome" }, [
      h("h1", null, t("hello")),
      h("p", { class: "lead" }, t("hello_hint")),
      h("div", { class: "row" }, ["example_1", "example_2", "example_3"].map((name) => button(t(name), () => { draft.value.text = t(name); box.value?.focus(); }))),
      h("p", { class: state.ready?.record?.text === "text" ? "warn" : "hint" }, keeps()),
      state.models.length === 1 ? h("p", { class: "hint" }, [t("only_one", state.models[0].id), " ", h("a", { href: "#/models" }, t("add_model"))]) : null,
    ]);

    return () => h("div", { class: "chat" }, [
      chat.value ? h(ChatHead, { chat: chat.value, key: chat.value.id }) : null,
      h("div", { class: "thread", ref: thread, onScroll, tabindex: chat.value?.turns.length ? 0 : undefined, role: chat.value?.turns.length ? "region" : undefined, "aria-label": chat.value?.turns.length ? t("chat") : undefined },
        chat.value?.turns.length ? chat.value.turns.map((turn, n) => h(Turn, { chat: chat.value, n, key: `${chat.value.id} ${turn.id ?? n}` })) : [welcome()]),
      composer(),
    ]);
  },
};

const ChatHead = {
  props: ["chat"],
  setup(props) {
    const renaming = ref(null);
    const deleting = ref(false);
    const saved = (event) => {
      event.preventDefault();
      props.chat.title = renaming.value.trim() || props.chat.title;
      keepChat(props.chat);
      renaming.value = null;
    };
    function download(form) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([exported(props.chat, form)], { type: form === "json" ? "application/json" : "text/markdown" }));
      link.download = `${props.chat.title.replace(/[^\p{L}\p{N} _-]/gu, "").trim() || "conversation"}.${form}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
    function drop() {
      deleting.value = false;
      dropDraft(props.chat.id);
      dropChat(props.chat);
      location.hash = "#/chat";
    }
    return () => h("header", { class: "chat-head" }, [
      h("h1", { dir: "auto" }, props.chat.title || t("untitled")),
      chatOf(props.chat.from) ? h("a", { class: "hint", href: `#/chat/${props.chat.from}` }, t("branch_of")) : null,
      state.ready?.record?.text === "text" ? chip(t("words_kept"), "warn", keeps()) : null,
      h("div", { class: "actions" }, [
        button(t("rename"), () => { renaming.value = props.chat.title; }, { class: "quiet small" }),
        h(Menu, { label: t("export") }, () => [button("Markdown", () => download("md")), button("JSON", () => download("json"))]),
        button(t("delete"), () => { deleting.value = true; }, { class: "quiet small" }),
      ]),
      renaming.value === null ? null : h(Dialog, { title: t("rename"), onClose: () => { renaming.value = null; } }, () => h("form", { onSubmit: saved }, [
        h("label", null, [t("title"), h("input", { value: renaming.value, maxlength: 120, autofocus: true, onInput: (event) => { renaming.value = event.target.value; } })]),
        h("div", { class: "row" }, [h("button", { type: "submit", class: "main" }, t("save"))]),
      ])),
      deleting.value ? h(Dialog, { title: t("delete"), onClose: () => { deleting.value = false; } }, () => [
        h("p", null, t("delete_sure", props.chat.title || t("untitled"))), h("div", { class: "row" }, [button(t("delete"), drop, { class: "danger" })]),
      ]) : null,
    ]);
  },
};
