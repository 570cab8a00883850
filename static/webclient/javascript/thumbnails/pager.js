/** Compact pager: first, last, neighbours, jump. ui.md, UI-CEN-20 and UI-FIX-19. */

import { h } from "../../../common/javascript/dom.js";

export function pager(current, pages, go) {
  const near = [...new Set([1, current - 1, current, current + 1, pages])]
    .filter((page) => page >= 1 && page <= pages)
    .sort((a, b) => a - b);
  const parts = [];
  near.forEach((page, index) => {
    if (index && page - near[index - 1] > 1) parts.push(h("span", {}, "…"));
    parts.push(
      page === current ? h("span", { "aria-current": "page" }, String(page)) : step(String(page), page, go),
    );
  });
  const jump = h("input", {
    type: "number",
    min: 1,
    max: pages,
    "aria-label": `Page of ${pages}`,
    placeholder: "page",
  });
  jump.style.width = "70px";
  jump.addEventListener(
    "change",
    () => Number(jump.value) >= 1 && Number(jump.value) <= pages && go(Number(jump.value)),
  );
  return h(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    current > 1 && step("Previous", current - 1, go),
    parts,
    current < pages && step("Next", current + 1, go),
    pages > 5 && jump,
  );
}

function step(label, page, go) {
  return h("button", { type: "button", class: "button small", on: { click: () => go(page) } }, label);
}
