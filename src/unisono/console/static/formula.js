// TeX formulas to MathML, which browsers draw by themselves. What it does not know it shows as it was written.

const { h } = Vue;

const m = (tag, ...children) => h(tag, null, children);
const GREEK = "alpha:α beta:β gamma:γ delta:δ epsilon:ϵ varepsilon:ε zeta:ζ eta:η theta:θ vartheta:ϑ iota:ι kappa:κ lambda:λ mu:μ nu:ν xi:ξ pi:π varpi:ϖ rho:ρ varrho:ϱ sigma:σ varsigma:ς tau:τ upsilon:υ phi:ϕ varphi:φ chi:χ psi:ψ omega:ω Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Xi:Ξ Pi:Π Sigma:Σ Upsilon:Υ Phi:Φ Psi:Ψ Omega:Ω infty:∞ partial:∂ nabla:∇ ell:ℓ hbar:ℏ Re:ℜ Im:ℑ aleph:ℵ emptyset:∅ varnothing:∅ ldots:… cdots:⋯ vdots:⋮ ddots:⋱ dots:… angle:∠ triangle:△ prime:′ degree:° square:□";
const OPERATORS = "cdot:⋅ times:× div:÷ pm:± mp:∓ ast:∗ star:⋆ circ:∘ bullet:∙ oplus:⊕ ominus:⊖ otimes:⊗ leq:≤ le:≤ geq:≥ ge:≥ neq:≠ ne:≠ approx:≈ equiv:≡ sim:∼ simeq:≃ cong:≅ propto:∝ ll:≪ gg:≫ in:∈ notin:∉ ni:∋ subset:⊂ subseteq:⊆ supset:⊃ supseteq:⊇ cup:∪ cap:∩ setminus:∖ land:∧ wedge:∧ lor:∨ vee:∨ lnot:¬ neg:¬ forall:∀ exists:∃ nexists:∄ to:→ rightarrow:→ leftarrow:← leftrightarrow:↔ Rightarrow:⇒ Leftarrow:⇐ Leftrightarrow:⇔ implies:⟹ iff:⟺ mapsto:↦ longrightarrow:⟶ uparrow:↑ downarrow:↓ mid:∣ nmid:∤ parallel:∥ perp:⊥ therefore:∴ because:∵ colon:: lbrace:{ rbrace:} langle:⟨ rangle:⟩ lfloor:⌊ rfloor:⌋ lceil:⌈ rceil:⌉ lvert:| rvert:| vert:| Vert:‖ lVert:‖ rVert:‖ backslash:\\ models:⊨ vdash:⊢";
const LARGE = "sum:∑ prod:∏ coprod:∐ int:∫ iint:∬ iiint:∭ oint:∮ bigcup:⋃ bigcap:⋂ bigoplus:⨁ bigotimes:⨂";
const NAMES = new Set("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp det dim ker deg gcd hom arg Pr".split(" "));
const LIMITS = new Set("lim max min sup inf limsup liminf argmax argmin".split(" "));
const ACCENTS = { hat: "^", widehat: "^", bar: "‾", overline: "‾", vec: "→", tilde: "~", widetilde: "~", dot: "˙", ddot: "¨", overrightarrow: "→" };
const SPACES = { ",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.25em", quad: "1em", qquad: "2em", "!": "-0.17em", enspace: "0.5em" };
const VARIANTS = { mathbb: "double-struck", mathcal: "script", mathscr: "script", mathfrak: "fraktur", mathbf: "bold", boldsymbol: "bold", bm: "bold", mathsf: "sans-serif", mathtt: "monospace" };
const FENCES = { pmatrix: ["(", ")"], bmatrix: ["[", "]"], Bmatrix: ["{", "}"], vmatrix: ["|", "|"], Vmatrix: ["‖", "‖"], cases: ["{", ""] };
const table = (text) => new Map(text.split(" ").map((pair) => [pair.slice(0, pair.indexOf(":")), pair.slice(pair.indexOf(":") + 1)]));
const [greek, operators, large] = [table(GREEK), table(OPERATORS), table(LARGE)];
const MAX_DEPTH = 40;

class Unknown extends Error {}

function tokens(source) {
  return source.match(/\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|[\s\S]/gu) ?? [];
}

class Reader {
  constructor(source) {
    this.tokens = tokens(source);
    this.at = 0;
    this.depth = 0;
  }

  get next() { return this.tokens[this.at]; }
  take() { return this.tokens[this.at++]; }
  skip() { while (/^\s+$/.test(this.next ?? "")) this.at += 1; }

  row(...ends) {
    if (++this.depth > MAX_DEPTH) throw new Unknown("too deep");
    const parts = [];
    for (this.skip(); this.next !== undefined && !ends.includes(this.next); this.skip()) parts.push(this.scripted());
    this.depth -= 1;
    return parts.length === 1 ? parts[0] : m("mrow", ...parts);
  }

  group() {
    this.skip();
    if (this.next !== "{") return this.atom();
    this.take();
    const inside = this.row("}");
    if (this.take() !== "}") throw new Unknown("}");
    return inside;
  }

  raw() {
    this.skip();
    if (this.take() !== "{") throw new Unknown("{");
    let text = "";
    for (let open = 1; this.next !== undefined;) {
      const token = this.take();
      open += token === "{" ? 1 : token === "}" ? -1 : 0;
      if (!open) return text;
      text += token;
    }
    throw new Unknown("}");
  }

