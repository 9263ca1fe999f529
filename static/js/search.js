// The search of the shell. From the field into what it found and back with the arrows; Esc puts the list away until
// more is typed. A list that answers something else than what stands in the field now cannot be chosen from: whoever
// types a name and presses Enter at once would open the chart of somebody else.
const search = document.querySelector(".search");

function readySearch() {
  const field = document.getElementById("find");
  const found = document.getElementById("found");
  let asked = null;
  let answered = null;
  let waiting = false; // an arrow was pressed before the answer came

  const stops = () => [field, ...found.querySelectorAll("a[href], button")];

  function weigh() {
    const stale = field.value !== answered;
    found.inert = stale;
    found.setAttribute("aria-busy", String(stale));
    if (!stale && waiting) stops()[1]?.focus();
    if (!stale) waiting = false;
  }

  function walk(key) {
    found.hidden = false;
    waiting = found.inert && key === "ArrowDown";
    if (found.inert) return;
    const all = stops();
    const next = all.indexOf(document.activeElement) + (key === "ArrowDown" ? 1 : -1);
    all[Math.min(Math.max(next, 0), all.length - 1)].focus();
  }

  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !found.hidden) {
      field.focus();
      found.hidden = true;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event.key);
    else return;
    event.preventDefault(); // a second Esc empties the field, as the browser does
  });
  search.addEventListener("input", () => {
    waiting = found.hidden = false;
    weigh();
  });
  search.addEventListener("focusout", (event) => {
    if (!search.contains(event.relatedTarget)) found.hidden = waiting = false;
  });
  field.addEventListener("htmx:beforeRequest", () => (asked = field.value));
  // Before the answer is drawn, so that what it marks can have the focus; the arrow that waited goes last.
  found.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.shouldSwap) answered = asked;
    found.inert = field.value !== answered;
  });
  field.addEventListener("htmx:afterRequest", weigh);
}

if (search) readySearch();
