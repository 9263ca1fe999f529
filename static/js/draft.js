// A note is kept on the server as it is typed. Nothing typed leaves this page before the server has it: not by a lost
// connection, a session that ended, another window or another person's sign-in. It is never kept in the browser's
// storage, which outlives the session.

const PAUSE_MS = 1500; // after the last key
const AT_MOST_MS = 5000; // while somebody types without a pause
const AGAIN_MS = 5000; // after a failure
const GIVE_UP_MS = 20000; // a request without an answer

const form = document.querySelector("form[data-draft]");

if (form) {
  const state = document.getElementById("save-state");
  const safe = document.getElementById("save-safe");
  const trouble = document.getElementById("note-trouble");
  const address = form.dataset.draft;
  const page = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const field = (name) => form.elements.namedItem(name);

  let stroke = 0;
  let kept = snapshot();
  let typedAt = 0; // when the first key came that the server does not have
  let timer = 0;
  let running = null;
  let stopped = false; // another text is on the server, or the note is closed: only a person can decide
  let away = null; // what stands in place of the page once the session has ended
  let trying = false; // the last attempt failed; further ones are the page's own, and keep no session alive

  function snapshot() {
    const data = new FormData(form);
    for (const name of ["csrfmiddlewaretoken", "version", "writer", "pen"]) data.delete(name);
    return new URLSearchParams(data).toString();
  }

  const unsaved = () => snapshot() !== kept;

  function show(role, text) {
    state.className = `status ${role}`;
    safe.hidden = role !== "ok";
    if (state.textContent !== text) state.textContent = text;
  }

  function clear() {
    trouble.querySelector(":scope > .flash")?.remove();
    trouble.removeAttribute("data-shown");
  }

  function say(name, sentence = "") {
    show(name === "offline" ? "warn" : "bad", state.dataset.typing);
    if (trouble.dataset.shown === name + sentence) return;
    clear();
    const said = trouble.querySelector(`template[data-trouble="${name}"]`).content.cloneNode(true);
    const place = said.querySelector("[data-sentence]");
    if (place) place.textContent = sentence;
    trouble.append(said);
    trouble.dataset.shown = name + sentence;
  }

  function later(wait) {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, wait);
  }

  function typed() {
    if (!unsaved()) return;
    show("wait", state.dataset.typing);
    if (stopped) return;
    typedAt ||= Date.now();
    later(Math.max(0, Math.min(PAUSE_MS, typedAt + AT_MOST_MS - Date.now())));
  }

  function request(options = {}) {
    const headers = { Accept: "application/json", ...options.headers };
    if (trying) headers["X-Background"] = "1";
    return fetch(address, {
      ...options,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
  }

  // Somebody signed in anew: take that session's token, if it is the same person's.
  async function takeToken() {
    const answer = await request();
    if (!answer.ok) return "signed-out";
    const { writer, token } = await answer.json();
    if (writer !== field("writer").value) return "others";
    for (const held of document.getElementsByName("csrfmiddlewaretoken")) held.value = token;
    return "";
  }

  async function send() {
    stroke += 1;
    field("pen").value = `${page}.${stroke}`;
    const now = snapshot();
    const body = new URLSearchParams(new FormData(form));
    // A request that may outlive the page has room for 64 KiB.
    const answer = await request({ method: "POST", body, keepalive: body.toString().length < 60000 });
    return { answer, now };
  }

  async function attempt() {
    let { answer, now } = await send();
    if (answer.status === 403) {
      const refused = await takeToken();
      if (refused) return say(refused);
      ({ answer, now } = await send());
    }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return say("signed-out");
    if (answer.status >= 500) return say("offline");
    const known = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
    const said = known ? await answer.json() : { state: "closed", sentence: "" };
    if (said.state !== "saved") {
      stopped = said.state !== "refused";
      if (said.state === "others") stopped = false;
      return say(said.state, said.sentence);
    }
    return accept(now, said);
  }

  function accept(now, said) {
    kept = now;
    field("version").value = said.version;
    typedAt = 0;
    trying = false;
    clear();
    if (!unsaved()) {
      delete form.dataset.changed;
      show("ok", said.sentence);
    }
    if (away) window.location.reload(); // everything is kept: the page comes anew, with the new session
    document.dispatchEvent(new CustomEvent("session:heard"));
    return true;
  }

  // One attempt at a time; true when everything on the page is on the server.
  async function save() {
    window.clearTimeout(timer);
    if (running) await running;
    if (stopped) return false;
    if (!unsaved()) return true;
    show("wait", state.dataset.saving);
    running = attempt().catch(() => say("offline"));
    const saved = await running;
    running = null;
    trying = !saved;
    if (unsaved() && !stopped) later(saved ? PAUSE_MS : AGAIN_MS);
    return Boolean(saved) && !unsaved();
  }

  form.addEventListener("input", typed);

  // The buttons: first everything is kept, then the form goes. Where it could not be kept, the page stays.
  form.addEventListener("submit", async (event) => {
    if (form.dataset.going) return;
    const button = event.submitter;
    if (button && "compare" in button.dataset) return; // the server shows both texts
    const signs = button?.hasAttribute("formaction");
    // A form cannot be sent anew while its sending is being announced: where nothing is left to keep, it just goes.
    if (signs && !stopped && !running && !unsaved()) return;
    event.preventDefault();
    if (!(await save())) return;
    if (!signs) return;
    form.dataset.going = "yes";
    form.requestSubmit(button);
  });
  // So do the small forms beside the note: the page that they bring back is to have what was typed.
  document.querySelector("main").addEventListener("submit", async (event) => {
    if (event.target === form || stopped || !unsaved()) return;
    event.preventDefault();
    if (await save()) event.target.requestSubmit(event.submitter);
  });
  window.addEventListener("pageshow", () => delete form.dataset.going);

  // Leaving, or the screen going dark: what is typed so far goes at once.
  document.addEventListener("visibilitychange", () => unsaved() && save());
  window.addEventListener("focus", () => trying && save());
  window.addEventListener("online", () => trying && save());

  // The session ends while the server does not have everything: the text is hidden, not lost, until the same person
  // signs in again.
  document.addEventListener("session:ended", (event) => {
    if (!unsaved()) return;
    event.preventDefault();
    trying = true;
    say("signed-out");
    away = document.createElement("div");
    away.className = "sheet stack";
    away.append(trouble.querySelector(":scope > .flash").cloneNode(true));
    const main = document.querySelector("main");
    main.hidden = true;
    main.before(away);
    document.title = document.title.split("·").pop().trim();
    later(AGAIN_MS);
  });

  if ("unkept" in form.dataset) {
    kept = "";
    form.dataset.changed = "yes";
    typed();
  }
}
