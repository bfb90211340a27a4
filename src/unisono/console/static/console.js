// The console: a client of the public JSON API. Text from models and the record enters the page through textContent only.
"use strict";

const at = (id) => document.getElementById(id);
const clear = (node) => { node.replaceChildren(); return node; };

function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

const missing = (value) => value === null || value === undefined;
const seconds = (s) => missing(s) ? "–" : s < 1 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(1)} s`;
const dollars = (usd) => missing(usd) ? "–" : usd === 0 ? "$0" : usd < 0.0001 ? "< $0.0001" : `$${usd.toPrecision(2)}`;
const share = (q) => missing(q) ? "–" : q.toFixed(2);

// ------------------------------------------------------------------------------------------ the API

async function api(path, options = {}) {
  const headers = { "content-type": "application/json" };
  if (at("key").value) headers.authorization = `Bearer ${at("key").value}`;
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const error = new Error(body.error?.message ?? `${path} answered ${response.status}.`);
  throw Object.assign(error, { status: response.status, decision: body.unisono?.decision });
}

const read = async (path) => (await api(path)).json();

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:") && line.slice(5).trim() !== "[DONE]") yield JSON.parse(line.slice(5));
    }
  }
}

// ----------------------------------------------------------------------------------------- asking

let stop = null;

async function ask(event) {
  event.preventDefault();
  if (stop) return;
  stop = new AbortController();
  busy(true);
  const unisono = at("dial").dataset.set ? { dial: Number(at("dial").value) } : {};
  const messages = [{ role: "user", content: at("question").value }];
  const body = JSON.stringify({ model: at("model").value, messages, stream: true, unisono });
  const facts = {};
  try {
    const response = await api("/v1/chat/completions", { method: "POST", body, signal: stop.signal });
    for await (const chunk of events(response)) take(chunk, facts);
  } catch (error) {
    facts.decision ??= error.decision;
    if (error.name === "AbortError") say("You stopped it.");
    else say(error.message, "bad");
  }
  stop = null;
  busy(false);
  if (facts.decision) await settled(facts.decision);
  await showLog();
}

function busy(yes) {
  at("stop").disabled = !yes;
  at("ask").querySelector("[type=submit]").disabled = yes;
  if (!yes) return;
  at("answer-part").hidden = false;
  at("why-part").hidden = true;
  at("answer").textContent = at("who").textContent = "";
  at("cost").textContent = "…";
  clear(at("notices"));
}

const say = (text, className) => at("notices").append(make("li", text, className));

function take(chunk, facts) {
  if (chunk.error) throw Object.assign(new Error(chunk.error.message), { decision: facts.decision });
  if (chunk.unisono) {
    Object.assign(facts, chunk.unisono);
    showFacts(facts);
  }
  at("answer").textContent += chunk.choices?.[0]?.delta?.content ?? "";
}

function showFacts(facts) {
  clear(at("who")).append(make("strong", facts.answered ?? facts.model), ` answered. Decided so: ${facts.reason}`);
  clear(at("notices"));
  for (const notice of facts.notices ?? []) say(notice.text);
  if (facts.degraded) say("The router is degraded: the configured default model serves.", "bad");
}

// The record is written off the request's path: it may be a moment late.
async function settled(id) {
  for (let n = 0; n < 15; n += 1) {
    try {
      const record = await read(`/v1/decisions/${encodeURIComponent(id)}`);
      if (record.status !== "running" || n === 14) return showDecision(record);
    } catch (error) {
      if (error.status !== 404) return say(error.message, "bad");
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

// ------------------------------------------------------------------------------- one decision, many

function bar(quality) {
  const cell = make("td", `${share(quality.mean)} ± ${share(quality.spread)}`);
  const low = Math.max(0, quality.mean - quality.spread);
  const high = Math.min(1, quality.mean + quality.spread);
  const [track, spread, mean] = [make("span", null, "bar"), make("i"), make("b")];
  Object.assign(spread.style, { left: `${low * 100}%`, right: `${(1 - high) * 100}%` });
  mean.style.left = `${quality.mean * 100}%`;
  track.append(spread, mean);
  cell.append(track, make("small", quality.evidence));
  return cell;
}

function row(cells, className) {
  const line = make("tr", null, className);
  line.append(...cells.map((cell) => cell instanceof Node ? cell : make("td", cell)));
  return line;
}

function showDecision(record) {
  at("why-part").hidden = false;
  const body = clear(at("ranking"));
  record.ranking.forEach((place, n) => body.append(row([
    place.model, bar(place.quality), dollars(place.cost_usd.usd), seconds(place.latency.first_token_s),
    seconds(place.latency.total_s), place.reason,
  ], n === 0 ? "first" : "")));
  for (const out of record.excluded) body.append(row([out.model, "may not serve", "", "", "", `${out.rule}: ${out.reason}`], "out"));
  at("attempts").textContent = (record.attempts ?? []).map((a) =>
    `${a.model}: ${a.status}${a.error_text ? ` (${a.error_text})` : ""}, first word after ${seconds(a.first_content_s)}, whole after ${seconds(a.total_s)}.`).join(" ");
  const best = record.baseline && record.baseline !== record.model ? ` (${record.baseline}, expected to be best: ${dollars(record.baseline_usd)})` : "";
  at("cost").textContent = `Cost ${dollars(record.cost_usd)}${best}. ` +
    `Took ${seconds(record.total_s)}, of which the decision ${seconds(record.decide_s)}.`;
  at("facts").textContent = `Decision ${record.decision} · artifact ${record.artifact} · config ${record.config_hash} · JSON: /v1/decisions/${record.decision}`;
}

async function showLog() {
  const { data } = await read("/v1/decisions?limit=20");
  const body = clear(at("log"));
  for (const entry of data) {
    const link = make("a", new Date(entry.at).toLocaleTimeString());
    link.href = `#${entry.decision}`;
    const when = make("td");
    when.append(link);
    const asked = entry.pin ?? `auto:${entry.mode}`;
    const answered = ["ok", "cut"].includes(entry.status) ? entry.model : "–";
    body.append(row([when, asked, answered, entry.status, dollars(entry.cost_usd), seconds(entry.total_s), entry.reason]));
  }
  if (!data.length) body.append(row(["Nothing yet.", "", "", "", "", "", "Ask something."]));
}

async function open() {
  const id = location.hash.slice(1);
  if (!id) return;
  const record = await read(`/v1/decisions/${encodeURIComponent(id)}`);
  at("answer-part").hidden = false;
  at("answer").textContent = "(the record holds no words)";
  showFacts({ ...record, answered: record.answered ?? "No model (yet)" });
  showDecision(record);
  at("why-part").scrollIntoView({ block: "nearest" });
}

async function start() {
  const { data } = await read("/v1/models");
  const pins = data.filter((model) => model.id.split(":")[0] !== "auto");
  clear(at("pins")).append(...pins.map((model) => Object.assign(make("option", model.id), { value: model.id })));
  const ready = await (await fetch("/readyz")).json();
  at("ready").textContent = ready.status ?? "";
  await showLog();
  await open();
}

function guarded(action) {
  return (event) => action(event).catch((error) => {
    at("ready").textContent = error.message;
    at("ready").className = "bad";
  });
}

at("ask").addEventListener("submit", guarded(ask));
at("stop").addEventListener("click", () => stop?.abort());
at("key").addEventListener("change", guarded(start));
at("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("ask").requestSubmit();
});
at("dial").addEventListener("input", () => {
  at("dial").dataset.set = "yes";
  at("dial-value").textContent = at("dial").value;
});
window.addEventListener("hashchange", guarded(open));
guarded(start)();
