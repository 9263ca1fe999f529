// Warn before an idle session ends, in every tab at once. The server decides; this only tells, and clears the screen.

const SEEN = "session.seen"; // when the server last heard from any tab of this browser, ms since 1970
const dialog = document.querySelector("[data-session]");

if (dialog) {
  const { idleSeconds, warningSeconds, endsAt, keepAliveUrl } = dialog.dataset;
  const idle = Number(idleSeconds) * 1000;
  const warning = Number(warningSeconds) * 1000;
  const absolute = Number(endsAt) * 1000 || Infinity;
  const left = dialog.querySelector("[data-left]");
  const said = dialog.querySelector("[data-said]");
  const leave = dialog.querySelector("[data-leave]");
  let ended = false;

  const heard = () => localStorage.setItem(SEEN, String(Date.now()));
  const idleEnd = () => Number(localStorage.getItem(SEEN)) + idle;
  const end = () => Math.min(idleEnd(), absolute);

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function warn(remaining) {
    const lastCall = absolute <= idleEnd();
    dialog.querySelector("[data-last-call]").hidden = !lastCall;
    dialog.querySelector("[data-stay]").hidden = lastCall || !keepAliveUrl;
    if (!dialog.open) dialog.showModal();
    const seconds = Math.ceil(remaining / 1000);
    left.textContent = clock(seconds);
    // Heard once at the start and again each half minute, not every second.
    if (seconds % 30 === 0) said.textContent = clock(seconds);
  }

  function leaveNow() {
    if (ended) return;
    ended = true;
    // A page that holds text the server does not have hides it, and waits for the same person to sign in again.
    if (!document.dispatchEvent(new CustomEvent("session:ended", { cancelable: true }))) {
      dialog.close();
      return;
    }
    document.querySelector("main")?.replaceChildren();
    for (const form of document.querySelectorAll("form[data-changed]")) delete form.dataset.changed;
    leave.submit();
  }

  function look() {
    const remaining = end() - Date.now();
    if (remaining <= 0) leaveNow();
    else if (remaining <= warning) warn(remaining);
    else if (dialog.open) dialog.close(); // another tab was used meanwhile
  }

  async function stay() {
    const token = leave.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(keepAliveUrl, {
      method: "POST",
      headers: { "X-CSRFToken": token },
      redirect: "error",
    }).catch(() => null);
    if (!answer?.ok) {
      window.location.reload(); // the session is over, or the server away: the page says which
      return;
    }
    heard();
    dialog.close();
  }

  dialog.querySelector("[data-stay]").addEventListener("click", stay);
  dialog.addEventListener("cancel", (event) => event.preventDefault()); // Esc must not hide the warning unread
  document.addEventListener("visibilitychange", look);
  window.addEventListener("storage", look);
  window.addEventListener("focus", look);
  // Parts that refresh by themselves are marked data-background and say so to the server, which then does not take
  // them for somebody's action: an abandoned screen still ends.
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.closest("[data-background]")) event.detail.headers["X-Background"] = "1";
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && !event.detail.requestConfig.headers["X-Background"]) heard();
  });

  // What the page kept by itself while somebody typed was somebody's action.
  document.addEventListener("session:heard", () => {
    heard();
    ended = false;
  });

  heard();
  window.setInterval(look, 1000);
}
