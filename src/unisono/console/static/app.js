// The frame: which page is shown, the conversations, how the server stands, language and light.

import { Failure, follow } from "./api.js";
import { loadModels, loadReady } from "./asking.js";
import { Chat } from "./chat.js";
import { chatOf, chats, forget, foundIn, openChats } from "./chats.js";
import { button, problem } from "./parts.js";
import { said } from "./sentences.js";
import { state } from "./state.js";
import { t } from "./words.js";

const { createApp, h, ref, reactive, shallowRef, computed, watch, nextTick, onMounted } = Vue;
const ICON = new URL("./icon.svg", import.meta.url).pathname;
const READY_MS = 10_000;
const GONE_MS = 2_000;

// The pages of the operator are loaded when they are opened.
const PAGES = ["traffic", "plane", "decisions", "policies", "bench", "models", "limits", "incidents"];

// What did not come is asked for once more, under another address: Firefox never again asks for one that failed.
let tail = "";
async function loadPage(name) {
  try {
    return await import(`./${name}.js${tail}`);
  } catch {
    await loadReady();
    if (state.ready?.status === "gone") throw new Failure(t("unreachable"));
    tail = `?${Date.now()}`;
  }
  try {
    return await import(`./${name}.js${tail}`);
  } catch {
    throw Object.assign(new Failure(t("page_stale")), { stale: true });   // the server has another console now than the one in this tab
  }
}

function place() {
  const [, name = "chat", id = ""] = /^#\/([a-z]+)(?:\/([^/?]+))?/.exec(location.hash) ?? [];
  return { name: PAGES.includes(name) ? name : "chat", id: decoded(id) };
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }   // an address that somebody cut in the middle
}

