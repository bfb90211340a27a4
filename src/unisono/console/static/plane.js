// Cost and quality: where each model stands, where the router stands at several settings of its dial, and today.

import { read } from "./api.js";
import { plane } from "./charts.js";
import { dollars, share, whole } from "./format.js";
import { card, empty, loaded, page, table } from "./parts.js";
import { t } from "./words.js";

const { h } = Vue;
const PATH = "/admin/plane?last=200";

export const Page = {
  setup() {
    const { view } = loaded(() => read(PATH), show, { every_ms: 15_000 });
    return () => page(t("plane"), t("plane_lead"), PATH, view());
  },
};

function show(data) {
  if (!data.n) return empty(t("empty_plane"), " ", h("a", { href: "#/chat" }, t("chat")));
  const models = data.models.filter((one) => one.n);
  const points = models.map((one, n) => ({ name: one.model, x: one.usd, y: one.quality, colour: n + 1 }));
  const today = data.today.n ? [{ name: t("plane_today", share(data.today.dial)), x: data.today.usd, y: data.today.quality, colour: 0, big: true }] : [];
  const line = data.router.filter((one) => one.n).map((one) => ({ name: t("plane_dial", share(one.dial)), x: one.usd, y: one.quality }));
  const row = (name, one, first) => ({ key: name, class: { first }, cells: [h("strong", null, name), share(one.quality, 3), dollars(one.usd), whole(one.n)] });
  return [
    card(null, plane(t("plane"), [...points, ...today], line, [t("plane_axis_x"), t("plane_axis_y")], dollars), h("p", { class: "hint" }, [t("plane_n", data.n), models.every((one) => !one.usd) ? ` ${t("plane_free")}` : ""])),
    card(null, table(t("plane"), [t("model"), t("quality_expected"), t("cost_expected"), t("answers")], [
      ...models.map((one) => row(one.model, one)),
      ...data.router.map((one) => row(t("plane_dial", share(one.dial)), one)),
      row(t("plane_today", share(data.today.dial)), data.today, true),
    ])),
  ];
}
