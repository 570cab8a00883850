/** Centre panel: the images of the selected container as thumbnails or list. ui.md, section 5. */

import { h, icon, iconButton } from "../../../common/javascript/dom.js";
import { getSelection, onSelectionChange, setSelection } from "../selection.js";
import { openViewer } from "../open_viewer.js";
import { getTree, loadNode, selectionEntry, selectQuietly, showPage } from "../tree/tree.js";
import { pageKey } from "../tree/load.js";
import { PlatePanel } from "../plate/panel.js";
import { card, COLUMNS } from "./card.js";
import { Filters } from "./filters.js";
import { gridKeys } from "./grid_keys.js";
import * as loader from "./loader.js";
import { marquee } from "./marquee.js";
import { pager } from "./pager.js";

const { OME, jQuery: $ } = window;
const MEMORY = "omero.web.thumbnails";
const CONTAINERS = ["dataset", "tag", "orphaned"];
const PLATES = ["plate", "acquisition"];

/** State of this panel; the selection itself lives in the tree. */
const state = {
  container: null,
  images: [],
  sort: 0,
  descending: false,
  anchor: null,
  loading: null,
  ...JSON.parse(localStorage.getItem(MEMORY) ?? '{"zoom": 90, "layout": "grid", "captions": false}'),
};
let parts = null;
let plates = null;

function remember() {
  localStorage.setItem(
    MEMORY,
    JSON.stringify({ zoom: state.zoom, layout: state.layout, captions: state.captions }),
  );
}

function build() {
  const root = document.getElementById("content_details");
  const rows = h("div");
  const filters = new Filters(rows, () => state.images, redraw);
  filters.select.style.width = "130px";
  const table = h("div", { id: "icon_table" });
  const list = h("ul", {
    id: "dataIcons",
    role: "listbox",
    "aria-multiselectable": "true",
    "aria-label": "Images",
  });
  const heads = h(
    "div",
    { class: "column-heads" },
    h("span"),
    COLUMNS.map(([label], index) =>
      h("button", { type: "button", on: { click: () => sortBy(index) } }, label),
    ),
  );
  const foot = h("div");
  table.append(heads, list, foot);
  const layouts = ["grid", "list"].map((layout) =>
    iconButton(layout, layout === "grid" ? "View as Thumbnails" : "View as List", () => setLayout(layout), {
      "data-layout": layout,
    }),
  );
  const captions = iconButton("tag", "Show names", () => {
    state.captions = !state.captions;
    applyLook();
  });
  const slider = h("input", {
    type: "range",
    min: 30,
    max: 200,
    value: state.zoom,
    title: "Zoom Thumbnails",
    "aria-label": "Zoom Thumbnails",
  });
  slider.addEventListener("input", () => {
    state.zoom = Number(slider.value);
    applyLook();
  });
  const status = h("span", { class: "status", "aria-live": "polite" });
  const bar = h(
    "div",
    { class: "toolbar" },
    filters.select,
    h("span", { class: "space" }),
    captions,
    layouts,
  );
  const bottom = h("div", { class: "center-foot" }, status, h("label", {}, "Zoom:", slider));
  const plateRoot = h("div", { class: "center_panel_content", hidden: true });
  const thumbs = h("div", { class: "center_panel_content" }, bar, rows, table, bottom);
  root.append(thumbs, plateRoot);
  parts = { root, thumbs, plateRoot, table, list, heads, foot, status, filters, layouts, captions };
  plates = new PlatePanel(plateRoot);
  wire();
  applyLook();
  clear();
}

function wire() {
  const { table, list } = parts;
  list.addEventListener("click", (event) => {
    const card = event.target.closest("li");
    if (!card || event.button === 1) return;
    if (event.target.closest("a") && !(event.ctrlKey || event.metaKey || event.shiftKey))
      event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.shiftKey) event.preventDefault();
    choose(card, event);
    card.focus();
  });
  list.addEventListener("dblclick", (event) => {
    const card = event.target.closest("li");
    if (card) openCard(card);
  });
  list.addEventListener("dragstart", (event) => event.preventDefault());
  marquee(table, "#dataIcons li", (cards, additive) =>
    publish(new Set([...(additive ? selectedIds() : []), ...cards.map(idOf)])),
  );
  gridKeys(list, () => [...list.children], {
    select: (card, event) => choose(card, { shiftKey: event.shiftKey }),
    toggle: (card) => choose(card, { ctrlKey: true }),
    open: openCard,
    all: () => publish(new Set(shown().map((image) => image.id))),
  });
}

const idOf = (card) => Number(card.dataset.id);

