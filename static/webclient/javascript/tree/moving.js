/** Drag and drop, cut, copy and paste of links. ui.md, section 3.6 and UI-FIX-07, 09. */

import { reportError, toast } from "../../../common/javascript/dialog.js";
import { may } from "../rights.js";
import { isOrphan, link, unlink } from "./links.js";

const $ = window.jQuery;

/** Target types that take a child type. UI-DND-02. */
const TARGETS = {
  dataset: ["project", "experimenter"],
  image: ["dataset"],
  plate: ["screen", "experimenter"],
  tag: ["tagset", "experimenter"],
};
/** Parent types from which a link can be copied. UI-TB-06. */
const TRUE_PARENT = { dataset: "project", image: "dataset", plate: "screen", tag: "tagset" };

const tree = () => $.jstree.reference("#dataTree");
const realParent = (node) => tree().get_node(node.parent).type === TRUE_PARENT[node.type];

function takes(target, child) {
  if (!(TARGETS[child.type] ?? []).includes(target.type)) return false;
  return target.type === "experimenter" || may(target.data.obj, "canLink");
}

/** jsTree asks before every change. It shows where a drop is allowed, but never moves nodes itself: `relink` does. */
export function checkChange(operation, node, parent, position, more) {
  if (operation === "move_node" || operation === "copy_node") {
    return Boolean(more?.dnd) && parent.id !== "#" && node.parent !== parent.id && takes(parent, node);
  }
  return operation !== "edit" || may(node.data.obj, "canEdit");
}

/** Everything that the tree needs to know about one child under one parent. */
function addCopy(child, parent) {
  const instance = tree();
  for (const copy of instance.locate_node(`${parent.type}-${parent.data.id}`) || []) {
    instance.add_to_count(copy, 1);
    if (!instance.is_loaded(copy)) {
      copy.state.loaded = false;
      copy.children = true;
      instance.redraw_node(copy.id, false);
    } else if (!instance.locate_node(`${child.type}-${child.data.id}`, copy)) {
      instance.create_node(copy, plain(child), "last");
    }
  }
}

/** What jsTree needs to make a copy of a node. */
export function plain(node) {
  return {
    type: node.type,
    text: node.text,
    data: { id: node.data.id, obj: { ...node.data.obj } },
    li_attr: { "data-id": node.data.id, "data-type": node.type, class: node.data.obj.permsCss ?? "" },
    children: node.type !== "image" && (node.data.obj.childCount ?? 0) > 0,
  };
}

function removeCopies(child, parent) {
  const instance = tree();
  for (const copy of instance.locate_node(`${parent.type}-${parent.data.id}`) || []) {
    instance.add_to_count(copy, -1);
    for (const node of instance.locate_node(`${child.type}-${child.data.id}`, copy) || []) {
      if (node.parent === copy.id) instance.delete_node(node);
    }
  }
  $("body").trigger("removed_node.jstree.ome", [child.data]);
}

/** A child without parents appears under the root or among the orphaned images. UI-DND-08. */
function showOrphan(child) {
  const instance = tree();
  const root = instance.get_node(instance.get_node("#").children[0]);
  if (child.type !== "image") {
    if (!instance.locate_node(`${child.type}-${child.data.id}`, root))
      instance.create_node(root, plain(child), "last");
    return;
  }
  if (window.WEBCLIENT.TAG_TREE) return;
  const orphaned = root.children.map((id) => instance.get_node(id)).find((node) => node.type === "orphaned");
  if (orphaned) addCopy(child, orphaned);
}

function hideOrphan(child) {
  const instance = tree();
  const root = instance.get_node(instance.get_node("#").children[0]);
  const parents = [
    root,
    ...root.children.map((id) => instance.get_node(id)).filter((node) => node.type === "orphaned"),
  ];
  for (const parent of parents) {
    const nodes = (instance.locate_node(`${child.type}-${child.data.id}`, parent) || []).filter(
      (node) => node.parent === parent.id,
    );
    if (!nodes.length) continue;
    nodes.forEach((node) => instance.delete_node(node));
    instance.add_to_count(parent, -1);
  }
}

