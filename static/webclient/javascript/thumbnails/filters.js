/** Filters over the loaded page: name, rating, unrated, tag, key-value. ui.md, UI-CEN-12 to 19. */

import { debounce, h, iconButton, icon } from "../../../common/javascript/dom.js";
import { getJSON } from "../../../common/javascript/http.js";
import { reportError } from "../../../common/javascript/dialog.js";

const KINDS = [
  ["name", "Name"],
  ["rating", "By Rating"],
  ["unrated", "Unrated"],
  ["tag", "Tag"],
  ["map", "Key-Values"],
];

/** Annotations of one kind by image id: Map id → list of annotations. */
async function annotationsOf(kind, ids) {
  const { annotations } = await getJSON(`${window.WEBCLIENT.URLS.webindex}api/annotations/`, {
    type: kind,
    image: ids,
  });
  const byImage = new Map();
  for (const annotation of annotations) {
    const id = annotation.link.parent.id;
    byImage.set(id, [...(byImage.get(id) ?? []), annotation]);
  }
  return byImage;
}

const NUMBER = /^\s*(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*(\S*)\s*$/i;

/** A filter is {row: element, accepts(image) → boolean}. Each maker gets (images, changed, remove). */
const MAKERS = {
  name(images, changed, remove) {
    const input = h("input", {
      type: "search",
      placeholder: "Filter by name",
      "aria-label": "Filter by name",
    });
    input.addEventListener("input", debounce(changed, 300));
    return {
      row: [h("label", {}, "Name"), input, iconButton("close", "Remove this filter", remove)],
      accepts: ({ name }) =>
        input.value
          .toLowerCase()
          .split(/\s+/)
          .every((word) => name.toLowerCase().includes(word)),
      focus: input,
    };
  },

  async rating(images, changed, remove) {
    const ratings = await annotationsOf(
      "rating",
      images.map((image) => image.id),
    );
    let wanted = 5;
    const stars = h("span", { class: "stars", role: "radiogroup", "aria-label": "Rating" });
    const draw = () =>
      stars.replaceChildren(
        ...[1, 2, 3, 4, 5].map((value) => {
          const star = iconButton("star", `${value} of 5`, () => {
            wanted = value;
            draw();
            changed();
          });
          star.setAttribute("role", "radio");
          star.setAttribute("aria-checked", String(value === wanted));
          star.classList.toggle("on", value <= wanted);
          if (value <= wanted) star.firstChild.style.fill = "currentColor";
          return star;
        }),
      );
    draw();
    return {
      row: [h("label", {}, "Rating"), stars, iconButton("close", "Remove this filter", remove)],
      accepts: ({ id }) => (ratings.get(id) ?? []).some((annotation) => annotation.longValue === wanted),
    };
  },

  async unrated(images, changed, remove) {
    const ratings = await annotationsOf(
      "rating",
      images.map((image) => image.id),
    );
    return {
      row: [h("label", {}, "Unrated"), iconButton("close", "Remove this filter", remove)],
      accepts: ({ id }) => !ratings.has(id),
    };
  },

  async tag(images, changed, remove) {
    const tags = await annotationsOf(
      "tag",
      images.map((image) => image.id),
    );
    const names = [...new Set([...tags.values()].flat().map((tag) => tag.textValue))].sort((a, b) =>
      a.localeCompare(b),
    );
    const chosen = new Set();
    const chips = h("span", { class: "chips" });
    const select = h(
      "select",
      { "aria-label": "Add tag" },
      h("option", { value: "" }, "Choose tag"),
      names.map((name) => h("option", { value: name }, name)),
    );
    const draw = () => {
      chips.replaceChildren(
        ...[...chosen].map((name) =>
          h(
            "span",
            { class: "chip" },
            h("span", {}, name),
            iconButton("minus", `Remove ${name}`, () => {
              chosen.delete(name);
              draw();
            }),
          ),
        ),
      );
      changed();
    };
    select.addEventListener("change", () => {
      if (select.value) chosen.add(select.value);
      select.value = "";
      draw();
    });
    return {
      row: [h("label", {}, "Tag"), select, chips, iconButton("close", "Remove this filter", remove)],
      accepts: ({ id }) =>
        [...chosen].every((name) => (tags.get(id) ?? []).some((tag) => tag.textValue === name)),
    };
  },

  async map(images, changed, remove) {
    const maps = await annotationsOf(
      "map",
      images.map((image) => image.id),
    );
    const values = new Map();
    for (const [id, annotations] of maps) {
      for (const [key, value] of annotations.flatMap((annotation) => annotation.values)) {
        if (!values.has(key)) values.set(key, new Map());
        values.get(key).set(id, [...(values.get(key).get(id) ?? []), value]);
      }
    }
    const keys = [...values.keys()].sort((a, b) => a.localeCompare(b));
    const select = h(
      "select",
      { "aria-label": "Key" },
      h("option", { value: "" }, "Choose key"),
      keys.map((key) => h("option", { value: key }, key)),
    );
    const operator = h(
      "select",
      { "aria-label": "Comparison", hidden: true },
      [">", "<", "≥", "≤", "="].map((sign) => h("option", {}, sign)),
    );
    const input = h("input", { type: "search", "aria-label": "Value", placeholder: "Value" });
    const unit = h("span");
    const all = () => [...(values.get(select.value)?.values() ?? [])].flat();
    const units = () => new Set(all().map((value) => NUMBER.exec(value)?.[2] ?? "?"));
    const isNumeric = () =>
      select.value !== "" && all().every((value) => NUMBER.test(value)) && units().size === 1;
    select.addEventListener("change", () => {
      operator.hidden = !isNumeric();
      unit.textContent = isNumeric() ? [...units()][0] : "";
      const numbers = all().map((value) => parseFloat(value));
      input.placeholder = isNumeric() ? `${Math.min(...numbers)}-${Math.max(...numbers)}` : "Value";
      changed();
    });
    operator.addEventListener("change", changed);
    input.addEventListener("input", debounce(changed, 300));
    const compare = {
      ">": (a, b) => a > b,
      "<": (a, b) => a < b,
      "≥": (a, b) => a >= b,
      "≤": (a, b) => a <= b,
      "=": (a, b) => a === b,
    };
    return {
      row: [
        h("label", {}, "Key-Value"),
        select,
        operator,
        input,
        unit,
        iconButton("close", "Remove this filter", remove),
      ],
      accepts({ id }) {
        if (!select.value) return true;
        const own = values.get(select.value).get(id);
        if (!own) return false;
        if (!input.value.trim()) return true;
        if (!isNumeric())
          return own.some((value) => value.toLowerCase().includes(input.value.trim().toLowerCase()));
        return own.some((value) => compare[operator.value](parseFloat(value), parseFloat(input.value)));
      },
    };
  },
};

export class Filters {
  /** `rows`: element for the filter rows; `images()`: the loaded page; `changed()` is called when the result may differ. */
  constructor(rows, images, changed) {
    this.rows = rows;
    this.images = images;
    this.changed = changed;
    this.active = [];
    this.select = h(
      "select",
      { "aria-label": "Add filter" },
      h("option", { value: "" }, "Add filter"),
      KINDS.map(([kind, label]) => h("option", { value: kind }, label)),
      h("option", { disabled: true }, "──────"),
      h("option", { value: "none" }, "Remove all filters"),
    );
    this.select.addEventListener("change", () => {
      const kind = this.select.value;
      this.select.value = "";
      if (kind === "none") this.clear();
      else this.add(kind).catch((error) => reportError("The filter cannot be used", error));
    });
  }

  async add(kind) {
    const excludes = { rating: "unrated", unrated: "rating" }[kind];
    this.active
      .filter((filter) => filter.kind === excludes || (filter.kind === kind && kind !== "map"))
      .forEach((filter) => this.remove(filter));
    const filter = { kind };
    Object.assign(
      filter,
      await MAKERS[kind](
        this.images(),
        () => this.changed(),
        () => this.remove(filter),
      ),
    );
    filter.element = h("div", { class: "filter-row" }, icon("filter"), filter.row);
    this.rows.append(filter.element);
    this.active.push(filter);
    filter.focus?.focus();
    this.changed();
  }

  remove(filter) {
    filter.element?.remove();
    this.active = this.active.filter((other) => other !== filter);
    this.changed();
  }

  clear() {
    if (!this.active.length) return;
    this.active.forEach((filter) => filter.element.remove());
    this.active = [];
    this.changed();
  }

  accepts(image) {
    return this.active.every((filter) => filter.accepts(image));
  }
}
