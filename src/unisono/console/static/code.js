// Colours for code: comments, texts, numbers and the commonest words. It understands no language.

const { h } = Vue;

const WORDS = new Set(`abstract and as assert async await begin bool boolean break case catch char class const continue
  def default defer del do double elif else elsif end enum except export extends extern false final finally float fn for foreach from func function
  global go goto if impl implements import in include instanceof int interface is lambda let long match mod module mut namespace
  new nil none nonlocal not null of or override package pass private protected pub public raise require return self
  short signed sizeof static string struct super switch template then this throw trait true try type typedef typeof undefined
  union unsigned unless until use using val var virtual void when where while with yield
  select insert update delete create table from join left right inner outer on group by order having limit values into set
  True False None echo fi done esac local elseif`.split(/\s+/));

const HASH = new Set(["python", "py", "bash", "sh", "shell", "zsh", "ruby", "rb", "toml", "yaml", "yml", "r", "perl", "makefile", "dockerfile", "console", ""]);
const DASH = new Set(["sql", "lua", "haskell", "hs"]);

function comment(language) {
  if (HASH.has(language)) return "#[^\\n]*";
  if (DASH.has(language)) return "--[^\\n]*";
  if (language === "html" || language === "xml") return "<!--[\\s\\S]*?-->";
  return "\\/\\/[^\\n]*|\\/\\*[\\s\\S]*?\\*\\/";
}

export function coloured(source, language) {
  const name = language.toLowerCase();
  const pattern = new RegExp(
    `(${comment(name)})|("""[\\s\\S]*?"""|"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'|\`[^\`]*\`)|(\\b\\d[\\w.]*\\b)|([A-Za-z_]\\w*)`, "g");
  const parts = [];
  let at = 0;
  const plain = (upto) => { if (upto > at) parts.push(source.slice(at, upto)); };
  for (const found of source.matchAll(pattern)) {
    const [text, note, quoted, number, word] = found;
    const kind = note ? "note" : quoted ? "quoted" : number ? "number" : WORDS.has(word) || WORDS.has(word.toLowerCase()) && DASH.has(name) ? "word" : null;
    if (kind === null) continue;
    plain(found.index);
    parts.push(h("span", { class: `code-${kind}` }, text));
    at = found.index + text.length;
  }
  plain(source.length);
  return parts;
}
