// Parts of a page that refresh by themselves (data-live) never move a row under the pointer or the focus: while one is
// in use, the new state is not put in, and the part says that something has changed.
const inUse = (part) => part.matches(":hover") || part.contains(document.activeElement);
const words = (part) => part.textContent.replace(/\d{1,2}:\d{2}/g, "").replace(/\s+/g, " ").trim();

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target.closest("[data-live]");
  if (!part || !inUse(part)) return;
  event.detail.shouldSwap = false;
  const fresh = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector("[data-live]");
  const changed = part.querySelector("[data-changed]");
  if (changed && fresh && words(fresh) !== words(part)) changed.hidden = false;
});
