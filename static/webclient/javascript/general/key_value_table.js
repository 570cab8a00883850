/** One table of key-value pairs; saves when a cell is left. ui.md, UI-KVP-05 to 10, UI-FIX-27 to 29. */

import { h, iconButton } from "../../../common/javascript/dom.js";

const isFilled = ([key, value]) => key.trim() !== "" || value.trim() !== "";

export class KeyValueTable {
  /**
   * `pairs`: [[key, value]]; `save(pairs)` stores all of them and may throw; read-only without it.
   * `focused(table)` is called when a row of it is touched.
   */
  constructor({ pairs, head, title, save, focused }) {
    Object.assign(this, {
      pairs: pairs.map((pair) => [...pair]),
      save,
      focused,
      selected: new Set(),
      undone: [],
    });
    this.stored = JSON.stringify(this.pairs.filter(isFilled));
    this.saving = Promise.resolve();
    this.body = h("tbody");
    this.table = h("table", { class: "kv" }, this.body);
    this.element = h(
      "div",
      { class: "kv-group" },
      head && h("div", { class: "kv-head", title }, head),
      this.table,
    );
    if (save && !this.pairs.length) this.pairs.push(["", ""]);
    this.body.addEventListener("focusin", (event) => this.touch(event));
    this.body.addEventListener("click", (event) => this.select(event));
    this.body.addEventListener("focusout", (event) => this.leave(event));
    this.draw();
  }

  get isEditable() {
    return Boolean(this.save);
  }

  draw() {
    this.body.replaceChildren(...this.pairs.map((pair, index) => this.row(pair, index)));
    if (!this.isEditable) window.OME.linkify_element(window.jQuery(this.body).find(".cell"));
  }

  row(pair, index) {
    const cells = pair.map((text, column) =>
      h("td", {}, this.isEditable ? this.input(text, index, column) : h("span", { class: "cell" }, text)),
    );
    return h(
      "tr",
      {
        "data-row": index,
        class: this.selected.has(index) ? "selected" : "",
        tabindex: this.isEditable ? null : -1,
      },
      cells,
    );
  }

  input(text, index, column) {
    const input = h("input", {
      type: "text",
      value: text,
      placeholder: column ? "Add Value" : "Add Key",
      "aria-label": column ? `Value ${index + 1}` : `Key ${index + 1}`,
    });
    input.addEventListener("input", () => (this.pairs[index][column] = input.value));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.next(index, column);
    });
    return input;
  }

  /** Enter: from key to value, to the next key, at the end to a new row. UI-KVP-07. */
  next(index, column) {
    if (column === 0) this.focusCell(index, 1);
    else {
      if (index === this.pairs.length - 1) this.insert(index + 1);
      this.focusCell(index + 1, 0);
    }
  }

  focusCell(index, column) {
    this.body.rows[index]?.querySelectorAll("input")[column]?.focus();
  }

  touch(event) {
    this.focused(this);
    const row = event.target.closest("tr");
    if (row && !this.selected.has(Number(row.dataset.row))) this.mark(new Set([Number(row.dataset.row)]));
  }

  select(event) {
    const row = event.target.closest("tr");
    if (!row) return;
    this.focused(this);
    const index = Number(row.dataset.row);
    if (event.shiftKey) {
      const from = Math.min(...this.selected, index);
      const to = Math.max(...this.selected, index);
      this.mark(new Set(Array.from({ length: to - from + 1 }, (_, at) => from + at)));
    } else if (event.ctrlKey || event.metaKey) {
      const chosen = new Set(this.selected);
      if (chosen.has(index)) chosen.delete(index);
      else chosen.add(index);
      this.mark(chosen);
    } else this.mark(new Set([index]));
  }

  mark(rows) {
    this.selected = rows;
    for (const row of this.body.rows) row.classList.toggle("selected", rows.has(Number(row.dataset.row)));
  }

  leave(event) {
    const sameRow = event.relatedTarget && event.target.closest("tr") === event.relatedTarget.closest?.("tr");
    if (this.isEditable && !sameRow) this.commit();
  }

  insert(at) {
    this.pairs.splice(at, 0, ["", ""]);
    this.selected = new Set([at]);
    this.draw();
    this.focusCell(at, 0);
  }

  insertAfterSelection() {
    this.insert(this.selected.size ? Math.max(...this.selected) + 1 : this.pairs.length);
  }

  deleteSelection() {
    if (!this.selected.size) return;
    this.undone.push(this.pairs.map((pair) => [...pair]));
    this.pairs = this.pairs.filter((_, index) => !this.selected.has(index));
    if (!this.pairs.length) this.pairs.push(["", ""]);
    this.selected = new Set();
    this.draw();
    this.commit();
  }

  paste(rows) {
    const at = this.selected.size ? Math.max(...this.selected) + 1 : this.pairs.length;
    this.undone.push(this.pairs.map((pair) => [...pair]));
    this.pairs.splice(at, 0, ...rows.map((pair) => [...pair]));
    this.pairs = this.pairs.filter((pair, index) => isFilled(pair) || index >= at + rows.length);
    this.draw();
    this.commit();
  }

  undo() {
    if (!this.undone.length) return;
    this.pairs = this.undone.pop();
    this.draw();
    this.commit();
  }

  /** Rows to copy: the selected ones, all when none is. */
  rowsToCopy() {
    return this.pairs.filter(
      (pair, index) => isFilled(pair) && (!this.selected.size || this.selected.has(index)),
    );
  }

  /** Store when something differs; saves never overlap. */
  commit() {
    const filled = this.pairs.filter(isFilled);
    const text = JSON.stringify(filled);
    if (text === this.stored) return this.saving;
    this.stored = text;
    this.saving = this.saving
      .then(() => this.save(filled, this))
      .catch((error) => {
        this.stored = null;
        throw error;
      });
    return this.saving.catch(() => null);
  }
}

/** Tool bar that acts on the table touched last. */
export function keyValueTools(pane) {
  const tools = {
    insert: iconButton("plus", "Insert row", () => pane.current()?.insertAfterSelection()),
    copy: iconButton("copy", "Copy rows", () => pane.copy()),
    paste: iconButton("paste", "Paste rows", () => pane.paste()),
    remove: iconButton("trash", "Delete rows", () => pane.current()?.deleteSelection()),
    undo: iconButton("undo", "Undo", () => pane.current()?.undo()),
  };
  // the pressed button must not take the focus away from the row first
  for (const button of Object.values(tools))
    button.addEventListener("mousedown", (event) => event.preventDefault());
  return tools;
}
