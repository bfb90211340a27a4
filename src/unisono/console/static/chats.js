// The conversations of this browser: kept in its own database, never on the server.

import { send } from "./api.js";

const { reactive, toRaw } = Vue;

export const chats = reactive({ all: [], kept: true });
let database = null;

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
    for (const answer of chats.all.flatMap((chat) => chat.turns).flatMap((turn) => turn.answers)) {
      if (answer.status === "running") answer.status = "stopped";   // the tab was closed under it
    }
  } catch {
    chats.kept = false;
  }
}

export function startChat() {
  const chat = { id: crypto.randomUUID(), title: "", at: Date.now(), model: "auto", turns: [] };
  chats.all.unshift(chat);
  return chats.all[0];
}

export const chatOf = (id) => chats.all.find((chat) => chat.id === id);

export async function keepChat(chat) {
  chat.at = Date.now();
  chats.all.sort((a, b) => b.at - a.at);
  if (!database) return;
  const plain = JSON.parse(JSON.stringify(toRaw(chat), (name, value) => name === "running" ? undefined : value));
  try {
    await asked(database.transaction("chats", "readwrite").objectStore("chats").put(plain));
  } catch {
    chats.kept = false;   // the disk is full, or the browser forgot us
  }
}

export async function dropChat(chat) {
  chats.all = chats.all.filter((other) => other.id !== chat.id);
  if (database) await asked(database.transaction("chats", "readwrite").objectStore("chats").delete(chat.id)).catch(() => null);
  await send("DELETE", `/v1/sessions/${encodeURIComponent(chat.id)}`).catch(() => null);
}

export function foundIn(chat, words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return true;
  if (chat.title.toLowerCase().includes(wanted)) return true;
  return chat.turns.some((turn) => turn.text.toLowerCase().includes(wanted) || turn.answers.some((answer) => answer.text.toLowerCase().includes(wanted)));
}

export function exported(chat, form) {
  if (form === "json") return JSON.stringify(chat, (name, value) => name === "running" ? undefined : value, 2);
  const lines = [`# ${chat.title}`, ""];
  for (const turn of chat.turns) {
    lines.push("## You", "", turn.text, ...turn.files.map((file) => `\n(${file.name})`), "");
    const answer = turn.answers[turn.shown];
    if (answer) lines.push(`## ${answer.facts.model ?? "?"}`, "", answer.text, "");
  }
  return lines.join("\n");
}