  scripted() {
    const name = this.next;
    const base = this.atom();
    const over = large.has(name?.slice(1)) && !/int$/.test(name) || LIMITS.has(name?.slice(1));
    let [below, above] = [null, null];
    for (this.skip(); this.next === "^" || this.next === "_" || this.next === "'"; this.skip()) {
      const sign = this.take();
      if (sign === "'") above = m("mo", "′");
      else if (sign === "_") below = this.group();
      else above = this.group();
    }
    if (below && above) return m(over ? "munderover" : "msubsup", base, below, above);
    if (below) return m(over ? "munder" : "msub", base, below);
    if (above) return m(over ? "mover" : "msup", base, above);
    return base;
  }

  atom() {
    this.skip();
    const token = this.take();
    if (token === undefined) return m("mrow");
    if (token === "{") { this.at -= 1; return this.group(); }
    if (token === "}" || token === "^" || token === "_" || token === "&") throw new Unknown(token);
    if (token[0] === "\\") return this.command(token.slice(1));
    if (/^[0-9]/.test(token)) return m("mn", token);
    if (/^\p{L}$/u.test(token)) return m("mi", token);
    return m("mo", token === "-" ? "−" : token === "*" ? "∗" : token);
  }

  command(name) {
    if (greek.has(name)) return m("mi", greek.get(name));
    if (operators.has(name)) return m("mo", operators.get(name));
    if (large.has(name)) return m("mo", large.get(name));
    if (NAMES.has(name) || LIMITS.has(name)) return m("mi", name);
    if (name in SPACES) return h("mspace", { width: SPACES[name] });
    if (name in ACCENTS) return h("mover", { accent: "true" }, [this.group(), m("mo", ACCENTS[name])]);
    if (name in VARIANTS) return h("mrow", { class: `math-${VARIANTS[name]}` }, [this.group()]);
    if (/^[{}%$#&_|]$/.test(name)) return m("mo", name === "|" ? "‖" : name);
    switch (name) {
      case "frac": case "dfrac": case "tfrac": case "cfrac": return m("mfrac", this.group(), this.group());
      case "binom": return m("mrow", m("mo", "("), h("mfrac", { linethickness: "0" }, [this.group(), this.group()]), m("mo", ")"));
      case "sqrt": return this.root();
      case "text": case "textrm": case "mathrm": case "operatorname": case "textbf": case "textit": case "mbox": return m("mtext", this.raw());
      case "underline": return m("munder", this.group(), m("mo", "_"));
      case "underbrace": return m("munder", this.group(), m("mo", "⏟"));
      case "overbrace": return m("mover", this.group(), m("mo", "⏞"));
      case "boxed": return h("mrow", { class: "math-boxed" }, [this.group()]);
      case "left": return this.fenced();
      case "not": return m("mrow", m("mo", "¬"), this.atom());
      case "begin": return this.environment(this.raw());
      case "displaystyle": case "textstyle": case "limits": case "nolimits": case "big": case "Big": case "bigg": case "Bigg":
      case "bigl": case "bigr": case "Bigl": case "Bigr": case "mathstrut": return m("mrow");
      default: throw new Unknown(name);
    }
  }

  root() {
    this.skip();
    if (this.next !== "[") return m("msqrt", this.group());
    this.take();
    const degree = this.row("]");
    this.take();
    return m("mroot", this.group(), degree);
  }

  fence() {
    this.skip();
    const token = this.take() ?? "";
    const name = token.replace(/^\\/, "");
    return token === "." ? "" : operators.get(name) ?? (name === "|" && token !== "|" ? "‖" : name);
  }

  fenced() {
    const opening = this.fence();
    const inside = this.row("\\right");
    if (this.take() !== "\\right") throw new Unknown("\\right");
    const closing = this.fence();
    return m("mrow", m("mo", opening), inside, m("mo", closing));
  }

  environment(name) {
    const kind = name.replace("*", "");
    if (!/^(matrix|smallmatrix|array|aligned|align|gathered|gather|split|equation|[pbBvV]matrix|cases)$/.test(kind)) throw new Unknown(name);
    if (kind === "array") this.raw();
    const rows = [[]];
    for (;;) {
      rows.at(-1).push(this.row("&", "\\\\", "\\end"));
      const token = this.take();
      if (token === "\\\\") rows.push([]);
      else if (token === "\\end") break;
      else if (token !== "&") throw new Unknown(name);
    }
    if (this.raw() !== name) throw new Unknown(name);
    const lines = rows.filter((cells, n) => n < rows.length - 1 || cells.length > 1 || cells[0].children?.length !== 0);
    const body = h("mtable", { class: `math-${kind}` }, lines.map((cells) => m("mtr", ...cells.map((cell) => m("mtd", cell)))));
    const [opening, closing] = FENCES[kind] ?? ["", ""];
    return m("mrow", ...(opening ? [m("mo", opening)] : []), body, ...(closing ? [m("mo", closing)] : []));
  }
}

export function formula(source, { block = false } = {}) {
  try {
    const reader = new Reader(source);
    const body = reader.row();
    if (reader.next !== undefined) throw new Unknown(reader.next);
    const math = h("math", { display: block ? "block" : "inline" }, [h("semantics", null, [m("mrow", body), h("annotation", { encoding: "application/x-tex" }, source)])]);
    return block ? h("div", { class: "formula", tabindex: 0, role: "group", "aria-label": source }, [math]) : math;
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    return h(block ? "pre" : "code", { class: "formula-raw" }, source);
  }
}
