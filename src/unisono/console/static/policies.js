// What decides: the live policy, the canary, those before and those that wait; compared, promoted, rolled back.

import { read, send } from "./api.js";
import { clock, percent } from "./format.js";
import { announce, button, card, chip, Dialog, empty, loaded, page, problem, table } from "./parts.js";
import { t, word } from "./words.js";

const { h, reactive, ref } = Vue;
const KINDS = { live: "good", others: "good", canary: "warn", candidate: "", past: "" };
const text = (value) => value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : `${value}`;

export const Page = {
  setup() {
    const done = ref(null);
    const asking = ref(null);        // {kind: "diff" | "promote" | "rollback", policy}
    const busy = ref(false);         // rolling back: a second click must not go back further
    const { view, look } = loaded(() => read("/admin/policies"), show, { every_ms: 5_000 });

    async function rollBack() {
      const mine = asking.value;
      busy.value = true;
      try {
        await send("POST", "/admin/rollback", {});
        moved(t("rolled_back"));
      } catch (error) { done.value = { error }; }
      busy.value = false;
      if (asking.value === mine) asking.value = null;
    }
    function moved(what) {
      done.value = { what };
      announce(what);
      look();
    }

    function show(data) {
      const policies = data.policies ?? [];
      return [
        h("div", { class: "row" }, [button(t("rollback"), () => { asking.value = { kind: "rollback" }; }, { class: "danger", disabled: !data.canary && !data.rolls_back_to })]),
        policies.length > 1 ? null : empty(t("empty_policies"), " ", h("a", { href: "#/bench" }, t("bench"))),
        table(t("policies"), [t("key_name"), t("key_state"), t("when"), t("setting"), t("verdict"), ""], policies.map((one) => row(one, data))),
        data.events?.length ? card(t("events"), h("ul", null, data.events.map((event) => h("li", { key: event.n }, [clock(event.at), " ", chip(event.kind), ` ${nameOf(event.policy, policies)} · ${event.by}${event.why ? `: ${event.why}` : ""}`])))) : null,
      ];
    }

    const row = (one, data) => ({ key: one.id, class: { first: one.state === "live" }, cells: [
      [h("strong", null, one.name || one.id), h("small", { class: "together" }, one.name ? one.id : "")],
      [chip(word("policy", one.state), KINDS[one.state]), one.state === "canary" && data.canary?.share !== undefined ? [" ", h("span", { class: "together" }, percent(data.canary.share))] : "",
        one.state === "live" && data.in_domain ? h("small", null, ` ${t("policy_for", data.in_domain.join(", ") || "–")}`) : ""].flat(),
      one.at ? clock(one.at) : "–",
      Object.entries(one.settings ?? {}).map(([name, value]) => h("div", { key: name, class: "together" }, `${name} = ${text(value)}`)).concat(one.settings && Object.keys(one.settings).length ? [] : ["–"]),
      one.verdict ? told(one.verdict) : "–",
      one.state === "live" ? "" : h("div", { class: "actions" }, [
        button(t("diff"), () => { asking.value = { kind: "diff", policy: one }; }, { class: "small", "aria-haspopup": "dialog", "aria-label": `${t("diff")}: ${one.name || one.id}` }),
        button(t("promote"), () => { asking.value = { kind: "promote", policy: one }; }, { class: "small", "aria-haspopup": "dialog", "aria-label": `${t("promote")}: ${one.name || one.id}` }),
      ]),
    ] });

    const dialogs = () => {
      const close = () => { asking.value = null; };
      switch (asking.value?.kind) {
        case "diff": return h(Dialog, { title: `${t("diff")}: ${asking.value.policy.name || asking.value.policy.id}`, onClose: close }, () => h(Diff, { id: asking.value?.policy.id }));
        case "promote": return h(Dialog, { title: `${t("promote")}: ${asking.value.policy.name || asking.value.policy.id}`, onClose: close }, () => h(Promote, { policy: asking.value?.policy, onDone: () => { close(); moved(t("promoted")); } }));
        case "rollback": return h(Dialog, { title: t("rollback"), onClose: close }, () => [h("p", null, t("rollback_sure")), h("div", { class: "row" }, [button(busy.value ? t("loading") : t("rollback"), rollBack, { class: "danger", disabled: busy.value })])]);
        default: return null;
      }
    };

    return () => page(t("policies"), t("policies_lead"), "/admin/policies",
      done.value?.what ? h("p", { role: "status" }, [chip("✓", "good"), " ", done.value.what]) : null, done.value?.error ? problem(done.value.error) : null, view(), dialogs());
  },
};

const nameOf = (id, policies) => policies.find((one) => one.id === id)?.name || id || "";
const told = (verdict) => typeof verdict === "string" ? verdict : verdict.sentence ?? verdict.text ?? verdict.verdict ?? JSON.stringify(verdict);

const Diff = {
  props: ["id"],
  setup(props) {
    const path = `/admin/policies/${encodeURIComponent(props.id)}/diff`;
    const { view } = loaded(() => read(path), (data) => {
      const rows = rowsOf(data);
      return rows.length ? table(t("diff"), [t("setting"), t("before"), t("after")], rows.map(([name, before, after]) => ({ key: name, cells: [h("code", null, name), text(before), text(after)] }))) : empty(t("diff_none"));
    });
    return () => [view(), h("p", { class: "hint" }, h("a", { href: path }, [t("json"), " ", h("code", null, path)]))];
  },
};

const rowsOf = (data) => Object.entries(data.differences).map(([name, { policy, against }]) => [name, against, policy]);

const Promote = {
  props: ["policy"],
  emits: ["done"],
  setup(props, { emit }) {
    const wish = reactive({ share: 1, why: "", busy: false, error: null });
    async function go(event) {
      event.preventDefault();
      Object.assign(wish, { busy: true, error: null });
      try {
        const body = { ...(wish.share < 1 ? { canary: wish.share } : {}), ...(wish.why.trim() ? { override: wish.why.trim() } : {}) };
        await send("POST", `/admin/policies/${encodeURIComponent(props.policy.id)}/promote`, body);
        emit("done");
      } catch (error) { wish.error = error; }
      wish.busy = false;
    }
    return () => h("form", { onSubmit: go }, [
      h("label", null, [`${t("promote_share")}: ${wish.share === 1 ? t("promote_all") : percent(wish.share)}`, h("input", { type: "range", min: 0.05, max: 1, step: 0.05, value: wish.share, onInput: (event) => { wish.share = Number(event.target.value); } })]),
      h("div", { class: "row" }, [h("label", { class: "grow" }, [t("promote_override"), h("input", { value: wish.why, maxlength: 500, onInput: (event) => { wish.why = event.target.value; } })])]),
      wish.error ? problem(wish.error) : null,
      h("div", { class: "row" }, [h("button", { type: "submit", class: "main", disabled: wish.busy }, wish.busy ? t("loading") : t("promote"))]),
    ]);
  },
};
