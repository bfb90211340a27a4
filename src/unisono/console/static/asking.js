// What a conversation asks the server, and what becomes of an answer while it arrives. It draws nothing.

import { events, read, Failure } from "./api.js";
import { keepChat, saveChat } from "./chats.js";
import { announce } from "./parts.js";
import { newId, state } from "./state.js";
import { t } from "./words.js";

const { markRaw } = Vue;
const DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const KEEP_MS = 1_000;   // what has come of an answer is kept so often, for a tab may be closed at any time

export const newAnswer = (asked) => ({ id: newId(), text: "", thinking: "", facts: {}, status: "running", error: null, asked, first_s: null, total_s: null, said: null, word: null });

export const shownAnswer = (turn) => turn.answers[turn.shown] ?? null;

function content(turn, sketch) {
  const texts = turn.files.filter((file) => file.kind === "text").map((file) => `${file.name}:\n\`\`\`\n${file.data}\n\`\`\``);
  const text = [turn.text, ...texts].filter(Boolean).join("\n\n");
  const images = turn.files.filter((file) => file.kind === "image");
  if (!images.length) return text;
  return [{ type: "text", text }, ...images.map((file) => ({ type: "image_url", image_url: { url: sketch ? DOT : file.data } }))];
}

// The conversation up to turn `upto`, whose question is the last message.
export function messagesOf(turns, upto, { sketch = false } = {}) {
  const found = [];
  turns.slice(0, upto + 1).forEach((turn, n) => {
    found.push({ role: "user", content: content(turn, sketch) });
    const answer = shownAnswer(turn);
    if (n < upto && answer?.text) found.push({ role: "assistant", content: answer.text });
  });
  return found;
}

// Takes a stream into `answer`.
export async function fill(answer, body) {
  const stop = new AbortController();
  answer.running = markRaw(stop);
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  try {
    const stream = events("/v1/chat/completions", { ...body, stream: true }, stop.signal);
    for (;;) {
      const { done, value } = await stream.next();
      if (done) {
        answer.status = value ? "ok" : "cut";
        break;
      }
      if (value.unisono) Object.assign(answer.facts, value.unisono);
      const delta = value.choices?.[0]?.delta;
      const thought = delta?.reasoning_content ?? delta?.reasoning;
      if (thought) answer.thinking += thought;
      if (delta?.content) {
        answer.first_s ??= since();
        answer.text += delta.content;
      }
    }
  } catch (error) {
    if (error.name === "AbortError") answer.status = "stopped";
    else {
      answer.status = answer.text ? "cut" : "failed";
      answer.error = error.message;
      if (error instanceof Failure && error.unisono.decision) answer.facts.decision ??= error.unisono.decision;
    }
  }
  answer.total_s = since();
  delete answer.running;
}

export async function ask(chat, n, { model, unisono = {} }) {
  const turn = chat.turns[n];
  turn.answers.push(newAnswer(model));
  turn.shown = turn.answers.length - 1;
  const answer = turn.answers[turn.shown];
  const messages = messagesOf(chat.turns, n);
  const keeping = setInterval(() => saveChat(chat), KEEP_MS);
  await saveChat(chat);
  await fill(answer, { model, messages, unisono: { session: chat.id, ...unisono } });
  clearInterval(keeping);
  if (answer.status === "cut") loadReady();
  announce(answer.status === "ok" ? `${answer.facts.model ?? model}: ${answer.text.slice(0, 500)}` : answer.error ?? t("stopped"));
  await Promise.all([keepChat(chat), loadLimits()]);
}

// What the same body would get, without asking any model.
export function preview(turns, draft, { model, session, signal }) {
  const messages = messagesOf([...turns, draft], turns.length, { sketch: true });
  return read("/v1/route", { method: "POST", body: { model, messages, unisono: session ? { session } : {} }, signal });
}

export async function loadModels() {
  const { data } = await read("/v1/models");
  state.locked = state.refused = false;
  state.models = data.filter((row) => row.unisono && row.unisono.role !== "embedding");
  state.modes = data.filter((row) => row.id === "auto" || row.id.startsWith("auto:")).map((row) => row.id);
}

export async function loadLimits() {
  try { state.limits = (await read("/v1/limits")).data; } catch { state.limits = []; }
}

export async function loadReady() {
  try {
    state.ready = await read("/readyz");
  } catch (error) {
    state.ready = error.status ? { status: "locked", degraded: {} } : { status: "gone", degraded: {} };
  }
}
