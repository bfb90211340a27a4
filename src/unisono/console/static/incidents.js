// What an operator must know of: what is degraded right now, and what happened.

import { read } from "./api.js";
import { clock } from "./format.js";
import { card, chip, empty, loaded, page, table } from "./parts.js";
import { said } from "./sentences.js";
import { state } from "./state.js";
import { t } from "./words.js";

const { h } = Vue;

export const Page = {
  setup() {
    const { view } = loaded(() => read("/admin/incidents?limit=100"), ({ data }) => data.length
      ? table(t("incidents"), [t("when"), t("kind"), t("subject"), t("text"), ""], data.map((row) => ({ key: row.kind + row.subject + row.at, cells: [
        clock(row.last), chip(row.kind, "bad"), row.subject, said(row.text), row.n > 1 ? t("incident_n", row.n) : "",
      ] })))
      : empty(t("empty_incidents")), { every_ms: 10_000 });
    const alarms = () => {
      const faults = Object.entries(state.ready?.degraded ?? {});
      return faults.length ? h("ul", null, faults.map(([part, why]) => h("li", { key: part }, [h("strong", null, part), `: ${said(why)}`]))) : h("p", null, t("no_alarms"));
    };
    return () => page(t("incidents"), null, "/admin/incidents?limit=100", card(t("alarms"), alarms()), card(t("events"), view()));
  },
};
