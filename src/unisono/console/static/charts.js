// Lines, columns and points as SVG. Each says in words what it shows; the numbers stand in a table or in the JSON twin.

const { h, onBeforeUnmount, onMounted, ref } = Vue;
const H = 180;
const LEAST = 260;
const PAD = { left: 72, right: 10, top: 10, bottom: 22 };

export const colour = (n) => `s${n % 8 + 1}`;

// A drawing at the width that it has on the page, so that its letters are as large as others: `draw` makes it for a width.
const Sized = {
  props: ["draw"],
  setup(props) {
    const box = ref(null);
    const width = ref(460);
    const watch = new ResizeObserver(([seen]) => requestAnimationFrame(() => { width.value = Math.max(LEAST, Math.round(seen.contentRect.width)); }));
    onMounted(() => watch.observe(box.value));
    onBeforeUnmount(() => watch.disconnect());
    return () => h("div", { ref: box }, [props.draw(width.value)]);
  },
};
const sized = (draw) => h(Sized, { draw });

function ticks(low, high, n = 4) {
  const rough = (high - low) / n || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Math.abs(at) < step * 1e-6 ? 0 : at);
  return found;
}

function frame(W, label, low, high, names, show, ...inside) {
  const y = (value) => H - PAD.bottom - (value - low) / (high - low) * (H - PAD.top - PAD.bottom);
  const marks = ticks(low, high);
  return h("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label }, [
    ...marks.map((at) => h("line", { class: "grid", x1: PAD.left, x2: W - PAD.right, y1: y(at), y2: y(at) })),
    // Two marks may read the same, such as times far below a millisecond: then the first says it.
    ...marks.map((at, n) => n && show(at) === show(marks[n - 1]) ? null : h("text", { x: PAD.left - 6, y: y(at) + 4, "text-anchor": "end" }, show(at))),
    ...names.map(([x, name]) => h("text", { x, y: H - 6, "text-anchor": x < 2 * PAD.left ? "start" : x > W - 2 * PAD.left ? "end" : "middle" }, name)),
    ...inside,
  ]);
}

const across = (W, n, count) => PAD.left + (n + 0.5) / count * (W - PAD.left - PAD.right);

function times(W, stamps) {
  const count = stamps.length;
  const day = 86_400_000;
  const long = Date.parse(stamps.at(-1)) - Date.parse(stamps[0]) > 1.5 * day;
  const options = long ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return [0, 0.25, 0.5, 0.75, 1].map((part) => Math.min(count - 1, Math.round(part * (count - 1)))).map((n) => [across(W, n, count), new Date(stamps[n]).toLocaleString(document.documentElement.lang, options)]);
}

export const legend = (names) => h("ul", { class: "legend" }, names.map((name, n) => h("li", { key: name }, [h("i", { class: colour(n), "aria-hidden": "true" }), name])));

// Lines over time; a gap where there is nothing. `series`: [{name, values, thin}].
export function lines(label, stamps, series, show) {
  const all = series.flatMap(({ values }) => values).filter((value) => value !== null && value !== undefined);
  const high = Math.max(...all, 0) * 1.08 || 1;
  const y = (value) => H - PAD.bottom - value / high * (H - PAD.top - PAD.bottom);
  const path = (W, values) => {
    let pen = "M";
    const found = [];
    values.forEach((value, n) => {
      if (value === null || value === undefined) { pen = "M"; return; }
      found.push(`${pen}${across(W, n, values.length).toFixed(1)} ${y(value).toFixed(1)}`);
      pen = "L";
    });
    return found.join("");
  };
  const dots = (W, values, n) => values.flatMap((value, at) => value === null || value === undefined ? [] : [h("circle", { class: colour(n), cx: across(W, at, values.length).toFixed(1), cy: y(value).toFixed(1), r: 2.5 })]);
  return h("div", null, [
    sized((W) => frame(W, label, 0, high, times(W, stamps), show, ...series.map(({ values, thin }, n) => h("path", { class: ["line", colour(n), { thin }], d: path(W, values) })), ...series.flatMap(({ values }, n) => dots(W, values, n)))),
    legend(series.map(({ name }) => name)),
  ]);
}

