/** The tagging dialog. ui.md, UI-TAG-10 to 16; contract/webclient.md, section 8.3. */

import { button, h, iconButton } from "../../../common/javascript/dom.js";
import { getJSON, postForm } from "../../../common/javascript/http.js";
import { openDialog } from "../../../common/javascript/dialog.js";

const BATCH = 2000;
const base = () => window.WEBCLIENT.URLS.webindex;

async function inBatches(mode, total, note) {
  const parts = [];
  for (let offset = 0; offset < Math.max(total, 1); offset += BATCH) {
    parts.push(
      await getJSON(`${base()}marshal_tagging_form_data/`, {
        jsonmode: mode,
        group: window.WEBCLIENT.active_group_id,
        offset,
        limit: BATCH,
      }),
    );
    note(Math.min(1, (offset + BATCH) / Math.max(total, 1)));
  }
  return parts;
}

/** All tags of the group: [{id, text, owner, ownerId, description, set, parents}], sets before their children. */
async function loadTags(progress) {
  const { tag_count: total } = await getJSON(`${base()}marshal_tagging_form_data/`, {
    jsonmode: "tagcount",
    group: window.WEBCLIENT.active_group_id,
  });
  const stage = (name) => (fraction) => progress(name, fraction);
  const rows = (await inBatches("tags", total, stage("Loading tags"))).flat();
  const owners = Object.assign({}, ...(await inBatches("owners", 0, stage("Loading owners"))));
  const descriptions = Object.assign({}, ...(await inBatches("desc", total, stage("Loading descriptions"))));
  const tags = new Map(
    rows.map(([id, text, ownerId, children]) => [
      id,
      {
        id,
        text,
        ownerId,
        owner: owners[ownerId] ?? "",
        description: descriptions[id] ?? "",
        set: Array.isArray(children),
        children: children || [],
        sets: [],
      },
    ]),
  );
  for (const tag of tags.values()) for (const child of tag.children) tags.get(child)?.sets.push(tag.id);
  return tags;
}

function byText(a, b) {
  return a.text.toLowerCase().localeCompare(b.text.toLowerCase()) || a.id - b.id;
}

class Chooser {
  constructor(about, annotations) {
    this.about = about;
    this.me = window.WEBCLIENT.USER.id;
    const counts = new Map();
    for (const { id, link } of annotations)
      if (link.owner.id === this.me) counts.set(id, (counts.get(id) ?? 0) + 1);
    /** Ids linked by the user to every object. */
    this.initial = [...counts].filter(([, count]) => count >= about.count).map(([id]) => id);
    this.selected = new Set(this.initial);
    this.created = [];
    this.tags = new Map();
    this.marked = new Set();
    this.build();
  }

