/** Histogram of one channel of the shown plane. ui.md, UI-PRE-13; contract/webgateway.md, section 15. */

import { h } from "../../common/javascript/dom.js";
import { getJSON } from "../../common/javascript/http.js";

const HEIGHT = 100;
const BINS = 256;
const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export class Histogram {
  /** @param {import("./rendering_settings.js").RenderingSettings} settings @param {string} gateway base URL of webgateway, no trailing slash */
  constructor(settings, gateway) {
    this.settings = settings;
    this.gateway = gateway;
    this.channel = 0;
    this.cache = new Map();
    this.plot = svg("svg", {
      viewBox: `0 0 ${BINS} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      class: "histogram-plot",
    });
    this.element = h("div", { class: "histogram", hidden: true }, this.plot);
  }

  show(visible) {
    this.element.hidden = !visible;
    if (visible) this.update();
  }

  /** Follow this channel. */
  focus(channel) {
    this.channel = channel;
    this.update();
  }

  async update(window) {
    if (this.element.hidden) return;
    const { data, z, t } = this.settings;
    const key = `${this.channel}/${z}/${t}`;
    const { channel } = this;
    if (!this.cache.has(key)) {
      const url = `${this.gateway}/histogram_json/${data.id}/channel/${channel}/`;
      this.cache.set(key, getJSON(url, { theZ: z, theT: t, bins: BINS }));
    }
    try {
      const { data: counts } = await this.cache.get(key);
      if (channel === this.channel) this.draw(counts, window);
    } catch (error) {
      this.cache.delete(key);
      this.plot.replaceChildren();
      this.element.title = `No histogram: ${error.message}`;
    }
  }

  draw(counts, shown) {
    const channel = this.settings.channels[this.channel];
    const colour = channel.lut || /^F{6}$/i.test(channel.color) ? "var(--text-strong)" : `#${channel.color}`;
    const highest = Math.max(1, ...counts);
    const points = counts
      .map((count, at) => `${at},${(HEIGHT * (1 - Math.sqrt(count / highest))).toFixed(1)}`)
      .join(" L");
    const { min, max, start, end } = { ...channel.window, ...shown };
    const x = (value) => ((value - min) / (max - min || 1)) * BINS;
    const line = (value) =>
      svg("line", { x1: x(value), x2: x(value), y1: 0, y2: HEIGHT, class: "histogram-limit" });
    this.plot.replaceChildren(
      svg("path", {
        d: `M0,${HEIGHT} L${points} L${counts.length},${HEIGHT} Z`,
        fill: colour,
        "fill-opacity": 0.4,
        stroke: colour,
        "stroke-width": 1,
        "vector-effect": "non-scaling-stroke",
      }),
      line(start),
      line(end),
    );
    this.plot.setAttribute("aria-label", `Histogram of ${channel.label}, window ${start} to ${end}`);
  }
}
