// Recovery codes: to paper or to the clipboard. Without a script the browser's own print and copy do it.

for (const button of document.querySelectorAll("[data-print], [data-copy]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-print], [data-copy]");
  if (!button) return;
  if ("print" in button.dataset) window.print();
  else {
    const lines = document.getElementById(button.dataset.copy).querySelectorAll("li");
    await navigator.clipboard.writeText([...lines].map((line) => line.textContent.trim()).join("\n"));
    button.textContent = button.dataset.done;
  }
});
