/** Rows of channel controls: on/off, window with slider and fields, colour. ui.md, UI-PRE-08 to 14. */

import { h } from "../../common/javascript/dom.js";
import { chooseColour } from "./colour_picker.js";
import { Histogram } from "./histogram.js";
import { listLuts, paintSample } from "./luts.js";

/** Relative luminance of "RRGGBB", 0 to 1. */
function luminance(colour) {
  const [red, green, blue] = [0, 2, 4]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** White where it is easier to read on the colour than black. */
const textOn = (colour) => (luminance(colour) < 0.179 ? "#fff" : "#000");

class ChannelRow {
  constructor(panel, index) {
    this.panel = panel;
    this.index = index;
    const { settings } = panel;
    const { label } = this.channel;
    this.toggle = h("button", { type: "button", class: "channel-toggle", title: label }, label);
    this.toggle.addEventListener("click", () => settings.setActive(index, !this.channel.active));
    this.fields = ["start", "end"].map((which) => this.field(which));
    this.handles = ["start", "end"].map((which) => this.handle(which));
    this.fill = h("span", { class: "range-fill" });
    this.colour = h("button", {
      type: "button",
      class: "colour-button",
      title: `Color of ${label}`,
      "aria-label": `Color of ${label}`,
    });
    this.colour.addEventListener("click", () => chooseColour(settings, index, panel));
    this.element = h(
      "div",
      { class: "channel-row", "data-channel": index },
      this.toggle,
      this.fields[0],
      h("div", { class: "range" }, h("span", { class: "range-track" }), this.fill, this.handles),
      this.fields[1],
      this.colour,
    );
    this.element.addEventListener("focusin", () => panel.focus(index));
    this.update();
  }

  get channel() {
    return this.panel.settings.channels[this.index];
  }

  field(which) {
    const input = h("input", {
      type: "number",
      step: "any",
      class: `window-${which}`,
      "aria-label": `${this.channel.label} ${which}`,
    });
    input.addEventListener("change", () => {
      const values = this.fields.map((field) => Number(field.value));
      if (values.every((value) => Number.isFinite(value)) && input.value !== "")
        this.panel.settings.setWindow(this.index, ...values);
      this.update();
    });
    return input;
  }

  handle(which) {
    const input = h("input", {
      type: "range",
      class: `handle-${which}`,
      "aria-label": `${this.channel.label} ${which}`,
    });
    input.addEventListener("input", () => {
      const [start, end] = this.handles.map((handle) => Number(handle.value));
      if (start > end) input.value = which === "start" ? end : start;
      this.preview();
    });
    input.addEventListener("change", () =>
      this.panel.settings.setWindow(this.index, ...this.handles.map((handle) => Number(handle.value))),
    );
    return input;
  }

  /** Numbers and histogram lines follow while sliding. */
  preview() {
    const [start, end] = this.handles.map((handle) => Number(handle.value));
    this.fields[0].value = start;
    this.fields[1].value = end;
    this.paintFill(start, end);
    this.panel.histogram.update({ start, end });
  }

  paintFill(start, end) {
    const [low, high] = this.bounds();
    const share = (value) => ((value - low) / (high - low || 1)) * 100;
    this.fill.style.left = `${share(start)}%`;
    this.fill.style.width = `${Math.max(0, share(end) - share(start))}%`;
  }

  /** Channel minimum and maximum, widened to the window. UI-PRE-10. */
  bounds() {
    const { min, max, start, end } = this.channel.window;
    return [Math.min(min, start), Math.max(max, end)];
  }

  update() {
    const { channel } = this;
    const { start, end } = channel.window;
    const [low, high] = this.bounds();
    const step = this.panel.settings.isFloat ? (high - low) / 100 || 1 : 1;
    this.handles.forEach((handle, at) =>
      Object.assign(handle, { min: low, max: high, step, value: [start, end][at] }),
    );
    this.fields.forEach((field, at) => (field.value = Number([start, end][at].toPrecision(7))));
    this.toggle.setAttribute("aria-pressed", String(channel.active));
    this.toggle.classList.toggle("off", !channel.active);
    this.paintColour();
    this.paintFill(start, end);
    this.element.hidden = this.panel.onlyActive && !channel.active;
  }

  paintColour() {
    const { channel } = this;
    const grey = this.panel.settings.model === "g" ? "FFFFFF" : channel.color;
    for (const element of [this.toggle, this.colour, this.fill]) {
      element.style.background = `#${grey}`;
      element.style.transform = "";
    }
    this.toggle.style.color = textOn(grey);
    this.colour.classList.toggle("inverted", channel.inverted);
    if (!channel.lut || this.panel.settings.model === "g") return;
    listLuts(this.panel.server)
      .then((luts) => {
        const lut = luts.find((candidate) => candidate.name === channel.lut);
        if (!lut) return;
        paintSample(this.colour, lut, this.panel.gateway, 22);
        if (channel.inverted) this.colour.style.transform = "scaleX(-1)";
        this.toggle.style.background = "#555";
        this.toggle.style.color = "#fff";
      })
      .catch((error) => (this.colour.title = `No lookup tables: ${error.message}`));
  }
}

/** All rows with greyscale, "only active", histogram and the range buttons. */
export class ChannelControls {
  /** @param {{server: string, gateway: string, importedUrl: string}} urls base URLs without trailing slash */
  constructor(settings, { server, gateway, loadImported }) {
    Object.assign(this, { settings, server, gateway, onlyActive: false });
    this.histogram = new Histogram(settings, gateway);
    this.rows = settings.channels.map((_, index) => new ChannelRow(this, index));
    const check = (label, listener, props = {}) => {
      const input = h("input", { type: "checkbox", ...props });
      input.addEventListener("change", () => listener(input.checked));
      return [input, h("label", { class: "check" }, input, label)];
    };
    const [grey, greyLabel] = check("Grayscale", (on) => settings.setModel(on ? "g" : "c"));
    const [, activeLabel] = check("Active", (on) => {
      this.onlyActive = on;
      this.update();
    });
    const reason = settings.data.tiles ? "Not available for tiled images" : null;
    const [, histogramLabel] = check("Show Histogram", (on) => this.histogram.show(on), {
      disabled: Boolean(reason),
      title: reason,
    });
    this.grey = grey;
    const range = (label, action, disabled = false) =>
      h("button", { type: "button", class: "button small", disabled, on: { click: action } }, label);
    this.element = h(
      "div",
      { class: "channel-controls" },
      h(
        "div",
        { class: "channel-options" },
        greyLabel,
        settings.channels.length > 1 && activeLabel,
        h("span", { class: "space" }),
        histogramLabel,
      ),
      this.histogram.element,
      this.rows.map((row) => row.element),
      h(
        "div",
        { class: "channel-options" },
        range("Min/Max", () => settings.setMinMax()),
        range("Full Range", () => settings.setFullRange(), settings.isFloat),
        range("Imported", loadImported),
      ),
    );
    settings.addEventListener("change", () => this.update());
    this.update();
  }

  focus(index) {
    if (this.histogram.channel !== index) this.histogram.focus(index);
  }

  update() {
    this.grey.checked = this.settings.model === "g";
    this.rows.forEach((row) => row.update());
    this.histogram.update();
  }
}
