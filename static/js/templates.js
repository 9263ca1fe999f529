// A text of the clinic is put behind what is typed, without asking the server. The first blank in it stands marked, so
// that the next thing typed fills it.

const BLANK = "***";

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-place]");
  if (!button) return;
  event.preventDefault();
  const { template, body } = button.form.elements;
  const text = template.selectedOptions[0].dataset.text;
  if (!text) return template.focus();
  const typed = body.value.trimEnd();
  const begin = typed ? typed.length + 2 : 0;
  body.value = typed ? `${typed}\n\n${text}` : text;
  template.value = "";
  body.focus();
  const blank = text.indexOf(BLANK);
  if (blank < 0) body.setSelectionRange(body.value.length, body.value.length);
  else body.setSelectionRange(begin + blank, begin + blank + BLANK.length);
  body.dispatchEvent(new Event("input", { bubbles: true }));
});
