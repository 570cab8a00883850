/** Slider over sections or time points, with steps and playing. ui.md, UI-VIEW-05, 06 and UI-FIX-42. */

import { h, iconButton, icon } from "../../common/javascript/dom.js";

const FRAMES_PER_SECOND = 8;

export class PlaneSlider {
  /** @param {"z" | "t"} axis @param {boolean} vertical */
  constructor(axis, settings, viewport, vertical = false) {
    Object.assign(this, { axis, settings, viewport, playing: 0 });
    this.count = settings.data.size[axis];
    const name = axis.toUpperCase();
    this.range = h("input", {
      type: "range",
      min: 0,
      max: this.count - 1,
      step: 1,
      "aria-label": axis === "z" ? "Section" : "Time point",
    });
    this.output = h("output");
    this.range.addEventListener("input", () => this.go(Number(this.range.value)));
    const step = (glyph, label, by, className) =>
      iconButton(glyph, label, () => this.go(this.value + by), { class: `icon-button ${className}` });
    this.back = this.playButton(-1, `Play ${name} backwards`);
    this.forth = this.playButton(1, `Play ${name}`);
    const [less, more] = vertical ? ["chevron-down", "chevron-up"] : ["chevron-left", "chevron-right"];
    const parts = [
      this.back,
      step(less, `Previous ${name}`, -1, "step"),
      this.range,
      step(more, `Next ${name}`, 1, "step"),
      this.forth,
    ];
    this.element = h(
      "div",
      { class: `plane-slider ${axis} ${vertical ? "vertical" : "horizontal"}` },
      h("span", { class: "name" }, name),
      ...(vertical ? parts.reverse() : parts),
      this.output,
    );
    if (this.count < 2) {
      this.element.dataset.inert = "";
      this.element.querySelectorAll("button, input").forEach((control) => (control.disabled = true));
    }
    settings.addEventListener("change", () => this.update());
    viewport.addEventListener("picture", () => this.nextFrame());
    viewport.addEventListener("failed", () => this.stop());
    this.update();
  }

  get value() {
    return this.settings[this.axis];
  }

  playButton(direction, label) {
    const button = iconButton(
      "play",
      label,
      () => (this.playing === direction ? this.stop() : this.play(direction)),
      {
        class: `icon-button ${direction < 0 ? "backwards" : "forwards"}`,
        "aria-pressed": "false",
      },
    );
    return button;
  }

  go(value) {
    const plane = { z: this.settings.z, t: this.settings.t, [this.axis]: value };
    this.settings.setPlane(plane.z, plane.t);
  }

  play(direction) {
    this.playing = direction;
    this.paintButtons();
    this.go(this.value + direction);
  }

  stop() {
    this.playing = 0;
    this.paintButtons();
  }

  /** The last frame is on the screen: go on, stop at the end. */
  nextFrame() {
    if (!this.playing) return;
    const next = this.value + this.playing;
    if (next < 0 || next >= this.count) this.stop();
    else setTimeout(() => this.playing && this.go(next), 1000 / FRAMES_PER_SECOND);
  }

  paintButtons() {
    for (const [button, direction] of [
      [this.back, -1],
      [this.forth, 1],
    ]) {
      const on = this.playing === direction;
      button.setAttribute("aria-pressed", String(on));
      button.replaceChildren(icon(on ? "pause" : "play"));
    }
  }

  /** With a projection there is only one section. UI-VIEW-07. */
  update() {
    const projected = this.axis === "z" && this.settings.state.projection === "intmax";
    this.range.value = this.value;
    this.range.disabled = projected || this.count < 2;
    this.output.textContent = `${this.value + 1}/${this.count}`;
    this.range.title = `${this.axis.toUpperCase()}=${this.value + 1}`;
  }
}
