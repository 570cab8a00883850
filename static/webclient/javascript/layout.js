/** Splitters, collapsed panels, one panel at a time on small screens. ui.md, section 1.3 and UI-FIX-14, 15. */

import { h, icon, iconButton } from "../../common/javascript/dom.js";

const $ = window.jQuery;
const KEY = "omero.web.panels";
const MINIMUM = 50;
const STEP = 20;

function remembered() {
  return JSON.parse(localStorage.getItem(KEY) ?? "{}");
}

function remember(change) {
  localStorage.setItem(KEY, JSON.stringify({ ...remembered(), ...change }));
}

function variable(panel) {
  return panel.id === "left_panel" ? "--left-width" : "--right-width";
}

function setWidth(panel, width) {
  const center = document.getElementById("center_panel");
  const room = center.offsetWidth + panel.offsetWidth - width;
  if (width < MINIMUM || room < MINIMUM) return;
  document.body.style.setProperty(variable(panel), `${Math.round(width)}px`);
  const splitter = document.querySelector(`.splitter[aria-controls="${panel.id}"]`);
  splitter.setAttribute("aria-valuenow", Math.round(width));
}

function settle(panel) {
  remember({ [panel.id]: panel.offsetWidth || remembered()[panel.id] });
  $(panel).trigger("resize");
}

function setCollapsed(panel, collapsed) {
  panel.classList.toggle("collapsed", collapsed);
  remember({ [`${panel.id}_collapsed`]: collapsed });
  const tray = document.querySelector(`.splitter[aria-controls="${panel.id}"] + .tray-holder .tray`);
  const name = panel.id === "left_panel" ? "left panel" : "right panel";
  tray.title = collapsed ? `Show ${name}` : `Hide ${name}`;
  tray.setAttribute("aria-label", tray.title);
  tray.setAttribute("aria-expanded", String(!collapsed));
  tray.replaceChildren(icon((panel.id === "left_panel") === collapsed ? "chevron-right" : "chevron-left"));
  $(panel).trigger("resize");
}

function wireSplitter(splitter) {
  const panel = document.getElementById(splitter.getAttribute("aria-controls"));
  const isLeft = panel.id === "left_panel";
  const saved = remembered();
  if (saved[panel.id]) document.body.style.setProperty(variable(panel), `${saved[panel.id]}px`);
  splitter.setAttribute("aria-valuemin", MINIMUM);
  splitter.setAttribute("aria-valuemax", 2000);
  splitter.setAttribute("aria-valuenow", panel.offsetWidth);
  const tray = iconButton(isLeft ? "chevron-left" : "chevron-right", "Hide panel", () =>
    setCollapsed(panel, !panel.classList.contains("collapsed")),
  );
  tray.classList.add("tray");
  splitter.after(h("span", { class: "tray-holder" }, tray));
  setCollapsed(panel, Boolean(saved[`${panel.id}_collapsed`]));
  splitter.addEventListener("pointerdown", (event) => {
    splitter.setPointerCapture(event.pointerId);
    const start = event.clientX;
    const width = panel.offsetWidth;
    const move = (moved) => setWidth(panel, width + (moved.clientX - start) * (isLeft ? 1 : -1));
    splitter.addEventListener("pointermove", move);
    splitter.addEventListener(
      "lostpointercapture",
      () => {
        splitter.removeEventListener("pointermove", move);
        settle(panel);
      },
      { once: true },
    );
  });
  splitter.addEventListener("keydown", (event) => {
    if (event.target !== splitter) return;
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    setWidth(panel, panel.offsetWidth + (isLeft ? step : -step));
    settle(panel);
  });
}

export function startLayout() {
  document.querySelectorAll(".splitter[aria-controls]").forEach(wireSplitter);
  const panels = document.querySelector(".panels");
  document.querySelectorAll(".panel-switch button").forEach((button) =>
    button.addEventListener("click", () => {
      panels.dataset.shown = button.dataset.panel;
      document
        .querySelectorAll(".panel-switch button")
        .forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      window.dispatchEvent(new Event("resize"));
    }),
  );
  const toggle = (id, collapsed) => () => setCollapsed(document.getElementById(id), collapsed);
  window.OME.nav = {
    hide_left_panel: toggle("left_panel", true),
    show_left_panel: toggle("left_panel", false),
    hide_right_panel: toggle("right_panel", true),
    show_right_panel: toggle("right_panel", false),
    set_right_panel_width: (width) => setWidth(document.getElementById("right_panel"), width),
  };
}
