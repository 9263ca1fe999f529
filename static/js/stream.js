// News as it comes (server-sent events, HTML standard 9.2): parts of the page that wait for "news" ask the site again.
// Where there is no stream, or while it is away, they ask each half minute; a page that nobody sees asks nothing.

const EVERY_MS = 30_000;
const EVERY_MS_WITH_STREAM = 120_000; // what ended without a word, such as an alert whose occasion is gone
const { stream } = document.body.dataset;

let source = null;
let asked = Date.now();

const announce = (name) => document.body.dispatchEvent(new CustomEvent(name));

function ask() {
  asked = Date.now();
  announce("news");
}

function listen() {
  if (!stream) return;
  const beside = `${window.location.protocol}//${window.location.hostname}${stream}`;
  source = new EventSource(stream.startsWith(":") ? beside : stream, { withCredentials: true });
  source.addEventListener("news", ask);
  source.addEventListener("urgent", () => {
    announce("urgent");
    ask();
  });
}

function hangUp() {
  source?.close();
  source = null;
}

function look() {
  if (document.hidden) return;
  const open = source?.readyState === EventSource.OPEN;
  if (Date.now() - asked < (open ? EVERY_MS_WITH_STREAM : EVERY_MS)) return;
  ask();
  if (!source || source.readyState === EventSource.CLOSED) listen(); // a refusal ends it; who is signed out is sent away
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hangUp();
  else {
    ask();
    listen();
  }
});
window.addEventListener("pagehide", hangUp);
window.setInterval(look, 1000);
listen();
