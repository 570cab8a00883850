/** Selecting by dragging a rectangle. ui.md, UI-CEN-08, UI-SPW-06. */

import { h } from "../../../common/javascript/dom.js";

const THRESHOLD = 2;

/** Call `onSelect(elements, additive)` with the `selector` elements in `area` that the rectangle touches. */
export function marquee(area, selector, onSelect) {
  area.addEventListener("pointerdown", (down) => {
    if (down.button !== 0 || down.pointerType === "touch" || down.target.closest("button, input, select"))
      return;
    const origin = point(down);
    let box = null;
    const move = (event) => {
      const now = point(event);
      if (!box && Math.hypot(now.x - origin.x, now.y - origin.y) <= THRESHOLD * 2) return;
      if (!box) {
        box = h("div", { class: "marquee" });
        area.append(box);
        area.setPointerCapture(down.pointerId);
      }
      event.preventDefault();
      Object.assign(box.style, {
        left: `${Math.min(origin.x, now.x)}px`,
        top: `${Math.min(origin.y, now.y)}px`,
        width: `${Math.abs(now.x - origin.x)}px`,
        height: `${Math.abs(now.y - origin.y)}px`,
      });
    };
    const up = (event) => {
      area.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      if (!box) return;
      const bounds = box.getBoundingClientRect();
      box.remove();
      area.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => area.removeEventListener("click", swallow, { capture: true }), 50);
      onSelect(
        [...area.querySelectorAll(selector)].filter((element) =>
          touches(bounds, element.getBoundingClientRect()),
        ),
        event.ctrlKey || event.metaKey,
      );
    };
    area.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  });

  function point(event) {
    const at = area.getBoundingClientRect();
    return { x: event.clientX - at.left + area.scrollLeft, y: event.clientY - at.top + area.scrollTop };
  }
}

function swallow(event) {
  event.stopPropagation();
  event.preventDefault();
}

function touches(a, b) {
  return a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;
}
