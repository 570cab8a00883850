/** "Choose color": inversion, colours, lookup tables, free colour. ui.md, UI-COL. */

import { h } from "../../common/javascript/dom.js";
import { openDialog } from "../../common/javascript/dialog.js";
import { listLuts, paintSample } from "./luts.js";

const COLOURS = {
  Red: "FF0000",
  Green: "00FF00",
  Blue: "0000FF",
  White: "FFFFFF",
  Yellow: "FFFF00",
  Magenta: "FF00FF",
  Cyan: "00FFFF",
};
const SAMPLE_HEIGHT = 14;

export function chooseColour(settings, index, { server, gateway }) {
  const channel = settings.channels[index];
  const list = h("div", { class: "colour-list", role: "listbox", "aria-label": "Colours" });
  const invert = h("input", { type: "checkbox", checked: channel.inverted });
  invert.addEventListener("change", () => settings.setInverted(index, invert.checked));
  const free = h("input", { type: "color", value: `#${channel.color}`, "aria-label": "Free colour" });
  const hex = h("input", {
    type: "text",
    value: channel.color,
    maxlength: 6,
    pattern: "[0-9A-Fa-f]{6}",
    "aria-label": "Hex value",
  });
  const apply = (colour) => {
    settings.setColour(index, colour);
    mark();
  };
  free.addEventListener("change", () => {
    hex.value = free.value.slice(1).toUpperCase();
    apply(hex.value);
  });
  hex.addEventListener("change", () => {
    if (!/^[0-9a-f]{6}$/i.test(hex.value)) return;
    free.value = `#${hex.value}`;
    apply(hex.value);
  });
  const option = (name, value, paint) => {
    const sample = h("span", { class: "colour-sample" });
    paint(sample);
    return h(
      "button",
      { type: "button", role: "option", "data-colour": value, on: { click: () => apply(value) } },
      sample,
      name,
    );
  };
  const mark = () => {
    const current = settings.channels[index].lut ?? settings.channels[index].color;
    for (const item of list.children)
      item.setAttribute("aria-selected", String(item.dataset.colour === current));
  };
  list.append(
    ...Object.entries(COLOURS).map(([name, value]) =>
      option(name, value, (sample) => (sample.style.background = `#${value}`)),
    ),
  );
  mark();
  listLuts(server)
    .then((luts) => {
      list.append(
        ...luts.map((lut) =>
          option(lut.name.replace(/\.lut$/, "").replaceAll("_", " "), lut.name, (sample) =>
            paintSample(sample, lut, gateway, SAMPLE_HEIGHT),
          ),
        ),
      );
      mark();
    })
    .catch((error) => list.append(h("p", { class: "field-error" }, `No lookup tables: ${error.message}`)));
  return openDialog({
    title: `Choose color: ${channel.label}`,
    body: h(
      "div",
      { class: "colour-picker" },
      h("label", { class: "check" }, invert, "Invert"),
      list,
      h("div", { class: "colour-free" }, h("label", {}, "Other"), free, hex),
    ),
    buttons: [{ label: "OK", value: "ok", primary: true }],
  });
}
