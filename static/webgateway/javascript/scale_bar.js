/** Scale bar of about 100 px with a round length. ui.md, UI-VIEW-38. */

import { h } from "../../common/javascript/dom.js";
import { lengthWithUnit } from "../../common/javascript/format.js";

const TARGET = 100;
const STEPS = [1, 2, 2.5, 5, 10];

/** The round length (µm) nearest below the target width. */
export function roundLength(micrometresPerPixel) {
  const wanted = TARGET * micrometresPerPixel;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = STEPS.filter((candidate) => candidate * power <= wanted * 1.0001).at(-1);
  return step * power;
}

export class ScaleBar {
  /** @param {import("./viewport.js").Viewport} viewport @param {number} pixelSize µm per pixel */
  constructor(viewport, pixelSize) {
    this.viewport = viewport;
    this.pixelSize = pixelSize;
    this.bar = h("div", { class: "scale-bar-line" });
    this.label = h("span");
    this.element = h("div", { class: "scale-bar", hidden: true }, this.label, this.bar);
    viewport.element.append(this.element);
    viewport.addEventListener("zoom", () => this.update());
    this.update();
  }

  update() {
    const perPixel = this.pixelSize * this.viewport.map.getView().getResolution();
    const length = roundLength(perPixel);
    const [value, unit] = lengthWithUnit(length);
    this.bar.style.width = `${length / perPixel}px`;
    this.label.textContent = `${Number(value.toPrecision(4))} ${unit}`;
  }

  show(visible) {
    this.element.hidden = !visible;
  }
}
