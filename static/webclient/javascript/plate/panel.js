/** Centre panel for a plate or run: the grid of wells, and the fields of the selected wells. ui.md, section 6. */

import { h, spinner } from "../../../common/javascript/dom.js";
import { getJSON, getText } from "../../../common/javascript/http.js";
import { getSelection, setSelection } from "../selection.js";
import { openViewer } from "../open_viewer.js";
import { gridKeys } from "../thumbnails/grid_keys.js";
import * as loader from "../thumbnails/loader.js";
import { marquee } from "../thumbnails/marquee.js";

const $ = window.jQuery;
const WAIT = 200;
const MEMORY = "omero.web.plate";

export class PlatePanel {
  constructor(root) {
    this.root = root;
    this.node = null;
    this.fields = new Map();
    this.selected = new Set();
    this.anchor = null;
    this.zoom = JSON.parse(localStorage.getItem(MEMORY) ?? "64");
  }

  isOpen() {
    return this.node !== null;
  }

  /** The selection consists of fields (images) of this plate's lower panel. */
  owns(entries) {
    return entries.length > 0 && entries.every((entry) => entry.fromPlate);
  }

  close() {
    clearTimeout(this.timer);
    this.node = null;
    this.root.replaceChildren();
  }

  show(node) {
    if (this.node?.id === node.id) return;
    this.node = node;
    this.selected.clear();
    this.root.replaceChildren(spinner());
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), WAIT);
  }

  async load() {
    const { node } = this;
    const kind = node.type === "plate" ? "plate" : "acquisition";
    const wanted = $("body").data("wells_to_select") ?? [];
    $("body").removeData("wells_to_select");
    const key = `${node.type}-${node.data.id}`;
    try {
      const html = await getText(`${window.WEBCLIENT.URLS.webindex}load_plate/${kind}/${node.data.id}/`, {
        index: this.fields.get(key) ?? 0,
        show: wanted.join("|") || null,
      });
      if (this.node !== node) return;
      this.root.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
      this.panel = this.root.querySelector(".plate-panel");
      this.wire(key);
      await this.loadGrid();
      const wells = this.panel.dataset.selectWells.split(",").filter(Boolean).map(Number);
      if (wells.length) this.publish(new Set(wells));
    } catch (error) {
      if (this.node === node)
        this.root.replaceChildren(
          h("p", { class: "notice error" }, `The plate could not be loaded: ${error.message}`),
        );
    }
  }

  wire(key) {
    const select = this.panel.querySelector("select[name=index]");
    select?.addEventListener("change", () => {
      this.fields.set(key, Number(select.value));
      this.panel.dataset.index = select.value;
      this.loadGrid();
    });
    const slider = h("input", {
      type: "range",
      min: 10,
      max: 130,
      value: this.zoom,
      "aria-label": "Zoom wells",
    });
    slider.addEventListener("input", () => this.setZoom(Number(slider.value)));
    this.panel.querySelector(".center-foot").append(h("label", {}, "Zoom:", slider));
    this.table = this.panel.querySelector("#spw");
    this.setZoom(this.zoom);
    this.table.addEventListener("click", (event) => {
      const cell = event.target.closest("td.well");
      if (cell) this.choose(cell, event);
    });
    this.table.addEventListener("dblclick", (event) => {
      const cell = event.target.closest("td.well");
      if (cell) openViewer(Number(cell.dataset.image));
    });
    marquee(this.panel.querySelector(".plate-scroll"), "td.well", (cells, additive) =>
      this.publish(
        new Set([...(additive ? this.selected : []), ...cells.map((cell) => Number(cell.dataset.well))]),
      ),
    );
    gridKeys(this.table, () => [...this.table.querySelectorAll("td.well")], {
      select: (cell, event) => this.choose(cell, { shiftKey: event.shiftKey }),
      toggle: (cell) => this.choose(cell, { ctrlKey: true }),
      open: (cell) => openViewer(Number(cell.dataset.image)),
      all: () => this.publish(new Set(this.cells().map((cell) => Number(cell.dataset.well)))),
    });
  }

  setZoom(zoom) {
    this.zoom = zoom;
    localStorage.setItem(MEMORY, JSON.stringify(zoom));
    this.panel.style.setProperty("--well-size", `${zoom}px`);
  }

  cells() {
    return [...this.table.querySelectorAll("td.well")];
  }

  async loadGrid() {
    const { plate, acquisition, index, baseurl } = this.panel.dataset;
    const run = acquisition ? `${acquisition}/` : "";
    const grid = await getJSON(`${baseurl}/plate/${plate}/${index}/${run}`);
    const caption = this.table.querySelector("caption");
    const head = h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th"),
        grid.collabels.map((label) => h("th", { scope: "col" }, String(label))),
      ),
    );
    const body = h(
      "tbody",
      {},
      grid.grid.map((row, y) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, String(grid.rowlabels[y])),
          row.map((cell, x) => this.cell(cell, `${grid.rowlabels[y]}${grid.collabels[x]}`)),
        ),
      ),
    );
    this.table.replaceChildren(caption, head, body);
    $(this.table).trigger("_resetLoaded");
    const cells = this.cells();
    if (cells.length) cells[0].tabIndex = 0;
    this.panel.querySelector(".status").textContent = `${cells.length} wells`;
    this.highlight();
    this.loadPictures();
    $(this.table).trigger("_gridLoaded");
  }

  cell(well, label) {
    if (!well) return h("td", { class: "empty" });
    const text = `${label}, ${well.name}`;
    return h(
      "td",
      {
        id: `well-${well.wellId}`,
        class: "well",
        tabindex: -1,
        "data-well": well.wellId,
        "data-image": well.id,
        "data-field": well.field,
        "data-label": label,
        title: text,
        "aria-label": text,
      },
      h("span", { class: "well-label", "aria-hidden": "true" }, label),
      h("img", { id: `image-${well.id}`, alt: text, draggable: "false" }),
    );
  }

  loadPictures() {
    const cells = this.cells();
    const ids = cells.map((cell) => Number(cell.dataset.image));
    const set = (id, data) => {
      const img = this.table.querySelector(`#image-${id}`);
      if (img && data) img.src = data;
      $(this.table).trigger("thumbLoad", [id]);
    };
    ids.filter((id) => loader.cached(id)).forEach((id) => set(id, loader.cached(id)));
    loader
      .load(
        ids.filter((id) => !loader.cached(id)),
        set,
      )
      .then(() => $(this.table).trigger("_thumbsLoaded"));
  }

  refreshThumbnails() {
    if (this.isOpen() && this.table) {
      loader.forget();
      this.loadPictures();
    }
  }

  choose(cell, { ctrlKey, metaKey, shiftKey }) {
    const id = Number(cell.dataset.well);
    const cells = this.cells();
    let chosen = new Set([id]);
    if (shiftKey && this.anchor) {
      const [a, b] = [this.anchor, cell].map((one) => ({ x: one.cellIndex, y: one.parentElement.rowIndex }));
      const within = (value, one, other) => value >= Math.min(one, other) && value <= Math.max(one, other);
      chosen = new Set(
        cells
          .filter((one) => within(one.cellIndex, a.x, b.x) && within(one.parentElement.rowIndex, a.y, b.y))
          .map((one) => Number(one.dataset.well)),
      );
    } else if (ctrlKey || metaKey) {
      chosen = new Set(this.selected);
      if (chosen.has(id)) chosen.delete(id);
      else chosen.add(id);
      this.anchor = cell;
    } else this.anchor = cell;
    this.publish(chosen);
  }

  publish(wells) {
    this.selected = wells;
    this.highlight();
    const index = Number(this.panel.dataset.index);
    setSelection(
      [...wells].map((id) => ({
        id: `well-${id}`,
        rel: "well",
        index,
        class: this.node.data.obj.permsCss ?? "",
      })),
      { argument: wells.size },
    );
    this.showFields();
  }

  highlight() {
    for (const cell of this.cells()) {
      const isSelected = this.selected.has(Number(cell.dataset.well));
      cell.classList.toggle("ui-selected", isSelected);
      cell.setAttribute("aria-selected", String(isSelected));
    }
  }

  async showFields() {
    const section = this.panel.querySelector(".well-images");
    const list = section.querySelector("#wellImages");
    section.hidden = this.selected.size === 0;
    const wells = [...this.selected];
    const rows = await Promise.all(
      wells.map(async (id) => {
        const run = this.panel.dataset.acquisition;
        const images = await getJSON(
          `${this.panel.dataset.baseurl}/well/${id}/children/`,
          run ? { run } : {},
        );
        const label = this.table.querySelector(`#well-${id}`)?.dataset.label ?? "";
        return h(
          "div",
          { class: "well-row" },
          h("b", {}, label),
          images.map((image, field) => this.field(image, field)),
        );
      }),
    );
    if (wells.length !== this.selected.size || !wells.every((id) => this.selected.has(id))) return;
    list.replaceChildren(...rows);
    const linked = $("body").data("field_to_select");
    $("body").removeData("field_to_select");
    if (linked) list.querySelector(`button[data-image="${linked}"]`)?.click();
  }

  field(image, index) {
    const button = h(
      "button",
      {
        type: "button",
        title: image.name,
        "aria-label": `Field ${index + 1}, ${image.name}`,
        "aria-pressed": "false",
        "data-image": image.id,
      },
      h("img", { src: image.thumb_url, alt: "" }),
    );
    button.addEventListener("dblclick", () => openViewer(image.id));
    button.addEventListener("click", (event) => {
      const additive = event.ctrlKey || event.metaKey;
      const chosen = new Set(
        additive
          ? getSelection()
              .filter((entry) => entry.fromPlate)
              .map((entry) => entry.id)
          : [],
      );
      const key = `image-${image.id}`;
      if (chosen.has(key)) chosen.delete(key);
      else chosen.add(key);
      for (const other of this.panel.querySelectorAll("#wellImages button")) {
        const on = chosen.has(`image-${other.dataset.image}`);
        other.classList.toggle("ui-selected", on);
        other.setAttribute("aria-pressed", String(on));
      }
      setSelection(
        [...chosen].map((id) => ({
          id,
          rel: "image",
          class: this.node.data.obj.permsCss ?? "",
          fromPlate: true,
        })),
        { argument: chosen.size },
      );
    });
    return button;
  }
}
