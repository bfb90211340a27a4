// The public JSON API, and nothing else, is what the console knows the server by.

import { state } from "./state.js";
import { t } from "./words.js";

// The server may stand below a path of a proxy: this module lies at console/VERSION/ below it.
const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
export const address = (path) => ROOT + path;

export class Failure extends Error {
  constructor(message, { status = 0, code = null, unisono = {} } = {}) {
    super(message);
    Object.assign(this, { status, code, unisono });
  }
}

let heard = 0;   // when something came from the server last

async function call(path, { method = "GET", body, signal } = {}) {
  const began = performance.now();
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const { key } = state;
  if (key) headers.authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(address(path), { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (heard < began) state.ready = { status: "gone", degraded: {} };   // else it was this request's own misfortune
    throw new Failure(t("no_answer"));
  }
  heard = performance.now();
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  if (response.status === 401 && key === state.key) {   // else it is about a key that is no longer used
    state.locked = true;
    state.refused ||= Boolean(key);
  }
  throw new Failure(said.error?.message ?? `${t("no_answer")} (${response.status})`, {   // a proxy's word, not the server's
    status: response.status, code: said.error?.code ?? null, unisono: said.unisono ?? {},
  });
}

export async function read(path, options) {
  const response = await call(path, options);
  return response.json().catch((error) => {
    throw error.name === "AbortError" ? error : new Failure(t("no_answer"));   // cut on the way, or a proxy's page
  });
}
export const send = (method, path, body, signal) => read(path, { method, body, signal });

// Yields the documents of an event stream; returns true if the stream ended as it should.
export async function* events(path, body, signal) {
  const response = await call(path, { method: "POST", body, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      if (error.name === "AbortError") throw error;
      return { done: true };   // the connection broke; a browser has words of its own for that
    });
    if (done) return false;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return true;
      const document = JSON.parse(data);
      if (document.error) throw new Failure(document.error.message, { code: document.error.code });
      yield document;
    }
  }
}

// Calls `look` now and again while the page is seen; returns what ends it.
export function follow(look, every_ms) {
  let timer = null;
  let ended = false;
  async function turn() {
    clearTimeout(timer);
    if (ended) return;
    if (!document.hidden) await look();
    if (!ended) timer = setTimeout(turn, every_ms);
  }
  turn();
  return () => { ended = true; clearTimeout(timer); };
}
