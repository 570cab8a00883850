/** The tree's context menu. ui.md, section 3.7. */

import { may, mayCreate } from "../rights.js";
import { createDialog } from "../create_dialog.js";
import { deleteDialog } from "../delete_dialog.js";
import { copySettings, pasteSettings, resetSettings } from "../settings_actions.js";
import { openWithItems } from "../open_with.js";
import { copy, cut, mayCopy, mayCut, mayPaste, paste } from "./moving.js";

const $ = window.jQuery;

function createItems(node) {
  const kinds = window.WEBCLIENT.TAG_TREE
    ? { tagset: "Tag Set", tag: "Tag" }
    : { project: "Project", dataset: "Dataset", screen: "Screen" };
  const into = (kind) =>
    kind !== "dataset" ||
    node.type !== "project" ||
    may(node.data.obj, "canLink") ||
    window.WEBCLIENT.current_admin_privileges.includes("WriteOwned");
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, label]) => [
      kind,
      { label, _disabled: !into(kind), action: () => createDialog(kind) },
    ]),
  );
}

const SETTABLE = ["dataset", "plate", "acquisition", "image"];

/** Items for `node`; jsTree calls it with the instance as `this`. */
export function contextMenu(node, callback) {
  const selected = this.get_selected(true);
  const nodes = selected.some((other) => other.id === node.id) ? selected : [node];
  const object = node.data.obj;
  const annotatable = may(object, "canAnnotate") && SETTABLE.includes(node.type);
  const edits = { cut: mayCut(nodes), copy: mayCopy(nodes), paste: mayPaste(nodes) };
  const items = {
    create: { label: "Create new", _disabled: !mayCreate(), submenu: createItems(node) },
    edit: {
      label: "Edit",
      _disabled: !Object.values(edits).some(Boolean),
      submenu: {
        cut: { label: "Cut Link", _disabled: !edits.cut, action: () => cut(nodes) },
        copy: { label: "Copy Link", _disabled: !edits.copy, action: () => copy(nodes) },
        paste: { label: "Paste Link", _disabled: !edits.paste, action: () => paste(nodes[0]) },
      },
    },
    rename: {
      label: "Rename",
      _disabled: nodes.length !== 1 || !may(object, "canEdit"),
      action: () => this.edit(node),
    },
    remove: {
      label: "Delete",
      _disabled: !nodes.every((other) => may(other.data.obj, "canDelete")),
      action: () => deleteDialog(nodes.map((other) => ({ type: other.type, id: other.data.id }))),
    },
    rendering: {
      label: "Rendering Settings...",
      _disabled: !SETTABLE.includes(node.type),
      submenu: {
        copy: {
          label: "Copy",
          _disabled: node.type !== "image" || nodes.length > 1,
          action: () => copySettings(node.data.id),
        },
        paste: {
          label: "Paste and Save",
          _disabled: !annotatable || !window.WEBCLIENT.HAS_RDEF,
          action: () => pasteSettings(nodes),
        },
        imported: {
          label: "Set Imported and Save",
          _disabled: !annotatable,
          action: () => resetSettings(nodes, "imported"),
        },
        owners: {
          label: "Set Owner's and Save",
          _disabled: !annotatable,
          action: () => resetSettings(nodes, "owner"),
        },
      },
    },
  };
  const openers = openWithItems(
    nodes.map((other) => ({ id: other.data.id, name: other.text, type: other.type })),
    $(".vakata-context"),
  );
  if (openers)
    items.open_with = {
      label: "Open With...",
      _disabled: node.type === "experimenter" || node.type === "orphaned",
      submenu: openers,
    };
  callback(items);
}
