/** The download page: the objects travel with the form. ui.md, UI-DL. */

const form = document.getElementById("download_form");
for (const [name, value] of new URLSearchParams(form?.dataset.query)) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  form.append(input);
}
form?.addEventListener("submit", () => {
  const button = form.querySelector("button");
  button.textContent = "Preparing…";
  setTimeout(() => (button.disabled = true), 0);
});
document.getElementById("zipname")?.select();
