// The conversations of this browser: kept in its own database, never on the server.

import { send } from "./api.js";
import { keep, kept, local, newId } from "./state.js";

const { reactive, toRaw } = Vue;

// `kept`: this browser keeps conversations at all; `full`: it could not keep the last change of one.
export const chats = reactive({ all: [], kept: true, full: false });
let database = null;
const gone = new Set();   // the ids of those that were deleted while this page is open

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export async function openChats() {
  try {
    const opening = indexedDB.open("unisono", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("chats", { keyPath: "id" });
    database = await asked(opening);
    chats.all = (await asked(database.transaction("chats").objectStore("chats").getAll())).sort((a, b) => b.at - a.at);
  } catch {
    chats.kept = false;
  }
}

// Adds to `list` what another tab has put into `others`; of what both have, that tab's word counts, but not while this one
// is at work on it. What was kept by an earlier console has no ids, and is known by its place.
function join(list, others, inside) {
  others.forEach((other, place) => {
    const mine = other.id === undefined ? list[place] : list.find((one) => one.id === other.id);
    if (!mine) list.push(other);
    else inside(mine, other);
  });
}

function joinAnswer(mine, other) {
  if (mine.status !== "running") Object.assign(mine, other, { elsewhere: false });
}

function joinTurn(mine, other) {
  join(mine.answers, other.answers, joinAnswer);
}

// Takes in what another tab has kept of a conversation.
async function takeIn(id) {
  const stored = await asked(database.transaction("chats").objectStore("chats").get(id)).catch(() => null);
  const chat = chatOf(id);
  if (!stored || gone.has(id)) return;   // it may have been deleted while it was looked up
  if (chat) {
    join(chat.turns, stored.turns, joinTurn);
    Object.assign(chat, { title: stored.title, model: stored.model, wishes: stored.wishes, at: stored.at });
  } else chats.all.push(stored);
  chats.all.sort((a, b) => b.at - a.at);
}

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("unisono.chats") : null;
tabs?.addEventListener("message", ({ data }) => {
  if (data.gone) leave(data.id);
  else if (data.coming && database) comesElsewhere(data);
  else if (database) takeIn(data.id);
});

// An answer that another tab is still getting is not one that broke off; when nothing is heard of that tab any more, it is.
const ELSEWHERE_MS = 5_000;
const ends = {};
async function comesElsewhere({ id, coming }) {
  await takeIn(id);
  const answer = chatOf(id)?.turns.flatMap((turn) => turn.answers).find((one) => one.id === coming);
  if (answer?.status !== "cut") return;
  answer.elsewhere = true;
  clearTimeout(ends[coming]);
  ends[coming] = setTimeout(() => { answer.elsewhere = false; }, ELSEWHERE_MS);
}
export const stillComes = (chat, answer) => tabs?.postMessage({ id: chat.id, coming: answer.id });

export function startChat() {
  const chat = { id: newId(), title: "", at: Date.now(), model: "auto", turns: [] };
  chats.all.unshift(chat);
  return chats.all[0];
}

// A conversation of its own that has gone the same way up to turn `n`, and may go another from there.
export function branchOf(chat, n) {
  const fresh = startChat();
  const { title, model, wishes, turns } = JSON.parse(JSON.stringify(toRaw(chat), plain));
  return Object.assign(fresh, { title: n ? title : "", model, wishes, from: chat.id, turns: turns.slice(0, n) });
}

export const chatOf = (id) => chats.all.find((chat) => chat.id === id);

// Keeps a conversation that has changed, and tells other tabs.
export async function keepChat(chat) {
  chat.at = Date.now();
  chats.all.sort((a, b) => b.at - a.at);
  await saveChat(chat);
  tabs?.postMessage({ id: chat.id });
}

// Puts a conversation into the database with what other tabs have added to it. An answer that still comes is kept as one
// that was cut, which it is if this tab is closed now.
export async function saveChat(chat) {
  if (!database || !chatOf(chat.id)) return;   // it may have been deleted in mid-answer
  try {
    const store = database.transaction("chats", "readwrite").objectStore("chats");
    const stored = await asked(store.get(chat.id));
    if (stored) join(chat.turns, stored.turns, (mine, other) => join(mine.answers, other.answers, () => null));
    await asked(store.put(JSON.parse(JSON.stringify(toRaw(chat), plain))));
    chats.full = false;
  } catch {
    chats.full = true;
  }
}

const plain = (name, value) => name === "running" || name === "elsewhere" ? undefined : name === "status" && value === "running" ? "cut" : value;

function leave(id) {
  gone.add(id);
  chats.all = chats.all.filter((chat) => chat.id !== id);
}

export async function dropChat(chat) {
  for (const answer of chat.turns.flatMap((turn) => turn.answers)) answer.running?.abort();
  leave(chat.id);
  if (database) await asked(database.transaction("chats", "readwrite").objectStore("chats").delete(chat.id)).catch(() => null);
  tabs?.postMessage({ id: chat.id, gone: true });
  await forget(chat.id);
}

// Has the server forget who spoke in conversations that were deleted: this one, and those of which it has not heard since it was away.
export async function forget(...ids) {
  const left = () => JSON.parse(kept(local, "forget", "[]"));
  const all = [...new Set([...left(), ...ids])];
  keep(local, "forget", JSON.stringify(all));
  for (const id of all) {
    const unheard = await send("DELETE", `/v1/sessions/${encodeURIComponent(id)}`).then(() => false, ({ status }) => !status || status === 401 || status >= 500);
    if (!unheard) keep(local, "forget", JSON.stringify(left().filter((other) => other !== id)));
  }
}

export function foundIn(chat, words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return true;
  if (chat.title.toLowerCase().includes(wanted)) return true;
  return chat.turns.some((turn) => turn.text.toLowerCase().includes(wanted) || turn.answers.some((answer) => answer.text.toLowerCase().includes(wanted)));
}