// Stacked columns over time. `series`: [{name, values}].
export function columns(label, stamps, series, show) {
  const sums = stamps.map((_, n) => series.reduce((sum, { values }) => sum + (values[n] ?? 0), 0));
  const high = Math.max(...sums, 0) * 1.05 || 1;
  const tall = (value) => value / high * (H - PAD.top - PAD.bottom);
  const blocks = (W) => stamps.flatMap((_, n) => {
    const wide = (W - PAD.left - PAD.right) / stamps.length;
    let at = H - PAD.bottom;
    return series.flatMap(({ values }, s) => {
      if (!values[n]) return [];
      const size = tall(values[n]);
      at -= size;
      return [h("rect", { class: colour(s), x: (PAD.left + n * wide + 0.5).toFixed(1), y: at.toFixed(1), width: Math.max(1, wide - 1).toFixed(1), height: size.toFixed(1) })];
    });
  });
  return h("div", null, [sized((W) => frame(W, label, 0, high, times(W, stamps), show, ...blocks(W))), legend(series.map(({ name }) => name))]);
}

// Points in the plane of cost and quality, with a line through some. `points`: [{name, x, y, colour, big}]; `line`: [{name, x, y}].
export const plane = (...given) => sized((W) => planeAt(W, ...given));

function planeAt(W, label, points, line, names, show) {
  const all = [...points, ...line];
  const [left, right] = [0, Math.max(...all.map(({ x }) => x), 0) * 1.12 || 1];
  const low = Math.max(0, Math.min(...all.map(({ y }) => y)) - 0.05);
  const high = Math.min(1, Math.max(...all.map(({ y }) => y)) + 0.05);
  const tall = 300;
  const px = (x) => PAD.left + (x - left) / (right - left) * (W - PAD.left - 60);
  const py = (y) => tall - 40 - (y - low) / (high - low) * (tall - 60);
  const shape = (one) => one.big
    ? h("path", { class: colour(one.colour), d: `M${px(one.x)} ${py(one.y) - 9}l9 9l-9 9l-9-9z` }, [h("title", null, one.name)])
    : h("circle", { class: colour(one.colour), cx: px(one.x), cy: py(one.y), r: 6 }, [h("title", null, one.name)]);
  const named = labels(W, tall, points.map((one) => ({ ...one, x: px(one.x), y: py(one.y) + 4 })));
  return h("svg", { class: "chart", viewBox: `0 0 ${W} ${tall}`, role: "img", "aria-label": label }, [
    ...ticks(low, high).flatMap((at) => [h("line", { class: "grid", x1: PAD.left, x2: W - 10, y1: py(at), y2: py(at) }), h("text", { x: PAD.left - 6, y: py(at) + 4, "text-anchor": "end" }, at.toFixed(2))]),
    ...ticks(left, right, W < 420 ? 2 : 4).map((at) => h("text", { x: px(at), y: tall - 24, "text-anchor": "middle" }, show(at))),
    h("text", { x: W - 10, y: tall - 6, "text-anchor": "end" }, names[0]),
    h("text", { x: 4, y: 12 }, names[1]),
    line.length ? h("path", { class: "line s1", d: line.map(({ x, y }, n) => `${n ? "L" : "M"}${px(x)} ${py(y)}`).join("") }) : null,
    ...line.map((one) => h("circle", { class: "s1", cx: px(one.x), cy: py(one.y), r: 3 }, [h("title", null, one.name)])),
    ...points.map(shape),
    ...named.map(({ name, x, y, anchor }) => h("text", { class: "name", x, y, "text-anchor": anchor }, name)),
  ]);
}

// Where the names of points stand: beside their point or a little above or below, where no other name is. One that finds no such place
// is left out; its point still says it, and the table does. The best and today's come first.
function labels(W, tall, points) {
  const [letter, line, longest] = [7, 15, 28];
  const found = [];
  const taken = (one) => found.some((other) => one.from < other.to && other.from < one.to && Math.abs(one.y - other.y) < line);
  for (const point of [...points].sort((a, b) => Number(b.big ?? false) - Number(a.big ?? false) || a.y - b.y)) {
    const name = point.name.length > longest ? `${point.name.slice(0, longest)}…` : point.name;
    const wide = name.length * letter;
    const late = point.x + 11 + wide > W;   // a name to the right would leave the picture
    const [from, to] = late ? [point.x - 11 - wide, point.x - 11] : [point.x + 11, point.x + 11 + wide];
    const y = [0, 1, -1].map((step) => point.y + step * line).find((at) => from > 0 && at > line && at < tall - 40 && !taken({ from, to, y: at }));
    if (y !== undefined) found.push({ name, from, to, y, x: late ? to : from, anchor: late ? "end" : "start" });
  }
  return found;
}
