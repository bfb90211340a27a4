// Numbers and times as people read them. It knows no words of a language beyond units.

const missing = (value) => value === null || value === undefined || Number.isNaN(value);
const locale = () => document.documentElement.lang;

export const seconds = (s) => missing(s) ? "–" : s === 0 ? "0 s" : s < 0.0995 ? `${Math.max(1, Math.round(s * 1000))} ms` : s < 10 ? `${s.toFixed(2)} s` : `${s.toFixed(1)} s`;

export function dollars(usd) {
  if (missing(usd)) return "–";
  if (usd === 0) return "$0";
  const size = Math.abs(usd);
  if (size < 1e-9) return usd < 0 ? "> −$0.000000001" : "< $0.000000001";
  const digits = size < 1 ? Math.min(9, 1 - Math.floor(Math.log10(size))) : 2;
  return `${usd < 0 ? "−" : ""}$${size.toFixed(digits)}`;
}

export const share = (q, digits = 2) => missing(q) ? "–" : q.toFixed(digits);
export const percent = (q, digits = 0) => missing(q) ? "–" : `${(100 * q).toFixed(digits)} %`.replace("-", "−");
export const whole = (n) => missing(n) ? "–" : new Intl.NumberFormat(locale()).format(n);
export const tokens = (n) => missing(n) ? "–" : n >= 1000 ? `${Math.round(n / 1000)}k` : `${n}`;

export function clock(at) {
  if (!at) return "–";
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return date.toLocaleString(locale(), today ? time : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