function openCard(card) {
  openViewer(idOf(card), state.container?.type === "dataset" ? state.container.data.id : null);
}

function selectedIds() {
  return getSelection()
    .filter((entry) => entry.id.startsWith("image-"))
    .map((entry) => Number(entry.id.split("-")[1]));
}

function choose(card, { ctrlKey, metaKey, shiftKey }) {
  const id = idOf(card);
  const ids = shown().map((image) => image.id);
  let chosen = new Set([id]);
  if (shiftKey && state.anchor !== null && ids.includes(state.anchor)) {
    const [first, last] = [ids.indexOf(state.anchor), ids.indexOf(id)].sort((a, b) => a - b);
    chosen = new Set(ids.slice(first, last + 1));
  } else if (ctrlKey || metaKey) {
    chosen = new Set(selectedIds());
    if (chosen.has(id)) chosen.delete(id);
    else chosen.add(id);
    state.anchor = id;
  } else state.anchor = id;
  publish(chosen);
}

/** Select these images: their tree nodes, then the page. UI-EVT-05. */
function publish(ids) {
  const tree = getTree();
  const nodes = state.container.children
    .map((child) => tree.get_node(child))
    .filter((node) => node.type === "image" && ids.has(node.data.id));
  selectQuietly(nodes.length ? nodes : [state.container]);
  setSelection((nodes.length ? nodes : [state.container]).map(selectionEntry), {
    from: "#dataTree",
    argument: nodes.length,
  });
}

/** The container whose images belong to a selection; null when there is nothing to show. UI-SEL. */
function containerFor(entries) {
  const tree = getTree();
  if (!tree || !entries.length) return null;
  const nodes = tree.get_selected(true);
  if (!nodes.length) return state.container;
  const [node] = nodes;
  if (nodes.length === 1 && (CONTAINERS.includes(node.type) || PLATES.includes(node.type))) return node;
  if (node.type === "image") return tree.get_node(node.parent);
  return null;
}

async function update() {
  const entries = getSelection();
  if (entries.length && entries.every((entry) => entry.id.startsWith("well-")) && plates.isOpen()) return;
  if (plates.isOpen() && plates.owns(entries)) return;
  const container = containerFor(entries);
  if (container && PLATES.includes(container.type)) {
    parts.thumbs.hidden = true;
    parts.plateRoot.hidden = false;
    state.container = container;
    plates.show(container, getTree());
    return;
  }
  plates.close();
  parts.thumbs.hidden = false;
  parts.plateRoot.hidden = true;
  if (!container) {
    clear();
    return;
  }
  const isNew = !state.container || state.container.id !== container.id;
  if (isNew) parts.filters.clear();
  state.container = container;
  if (!getTree().is_loaded(container)) parts.status.textContent = "Loading...";
  await loadNode(container);
  if (state.container?.id === container.id) window.update_thumbnails_panel(null, { instance: getTree() });
}

function clear() {
  state.container = null;
  state.key = null;
  state.images = [];
  parts.list.replaceChildren();
  parts.foot.replaceChildren(
    h("p", { class: "empty-hint" }, "Choose a dataset, tag or plate in the tree to see its images."),
  );
  parts.status.textContent = "";
}

/** Redraw for the tree's container; plug-ins may replace it. */
window.update_thumbnails_panel = () => {
  const tree = getTree();
  const node = state.container && tree.get_node(state.container.id);
  if (!node) {
    clear();
    return;
  }
  state.container = node;
  const children = node.children.map((id) => tree.get_node(id)).filter((child) => child.type === "image");
  const key = JSON.stringify([node.id, children.map((child) => [child.data.id, child.text])]);
  if (key === state.key) {
    highlight();
    return;
  }
  state.key = key;
  state.images = children.map((child) => child.data.obj);
  redraw();
};

function shown() {
  return sorted(state.images.filter((image) => parts.filters.accepts(image)));
}

function sorted(images) {
  const [, value] = COLUMNS[state.sort];
  const direction = state.descending ? -1 : 1;
  return [...images].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    const order = typeof one === "string" ? one.localeCompare(other) : one - other;
    return order * direction || a.id - b.id;
  });
}

