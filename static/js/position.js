// "Use where I am": the browser's position, rounded, goes into the search form. Without it a ZIP code does the same.

const DIGITS = 2; // of a degree: about a kilometre, enough to say which clinic is near
const PATIENCE_MS = 10000;

const form = document.querySelector("[data-position-form]");
const button = form?.querySelector("[data-position-button]");
const said = form?.querySelector("[data-position-said]");

function found({ coords }) {
  form.elements.position.value = `${coords.latitude.toFixed(DIGITS)},${coords.longitude.toFixed(DIGITS)}`;
  form.elements.near.value = "";
  form.requestSubmit();
}

function ask() {
  said.textContent = said.dataset.waiting;
  navigator.geolocation.getCurrentPosition(found, () => (said.textContent = said.dataset.refused), {
    timeout: PATIENCE_MS,
    maximumAge: 600000,
  });
}

if (button && navigator.geolocation) {
  button.hidden = false;
  button.addEventListener("click", ask);
  // Whoever types a ZIP code means that place, not the one before.
  form.elements.near.addEventListener("input", () => (form.elements.position.value = ""));
}
