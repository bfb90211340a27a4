// Small pieces that several pages are made of.

import { address, read } from "./api.js";
import { percent, share } from "./format.js";
import { state } from "./state.js";
import { t } from "./words.js";

const { h, ref, onMounted, onBeforeUnmount, nextTick, watch, Teleport } = Vue;

export function announce(text) {
  state.announced = "";
  nextTick(() => { state.announced = text; });
}

// What went wrong, for them: it interrupts.
export function alarm(text) {
  state.alarmed = "";
  nextTick(() => { state.alarmed = text; });
}

export const button = (label, onClick, more = {}) => h("button", { type: "button", onClick, ...more }, label);

export function page(title, lead, twin, ...children) {
  return h("div", { class: "page" }, [
    h("header", { class: "page-head" }, [h("h1", { tabindex: -1 }, title), twin ? h(Twin, { path: twin }) : null]),
    lead ? h("p", { class: "lead" }, lead) : null,
    ...children,
  ]);
}

export const card = (title, ...children) => h("section", { class: "card" }, [title ? h("h2", null, title) : null, ...children]);
export const empty = (...children) => h("p", { class: "empty" }, children);
// A few choices behind one word: it closes on a choice, on Escape and when the focus leaves it. They are made when it is opened, for a
// long conversation has many menus.
export const Menu = {
  props: ["label"],
  setup(props, { slots }) {
    const open = ref(false);
    const shut = (box) => { box.removeAttribute("open"); box.firstElementChild.focus(); };
    async function toggled({ target }) {
      open.value = target.open;
      await nextTick();
      if (target.open) target.lastElementChild.scrollIntoView({ block: "nearest" });
    }
    return () => h("details", {
      class: "menu",
      onToggle: toggled,
      onKeydown: (event) => { if (event.key === "Escape") shut(event.currentTarget); },
      onFocusout: (event) => { if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) event.currentTarget.removeAttribute("open"); },
    }, [h("summary", null, props.label), h("div", { class: "menu-items", onClick: (event) => shut(event.currentTarget.parentElement) }, open.value ? slots.default() : [])]);
  },
};

export const chip = (text, kind = "", title = null) => h("span", { class: ["chip", kind], title }, text);

// The JSON behind a page. A browser sends no key with a link, so with a key it is fetched and shown.
export const Twin = {
  props: ["path"],
  setup(props) {
    const shown = ref(null);
    async function open(event) {
      if (!state.key) return;
      event.preventDefault();
      try { shown.value = JSON.stringify(await read(props.path), null, 2); } catch (error) { shown.value = error.message; }
    }
    return () => h("span", { class: "twin" }, [
      h("a", { href: address(props.path), target: "_blank", rel: "noopener", onClick: open }, [t("json"), " ", h("code", null, props.path)]),
      shown.value === null ? null : h(Dialog, { title: props.path, onClose: () => { shown.value = null; } }, () => h("pre", { class: "raw", tabindex: 0 }, shown.value)),
    ]);
  },
};

// The browser's own dialog: it holds the focus, and Escape closes it. It stands outside of what opened it: Enter in a field of it
// is not for a form around the button.
export const Dialog = {
  props: ["title"],
  emits: ["close"],
  setup(props, { slots, emit }) {
    const box = ref(null);
    let before = null;
    onMounted(() => { before = document.activeElement; box.value.showModal(); });
    // While it is open nothing behind it can take the focus.
    onBeforeUnmount(() => { box.value.close(); if (before?.isConnected) before.focus(); });
    return () => h(Teleport, { to: "body" }, [h("dialog", { ref: box, "aria-label": props.title, onClose: () => emit("close"), onClick: (event) => event.target === box.value && box.value.close() }, [
      h("div", { class: "dialog" }, [
        h("header", null, [h("h2", null, props.title), button("✕", () => box.value.close(), { class: "quiet", "aria-label": t("close") })]),
        slots.default?.(),
      ]),
    ])]);
  },
};

