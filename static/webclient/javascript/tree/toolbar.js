/** Buttons above the tree. ui.md, section 3.1. */

import { h, iconButton } from "../../../common/javascript/dom.js";
import { createDialog } from "../create_dialog.js";
import { deleteDialog } from "../delete_dialog.js";
import { may, mayCreate } from "../rights.js";
import { getSelection, onSelectionChange, parseKey } from "../selection.js";
import { copy, cut, mayCopy, mayCut, mayPaste, paste } from "./moving.js";
import { getTree, refreshTree } from "./tree.js";

const $ = window.jQuery;

export function startToolbar() {
  const bar = document.getElementById("tree_toolbar");
  const separator = () => h("span", { class: "separator" });
  const tags = window.WEBCLIENT.TAG_TREE;
  const nodes = () => getTree().get_selected(true);
  const made = {
    create: (tags
      ? [
          ["tagset", "Create new Tag Set"],
          ["tag", "Create new Tag"],
        ]
      : [
          ["project", "Create new Project"],
          ["dataset", "Create new Dataset"],
          ["screen", "Create new Screen"],
        ]
    ).map(([kind, label]) => iconButton(kind, label, () => createDialog(kind), { id: `create_${kind}` })),
    cut: iconButton("cut", "Cut Link", () => cut(nodes())),
    copy: iconButton("copy", "Copy Link", () => {
      copy(nodes());
      update();
    }),
    paste: iconButton("paste", "Paste Link", () => paste(nodes()[0]).then(update)),
    remove: iconButton(
      "trash",
      "Delete",
      () => deleteDialog(getSelection().map((entry) => parseKey(entry.id))),
      { id: "delete_selected" },
    ),
    refresh: iconButton("refresh", "Refresh", async () => {
      made.refresh.disabled = true;
      try {
        await refreshTree();
      } finally {
        made.refresh.disabled = false;
      }
    }),
  };
  bar.append(
    ...made.create,
    separator(),
    made.cut,
    made.copy,
    made.paste,
    separator(),
    made.remove,
    h("span", { class: "space" }),
    made.refresh,
  );

  function update() {
    const selected = getTree() ? nodes() : [];
    const entries = getSelection();
    const inTree = selected.length > 0 && !entries.some((entry) => entry.id.startsWith("well-"));
    made.create.forEach((button) => {
      button.disabled = !mayCreate();
    });
    made.cut.disabled = !inTree || !mayCut(selected);
    made.copy.disabled = !inTree || !mayCopy(selected);
    made.paste.disabled = !inTree || !mayPaste(selected);
    made.remove.disabled = !inTree || !selected.every((node) => may(node.data.obj, "canDelete"));
  }

  onSelectionChange(update);
  window.buttonsShowHide = update;
  $("body").on("links_changed.ome", update);
  update();
}