/** Link `children` to `target`; with `move`, take them off their present parents. Reverts nothing that the server kept. */
export async function relink(children, target, move) {
  const parents = new Map(children.map((child) => [child.id, tree().get_node(child.parent)]));
  const copies = children.map((child) => ({
    id: child.id,
    type: child.type,
    text: child.text,
    data: child.data,
  }));
  try {
    if (target.type !== "experimenter") {
      await Promise.all(copies.map((child) => link(target, child)));
      copies.forEach((child) => addCopy(child, target));
      copies
        .filter((child) => ["experimenter", "orphaned"].includes(parents.get(child.id).type))
        .forEach(hideOrphan);
    }
    if (!move) return;
    const linked = copies.filter((child) => parents.get(child.id).type === TRUE_PARENT[child.type]);
    await Promise.all(
      linked.map(async (child) => {
        const parent = parents.get(child.id);
        const answer = await unlink(parent, child);
        removeCopies(child, parent);
        if (target.type === "experimenter" && isOrphan(answer, parent, child)) showOrphan(child);
      }),
    );
    selectInstead([...parents.values()]);
  } catch (error) {
    reportError("Not moved", error);
  } finally {
    $("body").trigger("links_changed.ome");
  }
}

/** When the moved nodes were the selection, their former parent becomes it. UI-DND-08. */
function selectInstead(parents) {
  const instance = tree();
  const next = parents.find(
    (parent) => !["experimenter", "orphaned"].includes(parent.type) && instance.get_node(parent.id),
  );
  if (!instance.get_selected().length && next) instance.select_node(next.id);
}

/** A drop links the dragged nodes to their new parent. */
export function wireDragAndDrop() {
  $(document).on("dnd_stop.vakata.ome", (event, data) => {
    if (!data.data.jstree || !data.event || data.helper.find(".jstree-er").length) return;
    const instance = tree();
    const anchor = $(data.event.target).closest(".jstree-node");
    if (!anchor.length || !anchor.closest("#dataTree").length) return;
    const children = data.data.nodes.map((id) => instance.get_node(id)).filter(Boolean);
    let target = instance.get_node(anchor);
    if (target && children.length && !takes(target, children[0])) target = instance.get_node(target.parent);
    if (
      !target ||
      !children.length ||
      !children.every((child) => takes(target, child) && child.parent !== target.id)
    )
      return;
    relink(children, target, !(data.event.ctrlKey || data.event.metaKey));
  });
}

/** What cut or copy put aside: {nodes, cut}. */
let buffer = null;

export function mayCut(nodes) {
  return (
    nodes.length > 0 &&
    nodes.every(
      (node) =>
        TARGETS[node.type] &&
        may(node.data.obj, "canLink") &&
        tree().get_node(node.parent).type !== "tag" &&
        (!window.WEBCLIENT.TAG_TREE || node.type === "tag"),
    )
  );
}

export function mayCopy(nodes) {
  return nodes.length > 0 && mayCut(nodes) && nodes.every(realParent);
}

export function mayPaste(nodes) {
  if (nodes.length !== 1 || !buffer?.nodes.length || ["experimenter", "orphaned"].includes(nodes[0].type))
    return false;
  return buffer.nodes.every((child) => takes(nodes[0], child));
}

/** The link stays until paste; cut nodes are shown faded. UI-FIX-07. */
export function cut(nodes) {
  clearBuffer();
  buffer = { nodes: [...nodes], cut: true };
  nodes.forEach((node) => tree().get_node(node, true).addClass("cut-node"));
  toast(`${nodes.length} cut. Paste into another container to move.`);
}

export function copy(nodes) {
  clearBuffer();
  buffer = { nodes: [...nodes], cut: false };
  toast(`${nodes.length} copied.`);
}

export async function paste(target) {
  const { nodes, cut: isCut } = buffer;
  clearBuffer();
  await relink(
    nodes.filter((node) => tree().get_node(node.id)),
    target,
    isCut,
  );
}

function clearBuffer() {
  if (buffer?.cut) buffer.nodes.forEach((node) => tree().get_node(node.id, true)?.removeClass?.("cut-node"));
  buffer = null;
}

/** Take links away at once, without a target: "Remove from …". */
export async function removeLinks(nodes) {
  const parents = new Map(nodes.map((node) => [node.id, tree().get_node(node.parent)]));
  const copies = nodes.map((node) => ({ id: node.id, type: node.type, text: node.text, data: node.data }));
  try {
    await Promise.all(
      copies.map(async (child) => {
        const parent = parents.get(child.id);
        const answer = await unlink(parent, child);
        removeCopies(child, parent);
        if (isOrphan(answer, parent, child)) showOrphan(child);
      }),
    );
  } catch (error) {
    reportError("Not removed", error);
  } finally {
    $("body").trigger("links_changed.ome");
  }
}
