// Copies a text. The browser's own way is missing where the page comes over plain HTTP from another machine, and may be denied.

export async function copied(text) {
  try { return await navigator.clipboard.writeText(text); } catch { /* the old way, then */ }
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "unseen";
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}
