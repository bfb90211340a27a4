// Markdown to elements. Every word of an answer enters the page as text: there is no way from it to markup, and no
// picture and no address is loaded because an answer names it.

import { copied } from "./clipboard.js";
import { coloured } from "./code.js";
import { formula } from "./formula.js";
import { broken } from "./text.js";
import { t } from "./words.js";

const { h } = Vue;
const MAX_DEPTH = 8;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;

export const markdown = (text) => blocks(text.replaceAll("\r\n", "\n").split("\n"), 0);

// The beginning of a text as it is read aloud: its words without the signs that draw them.
const ALOUD = 500;
export const spoken = (text) => text.slice(0, ALOUD)
  .replace(/^ {0,3}(?:#{1,6} +|> ?|[-*+] +|```.*|~~~.*)/gm, "")
  .replace(/\[([^\]]*)\]\([^)\s]*\)/g, "$1")
  .replace(/\*\*|__|~~|`/g, "")
  .replace(/(^|\W)[*_](\S(?:[^*_\n]*\S)?)[*_](?!\w)/g, "$1$2");

// ------------------------------------------------------------------------------------------------ blocks

function blocks(lines, depth) {
  const found = [];
  let paragraph = [];
  const close = () => {
    if (paragraph.length) found.push(h("p", { dir: "auto" }, inline(paragraph.join("\n"))));
    paragraph = [];
  };
  for (let n = 0; n < lines.length;) {
    const [block, used] = depth > MAX_DEPTH ? [null, 0] : read(lines, n, depth, paragraph.length > 0);
    if (used) {
      close();
      if (block) found.push(block);
      n += used;
    } else {
      paragraph.push(lines[n]);
      n += 1;
    }
  }
  close();
  return found;
}

function read(lines, n, depth, open) {
  const line = lines[n];
  if (!line.trim()) return [null, 1];
  const fence = FENCE.exec(line);
  if (fence) return fenced(lines, n, fence);
  const display = /^\s*(\$\$|\\\[)/.exec(line);
  if (display) return displayed(lines, n, display[1]);
  const heading = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading) return [h(`h${Math.min(6, heading[1].length + 2)}`, { dir: "auto" }, inline(heading[2])), 1];
  if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) return [h("hr"), 1];
  if (/^\s{0,3}>/.test(line)) return quoted(lines, n, depth);
  const item = ITEM.exec(line);
  if (item && (!open || /^[-*+]|^1[.)]/.test(item[2]))) return list(lines, n, depth, item);
  if (line.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[n + 1] ?? "") && (lines[n + 1] ?? "").includes("-")) return tabled(lines, n);
  return [null, 0];
}

function fenced(lines, n, [, fence, language]) {
  let end = n + 1;
  while (end < lines.length && !(lines[end].trim().startsWith(fence) && !lines[end].trim().slice(fence.length).replaceAll(fence[0], ""))) end += 1;
  return [code(lines.slice(n + 1, end).join("\n"), language), end - n + 1];
}

export function code(source, language = "") {
  const copy = async (event) => {
    const button = event.currentTarget;
    await copied(source);
    button.textContent = t("copied");
  };
  return h("figure", { class: "code" }, [
    h("figcaption", null, [h("span", null, language || t("code")), h("button", { type: "button", class: "quiet small", onClick: copy }, t("copy"))]),
    h("pre", { tabindex: 0, dir: "ltr" }, [h("code", null, coloured(source, language))]),
  ]);
}

function displayed(lines, n, opening) {
  const closing = opening === "$$" ? "$$" : "\\]";
  const first = lines[n].trim().slice(2);
  if (first.includes(closing)) {
    const upto = first.indexOf(closing);
    if (first.slice(upto + 2).trim()) return [null, 0];
    return [formula(first.slice(0, upto), { block: true }), 1];
  }
  const inside = [first];
  for (let end = n + 1; end < lines.length; end += 1) {
    const upto = lines[end].indexOf(closing);
    if (upto >= 0) return [formula([...inside, lines[end].slice(0, upto)].join("\n"), { block: true }), end - n + 1];
    inside.push(lines[end]);
  }
  return [h("pre", { class: "formula-raw" }, inside.join("\n")), lines.length - n];
}

function quoted(lines, n, depth) {
  let end = n;
  while (end < lines.length && /^\s{0,3}>/.test(lines[end])) end += 1;
  return [h("blockquote", null, blocks(lines.slice(n, end).map((line) => line.replace(/^\s{0,3}>\s?/, "")), depth + 1)), end - n];
}

function list(lines, n, depth, [, indent, sign]) {
  const ordered = /\d/.test(sign);
  const items = [];
  let end = n;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || item[1].length > indent.length + 1 || /\d/.test(item[2]) !== ordered || item[1].length < indent.length) break;
    const inside = [item[3]];
    const room = item[1].length + item[2].length;
    for (end += 1; end < lines.length; end += 1) {
      const line = lines[end];
      const blank = !line.trim();
      const deeper = /^\s*/.exec(line)[0].length > Math.min(room - 1, item[1].length + 1);
      if (blank ? !/^\s{2,}\S/.test(lines[end + 1] ?? "") : !deeper && (ITEM.test(line) || inside.at(-1) === "" || read(lines, end, MAX_DEPTH, false)[1])) break;
      inside.push(blank ? "" : line.replace(new RegExp(`^\\s{0,${room + 1}}`), ""));
    }
    items.push(inside);
    if (end < lines.length && !lines[end].trim() && ITEM.test(lines[end + 1] ?? "")) end += 1;
  }
  const start = ordered ? Number.parseInt(sign, 10) : undefined;
  return [h(ordered ? "ol" : "ul", { dir: "auto", start: start > 1 ? start : undefined }, items.map((inside) => entry(inside, depth))), end - n];
}

function entry(lines, depth) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(lines[0]);
  const body = task ? [task[2], ...lines.slice(1)] : lines;
  const simple = body.every((line, n) => !n || line.trim() && !ITEM.test(line) && !FENCE.test(line));
  const inside = simple ? inline(body.join("\n")) : blocks(body, depth + 1);
  return h("li", null, task ? [task[1] === " " ? "☐ " : "☑ ", ...inside] : inside);
}

const cellsOf = (line) => line.trim().replace(/^\|/, "").replace(/\|$/, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

function tabled(lines, n) {
  const sides = cellsOf(lines[n + 1]).map((cell) => cell.endsWith(":") ? (cell.startsWith(":") ? "middle" : "right") : null);
  const row = (tag, line) => h("tr", null, cellsOf(line).slice(0, 50).map((cell, place) => h(tag, { class: sides[place] }, inline(cell))));
  let end = n + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const table = h("table", { dir: "auto" }, [h("thead", null, [row("th", lines[n])]), h("tbody", null, lines.slice(n + 2, end).map((line) => row("td", line)))]);
  return [h("div", { class: "wide", tabindex: 0, role: "group", "aria-label": t("table") }, [table]), end - n];
}

// ------------------------------------------------------------------------------------------------ inline

const SPECIAL = /[\\`*_~$[!<h\n]/g;
const DELIMITERS = [["***", (inside) => h("strong", null, [h("em", null, inside)])], ["**", (inside) => h("strong", null, inside)], ["__", (inside) => h("strong", null, inside)],
  ["~~", (inside) => h("s", null, inside)], ["*", (inside) => h("em", null, inside)], ["_", (inside) => h("em", null, inside)]];

export function inline(text, depth = 0) {
  const found = [];
  const dead = new Set();
  let at = 0;
  let plain = 0;
  const flush = (upto) => { if (upto > plain) found.push(...broken(text.slice(plain, upto))); };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const special = SPECIAL.exec(text);
    if (!special) break;
    at = special.index;
    const [node, used] = depth > MAX_DEPTH ? [null, 0] : span(text, at, depth, dead);
    if (used) {
      flush(at);
      if (node !== null) found.push(node);
      at += used;
      plain = at;
    } else at += 1;
  }
  flush(text.length);
  return found;
}

