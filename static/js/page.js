// Focus and messages: what a reader of the page would otherwise lose after a refusal, a swap or a closed dialog.

const byId = (id) => document.getElementById(id);

// A refused form: go to the summary, whose links lead to the fields.
const focusErrors = (root) => root.querySelector("[data-errors]")?.focus();

// The browser gives the focus back to the opener when a modal dialog closes.
function openDialog(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens], [data-closes], [data-dismiss], [aria-disabled='true']");
  if (!button) return;
  if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
  else if (button.dataset.opens) openDialog(byId(button.dataset.opens));
  else if ("closes" in button.dataset) button.closest("dialog")?.close();
  else button.closest(".flash")?.remove();
});

function say(template) {
  const toasts = byId("toasts");
  const message = byId(template)?.content.cloneNode(true);
  if (toasts && message) toasts.replaceChildren(message);
}

// What the server says of its own trouble names a reference; else the page's own sentence must do.
document.body.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  const toasts = byId("toasts");
  // The session ended meanwhile: the whole page goes to the sign-in, not a part of it.
  if (status === 401) window.location.reload();
  else if (toasts && responseText.trimStart().startsWith('<div class="flash')) toasts.innerHTML = responseText;
  else say("trouble");
});
document.body.addEventListener("htmx:sendError", () => say("offline"));
document.body.addEventListener("htmx:timeout", () => say("offline"));
document.body.addEventListener("urgent", () => say("urgent-news"));

// After a swap the focus goes to what the answer marks, else to its errors; typing in a search keeps its place.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  const marked = target.querySelector("[data-focus]");
  if (marked) {
    marked.setAttribute("tabindex", marked.getAttribute("tabindex") ?? "-1");
    marked.focus();
  } else focusErrors(target);
});

focusErrors(document);
