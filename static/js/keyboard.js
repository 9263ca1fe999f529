// The keyboard of the clinic. Keys with Ctrl always work; single keys only outside fields, and only while the
// account leaves them on (WCAG 2.1.4).

const WAIT_MS = 1500; // between `g` and its letter
const ROWS = "main .rows > li, main .table tbody tr, main .cal-day > li, main .ticket";
const PRESSABLE = "a[href], button:not([aria-disabled='true']), input, summary";
const singleKeys = () => document.body.dataset.singleKeys === "on";

let goUntil = 0;

const typing = (element) =>
  element.isContentEditable || element.matches("input:not([type=checkbox], [type=radio]), select, textarea");

function focusSearch() {
  const field = document.getElementById("find");
  field?.focus();
  field?.select();
  return Boolean(field);
}

function go(letter) {
  const link = document.querySelector(`.nav [data-go="${CSS.escape(letter)}"]`);
  link?.click();
  return Boolean(link);
}

const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => row.offsetParent && row.querySelector(PRESSABLE));

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1)];
  next.querySelector(PRESSABLE).focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function tick() {
  const box = document.activeElement.closest(ROWS)?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

function press(selector) {
  const button = document.querySelector(selector);
  button?.click();
  return Boolean(button);
}

function tab(number) {
  const link = document.querySelectorAll("main .tabs a")[number - 1];
  link?.click();
  return Boolean(link);
}

const SINGLE = {
  "/": focusSearch,
  "?": () => press("[data-opens='keys']"),
  g: () => Boolean((goUntil = Date.now() + WAIT_MS)),
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  n: () => press("[data-key-next]"),
};

const WITH_CTRL = {
  k: focusSearch,
  s: () => press("[data-key-save]"),
  Enter: () => press("[data-key-send]"),
};

function single(event) {
  const going = Date.now() < goUntil;
  goUntil = 0;
  if (going) return go(event.key);
  if (/^[1-9]$/.test(event.key)) return tab(Number(event.key));
  return SINGLE[event.key]?.() ?? false;
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.isComposing || document.querySelector("dialog:modal")) return;
  const handled =
    event.ctrlKey || event.metaKey
      ? WITH_CTRL[event.key]?.()
      : singleKeys() && !typing(event.target) && single(event);
  if (handled) event.preventDefault();
});