export function qualityBar(quality) {
  const low = Math.max(0, quality.mean - quality.spread);
  const high = Math.min(1, quality.mean + quality.spread);
  return h("div", { class: "measure" }, [
    h("span", null, `${share(quality.mean)} ± ${share(quality.spread)}`),
    h("span", { class: "bar", "aria-hidden": "true" }, [
      h("i", { style: { left: percent(low, 1).replace(" ", ""), width: `${100 * (high - low)}%` } }),
      h("b", { style: { left: `${100 * quality.mean}%` } }),
    ]),
  ]);
}

export const fillBar = (text, part, more = null) => h("div", { class: "measure" }, [
  h("span", null, text), h("span", { class: "bar", "aria-hidden": "true" }, [h("i", { class: "fill", style: { width: `${Math.max(0, Math.min(100, 100 * (part || 0)))}%` } })]), more,
]);

// Rows under heads; on a phone each row becomes a small card.
export function table(label, heads, rows) {
  return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": label }, [
    h("table", { class: "stacks" }, [
      h("thead", null, [h("tr", null, heads.map((head) => head ? h("th", { scope: "col" }, head) : h("td")))]),
      h("tbody", null, rows.map(({ key, cells, ...more }) => h("tr", { key, ...more }, cells.map((cell, place) => h("td", { role: place ? undefined : "rowheader", "data-head": heads[place] }, Array.isArray(cell) ? cell : [cell]))))),
    ]),
  ]);
}

// A field that leaves those of many rows whose names hold its words; few need none.
const MANY = 12;
export function sieve() {
  const words = ref("");
  const field = (n) => n > MANY ? h("label", { class: "sieve" }, [t("search"), h("input", { type: "search", value: words.value, onInput: (event) => { words.value = event.target.value; } })]) : null;
  const keeps = (name) => name.toLowerCase().includes(words.value.trim().toLowerCase());
  return { field, keeps };
}

// Shows what `load` brings: a line while it runs, the error with a way on, else what `show` makes of it. What was found for another
// choice than today's (`again`) is pale until that one's comes, and so is what could not be asked for anew: a connection that is lost
// for a while takes nothing away.
export function loaded(load, show, { every_ms = 0, again = () => null } = {}) {
  const found = ref(null);
  const foundFor = ref(null);
  const error = ref(null);
  let timer = null;
  let ended = false;
  let asked = 0;
  async function look() {
    clearTimeout(timer);
    const mine = ++asked;
    const wanted = again();
    try {
      const value = await load();
      if (mine !== asked) return;
      found.value = value;
      foundFor.value = wanted;
      error.value = null;
    } catch (problem) {
      if (mine !== asked) return;
      error.value = problem;
    }
    wait();
  }
  // A page that nobody sees asks nothing.
  function wait() {
    const ms = typeof every_ms === "function" ? every_ms() : every_ms;
    if (ms && !ended) timer = setTimeout(() => document.hidden ? wait() : look(), ms);
  }
  onMounted(look);
  onBeforeUnmount(() => { ended = true; clearTimeout(timer); });
  watch([again, () => state.key], look);
  const view = () => {
    const old = foundFor.value !== again();
    if (error.value && (error.value.status || old || found.value === null)) return problem(error.value, look);
    if (found.value === null) return h("p", { class: "empty", role: "status" }, t("loading"));
    return [
      error.value ? problem(error.value, look) : null,
      h("div", { class: { old: old || error.value }, "aria-busy": old ? "true" : undefined }, [show(found.value)].flat()),
    ];
  };
  return { view, look };
}

export function problem(error, again, label = t("retry_load")) {
  const text = error.status === 403 ? t("admin_only") : error.status === 404 && error.code === "not_found" ? t("not_here") : error.message;
  return h("div", { class: "trouble", role: "alert" }, [h("p", null, text), again ? button(label, again) : null]);
}