function span(text, at, depth, dead) {
  const first = text[at];
  switch (first) {
    case "\n": return [/ {2}$/.test(text.slice(Math.max(0, at - 2), at)) ? h("br") : "\n", 1];
    case "\\": return escaped(text, at, dead);
    case "`": return ticked(text, at, dead);
    case "$": return text[at + 1] === "$" ? between(text, at, "$$", "$$", dead) : dollared(text, at, dead);
    case "!": return text[at + 1] === "[" ? linked(text, at + 1, depth, true, dead) : [null, 0];
    case "[": return linked(text, at, depth, false, dead);
    case "<": return bracketed(text, at);
    case "h": return bare(text, at);
    default: return emphasis(text, at, depth, dead);
  }
}

function between(text, at, opening, closing, dead) {
  const end = dead.has(opening) ? -1 : text.indexOf(closing, at + opening.length);
  if (end < 0) { dead.add(opening); return [null, 0]; }
  return [formula(text.slice(at + opening.length, end), { block: opening !== "\\(" }), end + closing.length - at];
}

function escaped(text, at, dead) {
  const next = text[at + 1] ?? "";
  if (next === "(") return between(text, at, "\\(", "\\)", dead);
  if (next === "[") return between(text, at, "\\[", "\\]", dead);
  if (next === "\n") return [h("br"), 2];
  return /[!-/:-@[-`{-~]/.test(next) ? [next, 2] : [null, 0];
}

function ticked(text, at, dead) {
  const ticks = /^`+/.exec(text.slice(at, at + 20))[0];
  if (dead.has(ticks)) return [ticks, ticks.length];
  for (let end = text.indexOf(ticks, at + ticks.length); end >= 0; end = text.indexOf(ticks, end + 1)) {
    let length = ticks.length;
    while (text[end + length] === "`") length += 1;
    if (length === ticks.length) return [h("code", null, text.slice(at + length, end).replace(/^ (.*\S.*) $/s, "$1")), end + length - at];
    end += length - 1;
  }
  dead.add(ticks);
  return [ticks, ticks.length];
}

// A single dollar opens a formula only where it cannot be money: "$x$" does, "$5 and $6" does not.
function dollared(text, at, dead) {
  if (/[\s\d]/.test(text[at + 1] ?? " ") && !/^\$\d+\s*[-+*/^=\\<>]/.test(text.slice(at, at + 40))) return [null, 0];
  const end = dead.has("$") ? -1 : text.indexOf("$", at + 1);
  if (end < 0) { dead.add("$"); return [null, 0]; }
  const inside = text.slice(at + 1, end);
  if (/\s$/.test(inside) || inside.includes("\n\n") || /\d/.test(text[end + 1] ?? "")) return [null, 0];
  return [formula(inside), end + 1 - at];
}

function linked(text, at, depth, picture, dead) {
  const end = closing(text, at, dead);
  if (end > 0 && text.startsWith("](data:", end)) return embedded(text, at, end, picture, dead);
  const target = end < 0 ? null : /^\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/.exec(text.slice(end, end + 2000));
  if (!target) return [null, 0];
  const label = text.slice(at + 1, end);
  return [link(target[1], picture ? [`[${label || target[1]}]`] : inline(label, depth + 1)), (picture ? 1 : 0) + end - at + target[0].length];
}

// A file in the text itself, a picture most often: named with its kind and size, as its letters tell nobody anything.
function embedded(text, at, end, picture, dead) {
  const upto = dead.has("data:") ? -1 : text.indexOf(")", end);
  if (upto < 0) { dead.add("data:"); return [null, 0]; }
  const address = text.slice(end + 2, upto);
  const kind = /^data:[\w.+/-]{0,80}/.exec(address)[0];
  return [`[${text.slice(at + 1, end)}] (${kind}, ${Math.ceil(address.length * 3 / 4000)} kB)`, (picture ? 1 : 0) + upto + 1 - at];
}

function closing(text, at, dead) {
  if (dead.has("[")) return -1;
  for (let n = at + 1, open = 1; n < Math.min(text.length, at + 1000); n += 1) {
    if (text[n] === "[") open += 1;
    if (text[n] === "]" && --open === 0) return n;
  }
  if (!text.includes("]", at)) dead.add("[");
  return -1;
}

function link(address, label) {
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return h("span", null, [...label, ` (${address})`]);
  return h("a", { href: address, rel: "noopener noreferrer nofollow", target: "_blank" }, label);
}

function bracketed(text, at) {
  const found = /^<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/i.exec(text.slice(at, at + 2010));
  if (found) return [link(found[1], [found[1]]), found[0].length];
  const line = /^<br\s*\/?>/i.exec(text.slice(at, at + 8));
  return line ? [h("br"), line[0].length] : [null, 0];
}

function bare(text, at) {
  if (/\w/.test(text[at - 1] ?? "")) return [null, 0];
  const found = /^https?:\/\/[^\s<>"']{1,2000}/i.exec(text.slice(at, at + 2010));
  if (!found) return [null, 0];
  const address = found[0].replace(/[.,;:!?)\]*_]+$/, "");
  return [link(address, [address]), address.length];
}

function emphasis(text, at, depth, dead) {
  for (const [sign, wrap] of DELIMITERS) {
    if (!text.startsWith(sign, at) || dead.has(sign)) continue;
    if (/\s/.test(text[at + sign.length] ?? " ")) continue;
    if (sign[0] === "_" && /\w/.test(text[at - 1] ?? "")) continue;
    const end = ending(text, at + sign.length, sign);
    if (end < 0) { dead.add(sign); continue; }
    return [wrap(inline(text.slice(at + sign.length, end), depth + 1)), end + sign.length - at];
  }
  const run = /^([*_~])\1*/.exec(text.slice(at, at + 50));
  return run ? [run[0], run[0].length] : [null, 0];
}

function ending(text, from, sign) {
  for (let end = text.indexOf(sign, from); end >= 0; end = text.indexOf(sign, end + 1)) {
    if (/\s/.test(text[end - 1])) continue;
    if (sign.length === 1 && text[end + 1] === sign) { end += 1; continue; }
    if (sign[0] === "_" && /\w/.test(text[end + sign.length] ?? "")) continue;
    if (end > from) return end;
  }
  return -1;
}
