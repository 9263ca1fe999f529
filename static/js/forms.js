// Nothing is sent twice, and nothing typed is lost by leaving.

const HELD_MS = 8000; // after this a form that got no answer may be sent again

// A second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  delete form.dataset.changed;
  window.setTimeout(() => delete form.dataset.sending, HELD_MS);
});

// Back from the page that followed: the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) delete form.dataset.sending;
});

// Forms marked data-unsaved ask before the page is left with changes that the server does not have.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-unsaved]");
  if (form) form.dataset.changed = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-unsaved][data-changed]")) event.preventDefault();
});
