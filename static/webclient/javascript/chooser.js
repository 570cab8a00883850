/** Group and user chooser. ui.md, section 1.2 and UI-FIX-22; contract/webclient.md, section 4.5. */

import { spinner } from "../../common/javascript/dom.js";
import { getText } from "../../common/javascript/http.js";

function showUsersOf(chooser, groupId) {
  for (const part of chooser.querySelectorAll("[data-users-of]"))
    part.hidden = part.dataset.usersOf !== groupId;
  for (const link of chooser.querySelectorAll("[data-group]"))
    link.classList.toggle("current", link.dataset.group === groupId);
}

function wire(chooser) {
  const filter = chooser.querySelector("input[type=search]");
  filter.addEventListener("input", () => {
    const text = filter.value.trim().toLowerCase();
    for (const item of chooser.querySelectorAll(".groups li"))
      item.hidden = !item.textContent.toLowerCase().includes(text);
  });
  const point = (event) => {
    const link = event.target.closest("[data-group]");
    if (link) showUsersOf(chooser, link.dataset.group);
  };
  chooser.addEventListener("pointerover", point);
  chooser.addEventListener("focusin", point);
  chooser.addEventListener("keydown", (event) => {
    const links = [...chooser.querySelectorAll("a")].filter((link) => link.offsetParent);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    links[(links.indexOf(document.activeElement) + step + links.length) % links.length]?.focus();
  });
  filter.focus();
}

export function startChooser() {
  const opener = document.getElementById("show_groups");
  const chooser = document.getElementById("group_user_chooser");
  if (!opener || (!window.WEBCLIENT.active_group_id && window.WEBCLIENT.active_group_id !== 0)) return;
  let loaded = false;
  const setOpen = async (open) => {
    chooser.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open || loaded) return;
    chooser.replaceChildren(spinner("Loading Groups..."));
    try {
      const html = await getText(`${window.WEBCLIENT.URLS.webindex}group_user_content/`, {
        url: window.location.pathname,
      });
      chooser.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
      wire(chooser);
      loaded = true;
    } catch (error) {
      chooser.textContent = error.message;
    }
  };
  opener.addEventListener("click", () => setOpen(chooser.hidden));
  document.addEventListener("pointerdown", (event) => {
    if (!chooser.hidden && !chooser.contains(event.target) && !opener.contains(event.target)) setOpen(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || chooser.hidden) return;
    setOpen(false);
    opener.focus();
  });
}
