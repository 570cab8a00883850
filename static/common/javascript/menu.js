/** Menu buttons: a button and the menu that hangs under it. ui.md, UI-FIX-01. */

function items(menu) {
  return [...menu.querySelectorAll('[role^="menuitem"]')].filter(
    (item) => item.getAttribute("aria-disabled") !== "true",
  );
}

function place(menu, button) {
  const at = button.getBoundingClientRect();
  menu.style.top = `${Math.min(at.bottom + 3, window.innerHeight - menu.offsetHeight - 8)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - menu.offsetWidth - 8))}px`;
}

/** Wire `button` to `menu`. `beforeOpen(menu)` may fill it. */
export function menuButton(button, menu, beforeOpen) {
  function close(refocus) {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
  }

  function open(last = false) {
    beforeOpen?.(menu);
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    place(menu, button);
    const all = items(menu);
    all.forEach((item) => item.setAttribute("tabindex", "-1"));
    (last ? all.at(-1) : all[0])?.focus();
  }

  button.addEventListener("click", () => (menu.hidden ? open() : close(true)));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowUp");
  });
  menu.addEventListener("keydown", (event) => {
    const all = items(menu);
    const at = all.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all[(at + step + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key === "Escape") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  menu.addEventListener("click", (event) => {
    if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
    else if (event.target.closest('[role^="menuitem"]')) close(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target) && !button.contains(event.target)) close(false);
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget) && event.relatedTarget !== button)
      close(false);
  });
  return { close };
}
