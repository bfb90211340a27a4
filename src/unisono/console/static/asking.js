// What a conversation asks the server, and what becomes of an answer while it arrives. It draws nothing.

import { events, read, Failure } from "./api.js";
import { keepChat, saveChat, stillComes } from "./chats.js";
import { spoken } from "./markdown.js";
import { paced } from "./pace.js";
import { alarm, announce } from "./parts.js";
import { said } from "./sentences.js";
import { newId, state } from "./state.js";
import { t } from "./words.js";

const { markRaw } = Vue;
const PATIENCE_MS = 30_000;   // a server that takes longer to say how it is counts as gone
const DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const SILENT_MS = 2_000; // so long after asking, those who do not see the page are told who answers
const KEEP_MS = 1_000;   // what has come of an answer is kept so often, for a tab may be closed at any time

export const newAnswer = (asked) => ({ id: newId(), text: "", thinking: "", facts: {}, status: "running", error: null, asked, first_s: null, total_s: null, said: null, word: null, running: markRaw(new AbortController()) });

const shownAnswer = (turn) => turn.answers[turn.shown] ?? null;

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

// Takes a stream into `answer`. Where the server does not know the decision that is to be taken again, `unknown` is asked instead.
export async function fill(answer, body, unknown = null) {
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  const thoughts = paced((piece) => { answer.thinking += piece; });
  const words = paced((piece) => { answer.text += piece; });
  const all = () => { thoughts.now(); words.now(); };
  try {
    const stream = events("/v1/chat/completions", { ...body, stream: true }, answer.running.signal);
    for (;;) {
      const { done, value } = await stream.next();
      if (done) {
        all();
        answer.status = value ? "ok" : "cut";
        break;
      }
      if (value.unisono) Object.assign(answer.facts, value.unisono);
      const { delta, finish_reason: finish } = value.choices?.[0] ?? {};
      if (finish) answer.finish = finish;
      const thought = delta?.reasoning_content ?? delta?.reasoning;
      if (thought) thoughts.add(thought);
      const piece = delta?.content || delta?.refusal;
      if (piece) {
        answer.first_s ??= since();
        words.add(piece);
      }
    }
  } catch (error) {
    all();
    if (unknown && error.code === "not_found") {
      answer.asked = unknown.model;
      await fill(answer, unknown);
      return;
    }
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

// What is wrong with an answer that has ended and is not an error: it is not whole, or says nothing. The name of the sentence that tells it.
export function lack({ status, error, finish, text, elsewhere }) {
  if (elsewhere) return null;
  if (status === "cut") return error ? null : "cut";
  if (status !== "ok") return null;
  if (finish === "length") return "ended_length";
  if (finish === "content_filter") return "ended_filter";
  if (text) return null;
  return finish === "tool_calls" ? "ended_tools" : "ended_silent";
}

// An answer that could go on: it has words, and its end is not one that its model chose.
export const goesOn = (answer) => Boolean(answer?.text) && !answer.elsewhere && (["cut", "stopped"].includes(answer.status) || answer.finish === "length");

// The next message of a conversation and its answer.
export function say(chat, { text, files = [] }) {
  const turn = { id: newId(), text, files, answers: [], shown: 0 };
  chat.title ||= (turn.text.trim() || turn.files[0]?.name || "").slice(0, 60);
  chat.turns.push(turn);
  keepChat(chat);
  return ask(chat, chat.turns.length - 1, { model: chat.model });
}

// What is wished for one answer within the bounds of its conversation; who is asked for by name is not banned by them.
function bounded(bounds, { model, unisono }) {
  const ban = [...bounds?.ban ?? [], ...unisono.ban ?? []].filter((name) => name !== model);
  return { ...bounds, ...unisono, ban };
}

export async function ask(chat, n, { model, unisono = {}, unknown = null }) {
  const turn = chat.turns[n];
  turn.answers.push(newAnswer(model));
  turn.shown = turn.answers.length - 1;
  const answer = turn.answers[turn.shown];
  const messages = messagesOf(chat.turns, n);
  const keepSoFar = () => saveChat(chat).then(() => answer.running && stillComes(chat, answer));
  const keeping = setInterval(keepSoFar, KEEP_MS);
  const telling = setTimeout(() => announce(answer.facts.model ? `${answer.facts.model}: ${t("answering")}` : t("choosing")), SILENT_MS);
  await keepSoFar();
  const body = (wish) => ({ model: wish.model, messages, unisono: { session: chat.id, ...bounded(chat.wishes, wish) } });
  await fill(answer, body({ model, unisono }), unknown && body(unknown));
  clearInterval(keeping);
  clearTimeout(telling);
  if (answer.status === "cut" || answer.status === "failed") loadReady();
  tell(answer, model);
  await Promise.all([keepChat(chat), loadLimits()]);
}

// The end of an answer, for those who do not see it: who gave it, what happened on the way, and how it begins.
function tell(answer, model) {
  const { status, error, facts, text } = answer;
  const wrong = lack(answer);
  if (status === "stopped") announce(t("stopped"));
  else if (status !== "ok") alarm(said(error) ?? t("cut"));
  else announce([`${facts.model ?? model}:`, ...(facts.notices ?? []).map((notice) => said(notice.text)), wrong ? t(wrong) : "", spoken(text)].join(" "));
}

// What the same body would get, without asking any model.
export function preview(turns, draft, { model, session, wishes, signal }) {
  const messages = messagesOf([...turns, draft], turns.length, { sketch: true });
  return read("/v1/route", { method: "POST", body: { model, messages, unisono: { ...wishes, ...session ? { session } : {} } }, signal });
}

// Of answers to the same question that cross on the way, the one that was asked for last counts.
const asked = {};
function latest(name) {
  const mine = asked[name] = (asked[name] ?? 0) + 1;
  return () => mine === asked[name];
}

export async function loadModels() {
  const isLast = latest("models");
  const { data } = await read("/v1/models");
  if (!isLast()) return;
  state.locked = state.refused = false;
  state.models = data.filter((row) => row.unisono && row.unisono.role !== "embedding");
  state.modes = data.filter((row) => row.id === "auto" || row.id.startsWith("auto:")).map((row) => row.id);
}

export async function loadLimits() {
  const isLast = latest("limits");
  const limits = await read("/v1/limits").then(({ data }) => data, (error) => error.status ? [] : state.limits);
  if (isLast()) state.limits = limits;
}

export async function loadReady() {
  const isLast = latest("ready");
  const asksForKey = (error) => error.status === 401 || error.status === 403;
  const ready = await read("/readyz", { signal: AbortSignal.timeout(PATIENCE_MS) }).catch((error) => ({ status: asksForKey(error) ? "locked" : "gone", degraded: {} }));
  if (isLast()) state.ready = ready;
}
