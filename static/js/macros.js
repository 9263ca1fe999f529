// While a note is written, /word and a space puts in the clinic's text of that name: a phrase where the cursor stands,
// or a template into the parts of the note. What stands there already is never replaced.

const form = document.querySelector("form[data-draft]");
const known = new Map();
for (const held of document.querySelectorAll("[data-macro]")) {
  if (!known.has(held.dataset.macro)) known.set(held.dataset.macro, held); // the first in the list is the nearest
}

function changed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function fill(parts) {
  for (const [name, text] of Object.entries(parts)) {
    const field = form.elements.namedItem(name);
    field.value = field.value.trim() ? `${field.value.trimEnd()}\n${text}` : text;
    changed(field);
  }
}

function expand(field) {
  const at = field.selectionStart;
  const typed = /(^|\s)\/([a-z0-9-]+)(\s)$/.exec(field.value.slice(0, at));
  const held = typed && known.get(typed[2]);
  if (!held) return;
  const begin = at - typed[0].length + typed[1].length;
  const { text, parts } = JSON.parse(held.dataset.says);
  field.setRangeText(text ? text + typed[3] : "", begin, at, "end");
  changed(field);
  if (!text) fill(parts);
}

if (form && known.size) {
  form.addEventListener("input", (event) => {
    if (event.isTrusted && event.target.matches("textarea, input[type=text]")) expand(event.target);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-fill]");
    if (!link) return;
    event.preventDefault();
    fill(JSON.parse(known.get(link.dataset.fill).dataset.says).parts);
  });
}
