// A conversation as a file: Markdown to read, JSON with all that is known. An answer that is not whole says so there too.

import { lack } from "./asking.js";
import { said } from "./sentences.js";
import { t } from "./words.js";

const told = (answer) => [
  ...(answer.facts.notices ?? []).map((notice) => said(notice.text)),
  answer.status === "stopped" ? t("stopped") : lack(answer) ? t(lack(answer)) : said(answer.error),
].filter(Boolean).map((line) => `> ${line}\n`);

function asMarkdown(chat) {
  const lines = [`# ${chat.title}`, ""];
  for (const turn of chat.turns) {
    lines.push("## You", "", turn.text, ...turn.files.map((file) => `\n(${file.name})`), "");
    const answer = turn.answers[turn.shown];
    if (answer) lines.push(`## ${answer.facts.model ?? "?"}`, "", ...told(answer), answer.text, "");
  }
  return lines.join("\n");
}

export const exported = (chat, form) => form === "json" ? JSON.stringify(chat, (name, value) => name === "running" ? undefined : value, 2) : asMarkdown(chat);
