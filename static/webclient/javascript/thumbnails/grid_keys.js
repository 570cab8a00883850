/** Keyboard in a grid of cards: arrows move, Shift extends, Space toggles, Enter opens. ui.md, UI-FIX-04. */

/** Index of the card above or below, by position on the screen. */
function vertical(cards, at, direction) {
  const from = cards[at].getBoundingClientRect();
  const middle = from.left + from.width / 2;
  const candidates = cards
    .map((card, index) => ({ index, box: card.getBoundingClientRect() }))
    .filter(({ box }) => (direction > 0 ? box.top > from.top + 2 : box.top < from.top - 2));
  if (!candidates.length) return at;
  const row =
    direction > 0
      ? Math.min(...candidates.map(({ box }) => box.top))
      : Math.max(...candidates.map(({ box }) => box.top));
  const inRow = candidates.filter(({ box }) => Math.abs(box.top - row) < 2);
  const distance = ({ box }) => Math.abs(box.left + box.width / 2 - middle);
  return inRow.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best)).index;
}

/** `cards()`: focusable elements in order; handlers `select(card, event)`, `toggle(card)`, `open(card)`, `all()`. */
export function gridKeys(area, cards, { select, toggle, open, all }) {
  area.addEventListener("keydown", (event) => {
    const list = cards();
    const at = list.indexOf(document.activeElement);
    if (at < 0) return;
    const moves = {
      ArrowLeft: () => Math.max(0, at - 1),
      ArrowRight: () => Math.min(list.length - 1, at + 1),
      ArrowUp: () => vertical(list, at, -1),
      ArrowDown: () => vertical(list, at, 1),
      Home: () => 0,
      End: () => list.length - 1,
    };
    if (moves[event.key]) {
      const next = list[moves[event.key]()];
      next.focus();
      if (!event.ctrlKey && !event.metaKey) select(next, event);
    } else if (event.key === " ") toggle(list[at]);
    else if (event.key === "Enter") open(list[at]);
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) all();
    else return;
    event.preventDefault();
  });
}
