// The few pictures of the console, drawn as lines; each stands beside or instead of a word that is there for all.

const { h } = Vue;
const LINES = {
  up: "M4 10h3v9H4zM7 10.5 10.6 4c1.5 0 2.3 1.1 2 2.5L11.9 10h5.6c1.1 0 1.8.9 1.6 1.9l-1.2 5.6c-.2.9-1 1.5-1.9 1.5H7",
  down: "M4 5h3v9H4zM7 13.5l3.6 6.5c1.5 0 2.3-1.1 2-2.5L11.9 14h5.6c1.1 0 1.8-.9 1.6-1.9l-1.2-5.6C17.7 5.6 16.9 5 16 5H7",
  clip: "M19 11.5 11.8 18.7a4.2 4.2 0 0 1-6-6l7.4-7.4a2.8 2.8 0 0 1 4 4l-7.3 7.3a1.4 1.4 0 0 1-2-2l6.5-6.5",
  pin: "M9 4h6l-1 6 3 3v1H7v-1l3-3zM12 14v6",
  page: "M7 3h7l4 4v14H7zM14 3v4h4",
};

export const icon = (name) => h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, [h("path", { d: LINES[name] })]);
