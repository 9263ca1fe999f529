// A board that updates by itself waits while somebody is at work on it: nothing moves under the focus or the pointer.

const STILL_MS = 5000; // a pointer that has not moved for so long is only lying there

let moved = 0;

const atWork = (board) =>
  board.contains(document.activeElement) || (board.matches(":hover") && Date.now() - moved < STILL_MS);

document.addEventListener("pointermove", () => (moved = Date.now()), { passive: true });
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const board = event.target;
  if (board.matches("[data-board]") && atWork(board)) event.preventDefault();
});