const App = {
  setup() {
    const at = reactive(place());
    const shown = shallowRef(null);
    const broken = ref(null);
    const menu = ref(false);
    const menuButton = ref(null);
    const words = ref("");
    const main = ref(null);
    const hits = computed(() => chats.all.length > 1 ? chats.all.filter((chat) => foundIn(chat, words.value)) : chats.all);

    let visit = 0;   // what was on its way to a page that has been left since is not for this one
    async function go() {
      visit += 1;
      Object.assign(at, place());
      menu.value = false;
      broken.value = null;
      shown.value = null;
      if (at.name === "chat") return;
      const mine = visit;
      try {
        const { Page } = await loadPage(at.name);
        if (mine !== visit) return;
        shown.value = Page;
      } catch (error) {
        if (mine !== visit) return;
        broken.value = error;
      }
      await nextTick();
      main.value?.querySelector("h1")?.focus();
    }
    window.addEventListener("hashchange", go);

    function shut(event) {
      if (event.key !== "Escape" || !menu.value) return;
      menu.value = false;
      menuButton.value.focus();
    }

    let started = 0;
    async function start() {
      const mine = ++started;
      const trouble = await loadModels().then(() => null, (error) => error);
      if (mine !== started) return;   // with another key, or once more
      broken.value = trouble?.status === 401 ? null : trouble;
      if (!trouble) forget();
      await loadReady();
    }
    function use(key) {
      if (key === state.key) start();   // it may have been made since
      else state.key = key;
    }
    let stop = null;
    function look(gone, was) {
      stop?.();
      stop = follow(loadReady, gone ? GONE_MS : READY_MS);
      if (was && !gone) forget();
      if (was && !gone && broken.value && !broken.value.stale) again();
    }
    function again() {
      start();
      go();
    }
    onMounted(() => { go(); start(); watch(() => state.ready?.status === "gone", look, { immediate: true }); });
    watch(() => state.key, start);
    watch(() => [at.name, at.id, state.lang, chatOf(at.id)?.title], () => { document.title = `${at.name === "chat" ? chatOf(at.id)?.title || t("chat") : t(at.name)} – Unisono`; }, { immediate: true });

    watch(() => at.id, () => nextTick(() => document.querySelector(".chats [aria-current]")?.scrollIntoView({ block: "nearest" })));

    const link = (name) => h("a", { href: `#/${name}`, class: { on: at.name === name }, "aria-current": at.name === name ? "page" : undefined }, t(name));

    const sidebar = () => h("nav", { class: ["side-bar", { open: menu.value }], id: "pages", "aria-label": t("pages"), onKeydown: shut }, [
      h("a", { href: "#/chat", class: "new", onClick: () => { menu.value = false; } }, `＋ ${t("new_chat")}`),
      chats.all.length > 1 ? h("label", { class: "search" }, [h("span", { class: "unseen" }, t("search_chats")), h("input", { type: "search", placeholder: t("search"), value: words.value, onInput: (event) => { words.value = event.target.value; } })]) : null,
      h("ul", { class: "chats", "aria-label": t("conversations") }, hits.value.map((chat) => h("li", { key: chat.id }, [
        h("a", { href: `#/chat/${chat.id}`, class: { on: at.name === "chat" && at.id === chat.id }, dir: "auto", "aria-current": at.name === "chat" && at.id === chat.id ? "page" : undefined }, chat.title || t("untitled")),
      ]))),
      hits.value.length ? null : h("p", { class: "hint" }, t(chats.all.length ? "no_hits" : "no_chats")),
      chats.kept ? null : h("p", { class: "warn" }, t("unkept")),
      h("h2", null, t("operate")),
      h("ul", { class: "pages" }, PAGES.map((name) => h("li", { key: name }, [link(name)]))),
      settings(),
    ]);

    const settings = () => h("div", { class: "settings" }, [
      h("label", null, [t("language"), h("select", { value: state.lang, onChange: (event) => { state.lang = event.target.value; } }, [h("option", { value: "en", lang: "en" }, "English"), h("option", { value: "zh", lang: "zh" }, "中文")])]),
      h("label", null, [t("light"), h("select", { value: state.theme, onChange: (event) => { state.theme = event.target.value; } }, ["auto", "light", "dark"].map((name) => h("option", { value: name }, t(`light_${name}`))))]),
      state.key ? button(t("key_forget"), () => { state.key = ""; }, { class: "quiet small" }) : null,
    ]);

    const status = () => {
      const name = state.ready?.status;
      if (!name || name === "locked") return null;
      return h("a", { href: "#/incidents", class: ["status", name], title: t("alarms") }, t(name === "gone" ? "unreachable" : name));
    };

    const banner = () => {
      const faults = Object.entries(state.ready?.degraded ?? {});
      if (state.ready?.status === "gone") return h("div", { class: "banner", role: "alert" }, t("unreachable"));
      if (!faults.length) return null;
      return h("div", { class: "banner", role: "alert" }, [h("strong", null, `${t("degraded_banner")}: `), faults.map(([part, why]) => `${part}: ${said(why)}`).join(" · ")]);
    };

    const current = () => {
      if (state.locked) return h(AskKey, { onUse: use });
      if (broken.value?.stale) return problem(broken.value, () => location.reload(), t("load_anew"));
      if (broken.value) return problem(broken.value, again);
      if (at.name === "chat") return h(Chat, { id: at.id });
      return shown.value ? h(shown.value, { id: at.id, key: at.name }) : h("p", { class: "empty", role: "status" }, t("loading"));
    };

    return () => [
      h("a", { class: "skip", href: "#main", onClick: (event) => { event.preventDefault(); main.value.focus(); } }, t("skip")),
      h("header", { class: "top" }, [
        h("button", { type: "button", ref: menuButton, class: "menu-button", onKeydown: shut, "aria-expanded": String(menu.value), "aria-controls": "pages", onClick: () => { menu.value = !menu.value; } }, [h("span", { "aria-hidden": "true" }, "☰"), h("span", { class: "unseen" }, t("menu"))]),
        h("a", { href: "#/chat", class: "brand" }, [h("img", { src: ICON, alt: "", width: 24, height: 24 }), "Unisono"]),
        h("span", { class: "tagline" }, t("tagline")),
        status(),
      ]),
      banner(),
      h("div", { class: "frame" }, [sidebar(), h("main", { id: "main", ref: main, tabindex: -1 }, [current()])]),
      h("div", { class: "unseen", role: "status" }, state.announced),
      h("div", { class: "unseen", role: "alert" }, state.alarmed),
    ];
  },
};

const AskKey = {
  emits: ["use"],
  setup(_, { emit }) {
    const given = ref("");
    const box = ref(null);
    onMounted(() => box.value.focus());
    return () => h("form", { class: "page card ask-key", onSubmit: (event) => { event.preventDefault(); emit("use", given.value.trim()); } }, [
      h("h1", null, t("key")),
      h("p", null, t("key_why")),
      state.refused ? h("p", { class: "bad", role: "alert" }, t("key_refused")) : null,
      h("label", null, [t("key"), h("input", { ref: box, type: "password", autocomplete: "off", value: given.value, onInput: (event) => { given.value = event.target.value; } })]),
      h("div", { class: "row" }, [h("button", { type: "submit", class: "main" }, t("key_use"))]),
    ]);
  },
};

openChats().then(() => {
  const app = createApp(App);
  app.config.errorHandler = (error) => { throw error; };
  app.mount("#app");
  performance.mark("interactive");
});