  build() {
    this.filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter tags" });
    this.mode = h(
      "select",
      { "aria-label": "Filter by" },
      h("option", { value: "any" }, "anywhere in tag name"),
      h("option", { value: "start" }, "start of tag name"),
    );
    this.owner = h(
      "select",
      { "aria-label": "Filter by owner" },
      ["all", "me", "others"].map((value) => h("option", { value }, value === "all" ? "All" : value)),
    );
    this.left = h("div", {
      class: "tag-list",
      role: "listbox",
      tabindex: 0,
      "aria-label": "Available Tags",
      "aria-multiselectable": "true",
    });
    this.right = h("div", {
      class: "tag-list",
      role: "listbox",
      tabindex: 0,
      "aria-label": "Selected Tags",
      "aria-multiselectable": "true",
    });
    this.progress = h("progress", { max: 1, value: 0, "aria-label": "Loading" });
    this.stage = h("span");
    this.text = h("input", { type: "text", "aria-label": "Tag", placeholder: "Tag", name: "new_tag" });
    this.description = h("input", { type: "text", "aria-label": "Description", placeholder: "Description" });
    this.where = h("span", {}, "New tag");
    const add = button("Add", () => this.addNew(), { class: "button" });
    for (const control of [this.filter, this.mode, this.owner])
      control.addEventListener("input", () => this.draw());
    this.filter.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const first = this.visible().find((tag) => !tag.set);
      if (first) this.move([first.id], true);
      this.filter.value = "";
      this.draw();
    });
    for (const input of [this.text, this.description]) {
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        this.addNew();
      });
    }
    this.wireList(this.left, (id) => this.move([id], true));
    this.wireList(this.right, (id) => this.move([id], false));
    this.element = h(
      "div",
      { class: "tag-dialog" },
      h("div", {}, h("h3", {}, "Available Tags"), this.filter),
      h("div"),
      h("h3", {}, "Selected Tags"),
      this.left,
      h(
        "div",
        { class: "tag-move" },
        iconButton("chevron-right", "Select tags", () => this.moveMarked(this.left, true)),
        iconButton("chevron-left", "Deselect tags", () => this.moveMarked(this.right, false)),
      ),
      this.right,
      h("div", {}, this.mode, this.owner),
      h("div"),
      h("div", {}, this.stage, this.progress),
      h("div", { class: "tag-new" }, this.where, this.text, this.description, add),
    );
  }

  wireList(list, activate) {
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[data-id]");
      if (!row) return;
      this.mark(row);
    });
    list.addEventListener("dblclick", (event) => {
      const row = event.target.closest("[data-id]");
      if (row) activate(row.dataset.id);
    });
    list.addEventListener("keydown", (event) => {
      const rows = [...list.querySelectorAll("[data-id]")];
      const at = rows.findIndex((row) => row.classList.contains("focus"));
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && rows.length) {
        rows.forEach((row) => row.classList.remove("focus"));
        const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
        next.classList.add("focus");
        next.scrollIntoView({ block: "nearest" });
      } else if (event.key === " " && rows[at]) this.mark(rows[at]);
      else if (event.key === "Enter" && rows[at]) activate(rows[at].dataset.id);
      else return;
      event.preventDefault();
    });
  }

  mark(row) {
    const key = row.dataset.id;
    if (this.marked.has(key)) this.marked.delete(key);
    else this.marked.add(key);
    row.setAttribute("aria-selected", String(this.marked.has(key)));
    this.where.textContent = this.targetSet() ? `New tag in ${this.targetSet().text}` : "New tag";
  }

  /** The marked set, or the set of a marked tag: where a new tag goes. UI-TAG-14. */
  targetSet() {
    for (const key of this.marked) {
      const tag = this.tags.get(Number(key));
      if (tag?.set) return tag;
      if (tag?.sets.length) return this.tags.get(tag.sets[0]);
    }
    return null;
  }

  matches(tag) {
    const text = tag.text.toLowerCase();
    const wanted = this.filter.value.trim().toLowerCase();
    if (this.owner.value === "me" && tag.ownerId !== this.me) return false;
    if (this.owner.value === "others" && tag.ownerId === this.me) return false;
    if (this.mode.value === "start") return text.startsWith(wanted);
    return wanted.split(/\s+/).every((word) => text.includes(word));
  }

  /** Rows of the left list: sets with matching children, then tags of no set. */
  visible() {
    const all = [...this.tags.values()];
    const free = (tag) => !tag.set && !this.selected.has(tag.id) && this.matches(tag);
    const rows = [];
    for (const set of all.filter((tag) => tag.set).sort(byText)) {
      const children = set.children
        .map((id) => this.tags.get(id))
        .filter((tag) => tag && free(tag))
        .sort(byText);
      if (children.length || (this.matches(set) && !this.filter.value))
        rows.push(set, ...children.map((tag) => ({ ...tag, child: true })));
    }
    rows.push(...all.filter((tag) => free(tag) && !tag.sets.length).sort(byText));
    return rows;
  }

  row(tag, key) {
    const kind = tag.set ? "set" : tag.child ? "child" : "";
    return h(
      "div",
      {
        role: "option",
        class: kind,
        "data-id": key,
        title: [`ID: ${tag.id ?? "new"}`, tag.owner && `Owner: ${tag.owner}`, tag.description]
          .filter(Boolean)
          .join("\n"),
        "aria-selected": String(this.marked.has(key)),
      },
      tag.text,
    );
  }

  draw() {
    this.left.replaceChildren(...this.visible().map((tag) => this.row(tag, String(tag.id))));
    const chosen = [...this.selected]
      .map((id) => this.tags.get(id))
      .filter(Boolean)
      .sort(byText);
    this.right.replaceChildren(
      ...chosen.map((tag) => this.row(tag, String(tag.id))),
      ...this.created.map((tag, index) => this.row(tag, `new-${index}`)),
    );
  }

  move(keys, select) {
    for (const key of keys.map(String)) {
      if (key.startsWith("new-")) this.created.splice(Number(key.slice(4)), 1);
      else {
        const tag = this.tags.get(Number(key));
        const ids = tag?.set
          ? tag.children.filter((id) => this.tags.has(id) && this.matches(this.tags.get(id)))
          : [Number(key)];
        ids.forEach((id) => (select ? this.selected.add(id) : this.selected.delete(id)));
      }
      this.marked.delete(key);
    }
    this.draw();
  }

  moveMarked(list, select) {
    this.move(
      [...list.querySelectorAll('[aria-selected="true"]')].map((row) => row.dataset.id),
      select,
    );
  }

  addNew() {
    const text = this.text.value.trim();
    if (!text) return;
    const same = [...this.tags.values()].find(
      (tag) => tag.text === text && (tag.description ?? "") === this.description.value && !tag.set,
    );
    if (same) this.selected.add(same.id);
    else
      this.created.push({
        text,
        description: this.description.value,
        owner: "",
        set: false,
        tagset: this.targetSet()?.id ?? null,
      });
    this.text.value = "";
    this.description.value = "";
    this.draw();
    this.text.focus();
  }

  async save() {
    this.addNew();
    const values = Object.fromEntries(
      [...new Set([...this.about.query.keys()])].map((type) => [type, this.about.query.getAll(type)]),
    );
    values.tags = [...this.selected].join(",");
    values["newtags-TOTAL_FORMS"] = this.created.length;
    values["newtags-INITIAL_FORMS"] = 0;
    values["newtags-MIN_NUM_FORMS"] = 0;
    values["newtags-MAX_NUM_FORMS"] = 1000;
    this.created.forEach((tag, index) => {
      values[`newtags-${index}-tag`] = tag.text;
      values[`newtags-${index}-description`] = tag.description;
      values[`newtags-${index}-tagset`] = tag.tagset;
    });
    const answer = await postForm(`${base()}annotate_tags/`, values);
    if (typeof answer === "string")
      throw new Error(new DOMParser().parseFromString(answer, "text/html").body.textContent.trim());
    return true;
  }

  async load() {
    this.tags = await loadTags((stage, fraction) => {
      this.stage.textContent = stage;
      this.progress.value = fraction;
    });
    this.stage.textContent = "";
    this.progress.hidden = true;
    this.draw();
  }
}

/** Resolves to true when something was saved. `annotations`: the tags that the objects have. */
export async function tagDialog(about, annotations) {
  const chooser = new Chooser(about, annotations);
  const dialog = openDialog({
    title: "Tags Selection",
    wide: true,
    body: chooser.element,
    buttons: [
      {
        label: "Reset",
        value: "reset",
        action: () => {
          chooser.selected = new Set(chooser.initial);
          chooser.created = [];
          chooser.draw();
          return false;
        },
      },
      { label: "Cancel", value: "cancel" },
      { label: "Save", value: "save", primary: true, disabled: true, action: () => chooser.save() },
    ],
    onopen: () => chooser.filter.focus(),
  });
  chooser
    .load()
    .then(() => (dialog.buttons[2].disabled = false))
    .catch((error) => (chooser.stage.textContent = error.message));
  return (await dialog) === "save";
}
