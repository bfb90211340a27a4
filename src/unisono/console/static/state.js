// What all pages share: who looks, in which language and light, and how the server stands.

const { reactive, watch } = Vue;

// A browser that may keep nothing (all cookies blocked) does not even let the stores be named: they come as functions.
export const local = () => localStorage;
export const session = () => sessionStorage;

export function kept(store, name, otherwise) {
  try { return store().getItem(`unisono.${name}`) ?? otherwise; } catch { return otherwise; }
}

export function keep(store, name, value) {
  try { store().setItem(`unisono.${name}`, value); } catch { /* a private window keeps nothing */ }
}

const wanted = navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en";

export const state = reactive({
  lang: kept(local, "lang", wanted) === "zh" ? "zh" : "en",
  theme: kept(local, "theme", "auto"),
  key: kept(session, "key", ""),   // for this tab only
  locked: false,                          // the server asks for a key
  refused: false,                         // it did not take the one that was given
  ready: null,                            // what /readyz said last
  models: [],                             // of /v1/models, without the modes of auto
  modes: ["auto"],
  limits: [],
  announced: "",                          // for those who do not see the page
  alarmed: "",                            // the same, of what went wrong
});

watch(() => state.key, (key) => keep(session, "key", key), { flush: "sync" });
watch(() => [state.lang, state.theme], ([lang, theme]) => {
  keep(local, "lang", lang);
  keep(local, "theme", theme);
  document.documentElement.lang = lang === "zh" ? "zh-Hans" : "en";
  document.documentElement.dataset.theme = theme;
}, { immediate: true });

// A name that nothing else has. `crypto.randomUUID` is missing where a page comes over plain HTTP from another machine.
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const modelNamed = (name) => state.models.find((model) => model.id === name);
