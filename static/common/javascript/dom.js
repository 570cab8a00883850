/** Building DOM without strings of markup. */

const SPRITE = new URL("../icons/sprite.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/**
 * Element `tag`. In `props`, "class", "data-…", "aria-…" and other attributes are set as attributes, `on` holds listeners,
 * `prop` holds properties; false, null and undefined are left out, true is the empty attribute.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === "on")
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "prop") Object.assign(element, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(
    ...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** One of the glyphs in common/icons/sprite.svg; decorative. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** A square button with a glyph; `label` is its accessible name and tooltip. */
export function iconButton(name, label, onclick, props = {}) {
  return h(
    "button",
    {
      type: "button",
      class: "icon-button",
      title: label,
      "aria-label": label,
      on: { click: onclick },
      ...props,
    },
    icon(name),
  );
}

export function button(label, onclick, props = {}) {
  return h("button", { type: "button", class: "button", on: { click: onclick }, ...props }, label);
}

export function spinner(label = "Loading...") {
  return h("div", { class: "loading", role: "status" }, h("span", { class: "spinner" }), label);
}

let counter = 0;

/** An id that no other element of the page has. */
export function freshId(prefix = "id") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Call `fn` once, `delay` ms after the last call of the returned function. */
export function debounce(fn, delay) {
  let timer = null;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), delay);
  };
}
