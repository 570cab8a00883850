/** The Acquisition tab. ui.md, section 8. */

import { h, spinner } from "../../common/javascript/dom.js";
import { getText } from "../../common/javascript/http.js";

const $ = window.jQuery;
const expanded = new Set();

function wireSections(root) {
  for (const section of root.querySelectorAll("[data-section]")) {
    const toggle = section.querySelector(".pane-toggle");
    const body = section.querySelector(".pane-body");
    const set = (open) => {
      body.hidden = !open;
      toggle.setAttribute("aria-expanded", String(open));
      if (open) {
        expanded.add(section.dataset.section);
        loadOriginal(body);
      } else expanded.delete(section.dataset.section);
    };
    toggle.addEventListener("click", () => set(body.hidden));
    set(expanded.has(section.dataset.section));
  }
  for (const swatch of root.querySelectorAll(".channel-swatch"))
    swatch.style.background = `#${swatch.dataset.colour}`;
  for (const cell of root.querySelectorAll("td[data-seconds]"))
    if (cell.dataset.seconds) cell.textContent = duration(Number(cell.dataset.seconds));
}

/** 0 s; µs, ms, s with one decimal; min s; h min s. UI-ACQ-20. */
function duration(seconds) {
  if (seconds === 0) return "0 s";
  if (seconds < 1e-3) return `${Number((seconds * 1e6).toPrecision(4))} µs`;
  if (seconds < 1) return `${Number((seconds * 1e3).toPrecision(4))} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours} h ${minutes} min ${rest} s` : `${minutes} min ${rest} s`;
}

/** Unset fields are hidden until asked for. UI-ACQ-19. */
function wireUnset(root) {
  for (const form of root.querySelectorAll(".acquisition-form")) {
    for (const row of form.querySelectorAll("tr"))
      row.classList.toggle(
        "unset",
        ["", "N/A", "Not set"].includes(row.querySelector("td")?.textContent.trim()),
      );
    const count = form.querySelectorAll("tr.unset").length;
    if (!count) continue;
    const link = h("button", { type: "button", class: "button small" }, "Show unset fields");
    link.addEventListener("click", () => {
      const shown = form.classList.toggle("show-unset");
      link.textContent = shown ? "Hide unset fields" : "Show unset fields";
    });
    form.append(link);
  }
}

async function loadOriginal(body) {
  const { originalMetadata } = body.dataset;
  if (!originalMetadata || body.childElementCount) return;
  body.append(spinner());
  try {
    const html = await getText(originalMetadata);
    body.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    wireFilters(body);
  } catch (error) {
    const again = h("button", { type: "button", class: "button small" }, "Try again");
    again.addEventListener("click", () => {
      body.replaceChildren();
      loadOriginal(body);
    });
    body.replaceChildren(h("p", {}, error.message), again);
  }
}

function wireFilters(body) {
  for (const input of body.querySelectorAll("input[data-filter]")) {
    const rows = [...body.querySelectorAll(`[data-filtered="${input.dataset.filter}"] tr`)];
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  }
}

async function load(element, id) {
  element.replaceChildren(spinner());
  try {
    const html = await getText(`${window.WEBCLIENT.URLS.webindex}metadata_acquisition/image/${id}/`);
    if (($("body").data("selected_objects.ome") ?? [])[0]?.id !== `image-${id}`) return;
    element.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    wireSections(element);
    wireUnset(element);
  } catch (error) {
    element.replaceChildren(h("p", { class: "notice error" }, error.message));
  }
}

$("#metadata_tab").omeroweb_right_plugin({
  supported_obj_types: ["image"],
  load_plugin_content(selected, type, id) {
    load(this[0], id);
  },
});
