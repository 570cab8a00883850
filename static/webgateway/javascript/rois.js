/** Regions of interest over the picture, and their list. ui.md, section 10.6. */

import { h, spinner } from "../../common/javascript/dom.js";
import { getJSON } from "../../common/javascript/http.js";
import { isOnPlane, shapeFeatures, shapeStyle } from "./roi_shapes.js";

const { ol } = window;
const PAGE = 200;
const TEXT = 30;

export class Rois {
  /** @param {{gateway: string, count: number, limit: number}} options base URL of webgateway without trailing slash */
  constructor(settings, viewport, { gateway, count, limit }) {
    Object.assign(this, { settings, viewport, gateway, count, selected: null, labels: true, rois: null });
    this.source = new ol.source.Vector();
    this.layer = new ol.layer.Vector({
      source: this.source,
      zIndex: 10,
      visible: false,
      style: (feature) => this.style(feature),
    });
    viewport.map.addLayer(this.layer);
    this.list = h("div", { class: "roi-list", hidden: true });
    const show = h("input", { type: "checkbox", disabled: count === 0 || count > limit });
    show.addEventListener("change", () => this.show(show.checked));
    const labels = h("input", { type: "checkbox", checked: true });
    labels.addEventListener("change", () => {
      this.labels = labels.checked;
      this.layer.changed();
    });
    const tooMany = count > limit && h("span", { class: "hint" }, `More than ${limit} are not shown.`);
    this.element = h(
      "div",
      {},
      h(
        "div",
        { class: "row" },
        h("label", { class: "check" }, show, `Show ROIs (${count})`),
        h("label", { class: "check" }, labels, "Text"),
        tooMany,
      ),
      this.list,
    );
    settings.addEventListener("change", () => this.layer.changed());
    viewport.map.on("singleclick", (event) => this.pick(event.pixel));
  }

  style(feature) {
    const { shape, roi } = feature.getProperties();
    if (!isOnPlane(shape, this.settings.z, this.settings.t)) return null;
    return shapeStyle(shape, { selected: this.selected === roi, labels: this.labels });
  }

  async show(visible) {
    this.layer.setVisible(visible);
    this.list.hidden = !visible;
    if (!visible || this.rois) return;
    this.list.replaceChildren(spinner());
    try {
      this.rois = await getJSON(`${this.gateway}/get_rois_json/${this.settings.data.id}/`);
      this.source.addFeatures(shapeFeatures(this.rois));
      this.drawList(0);
    } catch (error) {
      this.rois = null;
      this.list.replaceChildren(
        h("p", { class: "field-error" }, `ROIs could not be loaded: ${error.message}`),
      );
    }
  }

  drawList(from) {
    const rows = this.rois.slice(from, from + PAGE).map((roi) => this.row(roi));
    const step = (label, to, enabled) =>
      h(
        "button",
        { type: "button", class: "button small", disabled: !enabled, on: { click: () => this.drawList(to) } },
        label,
      );
    const pages =
      this.rois.length > PAGE &&
      h(
        "div",
        { class: "row" },
        step("< Prev", from - PAGE, from > 0),
        `${from + 1}–${Math.min(from + PAGE, this.rois.length)}`,
        step("Next >", from + PAGE, from + PAGE < this.rois.length),
      );
    const head = h(
      "tr",
      {},
      ["ID", "Z", "T", "Text"].map((name) => h("th", { scope: "col" }, name)),
    );
    this.list.replaceChildren(
      h("table", { class: "roi-table" }, h("thead", {}, head), h("tbody", {}, rows)),
      ...(pages ? [pages] : []),
    );
  }

  row(roi) {
    const text =
      roi.shapes.map((shape) => shape.textValue).find(Boolean) ??
      roi.shapes.map((shape) => shape.type).join(", ");
    const choose = h(
      "button",
      { type: "button", title: text, on: { click: () => this.select(roi.id, true) } },
      text.length > TEXT ? `${text.slice(0, TEXT)}…` : text,
    );
    return h(
      "tr",
      { "data-roi": roi.id },
      h("td", {}, String(roi.id)),
      h("td", {}, range(roi, "theZ")),
      h("td", {}, range(roi, "theT")),
      h("td", {}, choose),
    );
  }

  /** Mark a region; from the list, also go to its plane and place. UI-ROI-06. */
  select(id, go = false) {
    this.selected = id;
    this.layer.changed();
    for (const row of this.list.querySelectorAll("tr[data-roi]"))
      row.classList.toggle("selected", Number(row.dataset.roi) === id);
    this.list.querySelector("tr.selected")?.scrollIntoView({ block: "nearest" });
    const shape = this.rois.find((roi) => roi.id === id)?.shapes[0];
    if (!go || !shape) return;
    this.settings.setPlane(shape.theZ ?? this.settings.z, shape.theT ?? this.settings.t);
    const feature = this.source.getFeatures().find((candidate) => candidate.get("roi") === id);
    if (
      feature &&
      !ol.extent.containsExtent(
        this.viewport.map.getView().calculateExtent(),
        feature.getGeometry().getExtent(),
      )
    ) {
      this.viewport.map.getView().setCenter(ol.extent.getCenter(feature.getGeometry().getExtent()));
    }
  }

  pick(pixel) {
    if (!this.layer.getVisible()) return;
    const hit = this.viewport.map.forEachFeatureAtPixel(pixel, (feature) => feature, { hitTolerance: 4 });
    if (hit) this.select(hit.get("roi"));
  }
}

/** "3", "1-5" or "" for all planes; counted from 1. */
function range(roi, axis) {
  const values = roi.shapes.map((shape) => shape[axis]).filter((value) => value !== undefined);
  if (!values.length) return "";
  const [low, high] = [Math.min(...values) + 1, Math.max(...values) + 1];
  return low === high ? String(low) : `${low}-${high}`;
}
