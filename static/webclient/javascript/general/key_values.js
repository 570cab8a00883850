/** Key-value pairs: own, others', other namespaces, inherited. ui.md, section 7.4. */

import { h } from "../../../common/javascript/dom.js";
import { postForm } from "../../../common/javascript/http.js";
import { reportError, toast } from "../../../common/javascript/dialog.js";
import { fetchAnnotations, isShown, merged, provenance } from "./annotations.js";
import { KeyValueTable, keyValueTools } from "./key_value_table.js";

const KINDS = {
  ImageI: "Image",
  DatasetI: "Dataset",
  ProjectI: "Project",
  ScreenI: "Screen",
  PlateI: "Plate",
  PlateAcquisitionI: "Run",
  WellI: "Well",
};

/** Copied rows outlive the pane; the system clipboard gets them too. UI-FIX-28. */
let clipboard = [];

const clientNamespace = () => window.OMERO.constants.metadata.NSCLIENTMAPANNOTATION;

/** Rows of tab separated text, as spreadsheets give it. */
function fromText(text) {
  return text
    .split(/\r?\n/)
    .filter((line) => line.includes("\t"))
    .map((line) => line.split("\t").slice(0, 2));
}

export class KeyValuePane {
  constructor(about, body, { setCount, reload }) {
    Object.assign(this, { about, body, setCount, reload, touched: null, tables: [] });
  }

  current() {
    return this.touched ?? this.tables[0];
  }

  async load() {
    const { annotations, parents, experimenters } = await fetchAnnotations(this.about, "map", {
      parents: "true",
    });
    this.experimenters = experimenters;
    this.touched = null;
    this.tables = [];
    const shown = annotations.filter((annotation) => isShown(this.about, annotation));
    const groups = this.group(shown);
    this.status = h("span", { class: "status", role: "status" });
    const tools = keyValueTools(this);
    const bar = h(
      "div",
      { class: "kv-tools", role: "toolbar", "aria-label": "Key-value pairs" },
      this.about.canAnnotate || this.about.canEdit ? Object.values(tools) : tools.copy,
      this.status,
    );
    const own = groups.filter((group) => group.isOwn && group.isClient);
    const parts = [];
    if (this.about.canAnnotate && !own.length) parts.push(this.newTable());
    for (const [matches] of [
      [(group) => group.isOwn && group.isClient],
      [(group) => !group.isOwn && group.isClient],
      [(group) => !group.isClient],
    ]) {
      parts.push(...groups.filter(matches).map((group) => this.table(group)));
    }
    parts.push(...this.inherited(parents));
    this.setCount(new Set(annotations.map((annotation) => annotation.id)).size);
    this.body.replaceChildren(
      ...(parts.length ? [bar, ...parts] : [h("p", { class: "empty-hint" }, "No key-value pairs.")]),
    );
  }

  /** Identical tables of several objects become one. UI-KVP-11. */
  group(annotations) {
    const groups = new Map();
    for (const entry of merged(annotations)) {
      const { annotation } = entry;
      const key =
        this.about.count > 1
          ? JSON.stringify([annotation.owner.id, annotation.ns, annotation.values])
          : String(annotation.id);
      if (!groups.has(key))
        groups.set(key, {
          entries: [],
          isOwn: annotation.owner.id === window.WEBCLIENT.USER.id,
          isClient: annotation.ns === clientNamespace(),
        });
      groups.get(key).entries.push(entry);
    }
    return [...groups.values()];
  }

  table({ entries, isClient }) {
    const [{ annotation }] = entries;
    const owner = this.experimenters.get(annotation.owner.id) ?? "";
    const editable = isClient && annotation.permissions.canEdit;
    const namespace = annotation.ns ?? "";
    const many = entries.length > 1 ? ` · ${entries.length} annotations` : "";
    const head = isClient
      ? `Added by: ${owner}${many}`
      : `${namespace.slice(0, 50)} · Added by: ${owner}${many}`;
    return this.add({
      pairs: annotation.values,
      head,
      title: provenance(entries[0], this.experimenters),
      save: editable && this.saver(entries.map((entry) => entry.annotation.id)),
    });
  }

  newTable() {
    return this.add({ pairs: [], head: null, save: this.saver([]) });
  }

  add(spec) {
    const table = new KeyValueTable({ ...spec, focused: (touched) => (this.touched = touched) });
    this.tables.push(table);
    return table.element;
  }

  /** Stores the pairs in these annotations, or in new ones; later saves go to what the first one made. */
  saver(ids) {
    let annotations = ids;
    return async (pairs) => {
      if (!pairs.length && !annotations.length) return;
      this.status.textContent = "Saving...";
      const values = { mapAnnotation: JSON.stringify(pairs), ns: clientNamespace() };
      if (annotations.length) values.annId = annotations;
      for (const type of new Set(this.about.query.keys())) values[type] = this.about.query.getAll(type);
      try {
        const answer = await postForm(`${window.WEBCLIENT.URLS.webindex}annotate_map/`, values);
        if (typeof answer === "string") throw new Error("The server refused the pairs.");
        annotations = answer.annId ? [].concat(answer.annId) : [];
        this.status.textContent = "Saved";
        this.setCount(this.tables.filter((table) => table.pairs.some(([key, value]) => key || value)).length);
      } catch (error) {
        this.status.textContent = "Not saved";
        reportError("Key-value pairs not saved", error);
        throw error;
      }
    };
  }

  inherited(parents) {
    if (!parents) return [];
    return parents.annotations.map((annotation) => {
      const { parent } = annotation.link;
      const kind = KINDS[parent.class] ?? parent.class;
      const head = `Added on ${kind} ${parent.name ?? parent.id}`;
      return this.add({
        pairs: annotation.values,
        head,
        title: provenance({ annotation, links: [annotation.link] }, this.experimenters),
        save: null,
      });
    });
  }

  copy() {
    const rows = this.current()?.rowsToCopy() ?? [];
    clipboard = rows;
    const text = rows.map((pair) => pair.join("\t")).join("\n");
    navigator.clipboard?.writeText(text).catch(() => null); // not allowed here: the page's own copy stays
    toast(`${rows.length} row${rows.length === 1 ? "" : "s"} copied.`);
  }

  async paste() {
    const table = [this.current(), ...this.tables].find((candidate) => candidate?.isEditable);
    if (!table) return;
    let rows = clipboard;
    try {
      const text = await navigator.clipboard.readText();
      if (fromText(text).length) rows = fromText(text);
    } catch {
      rows = clipboard; // reading the system clipboard is not allowed here
    }
    if (rows.length) table.paste(rows);
  }
}