function redraw() {
  if (!state.container) return;
  const images = shown();
  const visible = new Set(images.map((image) => image.id));
  const dataset = state.container.type === "dataset" ? state.container.data.id : null;
  parts.list.replaceChildren(...images.map((image) => card(image, loader.cached(image.id), dataset)));
  drawPager();
  const filtered = parts.filters.active.length
    ? `${images.length} of ${state.images.length} on this page`
    : `${images.length} image${images.length === 1 ? "" : "s"}`;
  const total = state.container.data.obj.childCount;
  parts.status.textContent =
    total > state.images.length && state.container.type !== "tag"
      ? `${filtered} (${total} in all; sorting and filters act on this page)`
      : filtered;
  if (!state.images.length) parts.foot.prepend(h("p", { class: "empty-hint" }, "No images here."));
  highlight();
  loadPictures(images.filter((image) => !loader.cached(image.id)).map((image) => image.id));
  const hidden = selectedIds().filter(
    (id) => !visible.has(id) && state.images.some((image) => image.id === id),
  );
  if (hidden.length) publish(new Set(selectedIds().filter((id) => visible.has(id))));
}

function loadPictures(ids) {
  state.loading?.abort();
  state.loading = new AbortController();
  loader.load(ids, setPicture, state.loading.signal);
}

function setPicture(id, data) {
  const holder = parts.list.querySelector(`#image_icon-${id} .thumb`);
  if (!holder) return;
  const name = holder.parentElement.getAttribute("aria-label");
  if (data) {
    const img = h("img", { src: data, alt: name, draggable: "false" });
    img.addEventListener("load", () =>
      img.classList.toggle("small", state.zoom > Math.max(img.naturalWidth, img.naturalHeight)),
    );
    holder.replaceChildren(img);
  } else
    holder.replaceChildren(
      h(
        "span",
        { class: "placeholder failed", role: "img", "aria-label": `${name}: no thumbnail` },
        icon("warning"),
      ),
    );
}

function drawPager() {
  const size = window.WEBCLIENT.PAGE_SIZE;
  const total = state.container.data.obj.childCount ?? 0;
  const pages = Math.ceil(total / size);
  const current = getTree().pages.get(pageKey(state.container)) ?? 1;
  const isPaged = window.WEBCLIENT.UI.TREE.pagination_nodes.includes(state.container.type);
  parts.foot.replaceChildren(
    ...(isPaged && pages > 1 ? [pager(current, pages, (page) => showPage(state.container, page))] : []),
  );
}

function highlight() {
  const chosen = new Set(selectedIds());
  const filesets = new Set(
    state.images
      .filter((image) => chosen.has(image.id) && image.filesetId !== undefined)
      .map((image) => String(image.filesetId)),
  );
  let focusable = null;
  for (const element of parts.list.children) {
    const isSelected = chosen.has(idOf(element));
    element.classList.toggle("ui-selected", isSelected);
    element.classList.toggle("fs-selected", !isSelected && filesets.has(element.dataset.fileset));
    element.setAttribute("aria-selected", String(isSelected));
    element.tabIndex = -1;
    if (isSelected && !focusable) focusable = element;
  }
  const first = focusable ?? parts.list.firstElementChild;
  if (first) first.tabIndex = 0;
  focusable?.scrollIntoView({ block: "nearest" });
}

function sortBy(index) {
  state.descending = state.sort === index && !state.descending;
  state.sort = index;
  redraw();
}

function setLayout(layout) {
  state.layout = layout;
  applyLook();
}

function applyLook() {
  parts.table.classList.toggle("list", state.layout === "list");
  parts.table.classList.toggle("captions", state.captions);
  parts.table.style.setProperty("--thumb-size", `${state.zoom}px`);
  parts.captions.setAttribute("aria-pressed", String(state.captions));
  parts.layouts.forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.layout === state.layout)),
  );
  parts.list
    .querySelectorAll("img")
    .forEach((img) =>
      img.classList.toggle("small", state.zoom > Math.max(img.naturalWidth, img.naturalHeight)),
    );
  remember();
}

OME.clearThumbnailsPanel = clear;
OME.load_thumbnails = () => update();
/** Fetch thumbnails anew: `imageId` for one, `thumbnail` when its data is at hand, nothing for all. */
OME.refreshThumbnails = ({ imageId, thumbnail } = {}) => {
  const ids = imageId === undefined ? state.images.map((image) => image.id) : [Number(imageId)];
  loader.forget(ids);
  if (thumbnail) setPicture(ids[0], thumbnail);
  else loadPictures(ids);
  plates.refreshThumbnails();
};

build();
onSelectionChange(() => update());
$("body").on(
  "links_changed.ome objects_deleted.ome object_renamed.ome",
  () => state.container && window.update_thumbnails_panel(null, {}),
);
$(document).on("load_node.jstree create_node.jstree delete_node.jstree", "#dataTree", (event, data) => {
  const parent = event.type === "load_node" ? data.node?.id : (data.parent ?? data.node?.parent);
  if (state.container && parent === state.container.id && !parts.thumbs.hidden)
    window.update_thumbnails_panel(null, data);
});
