/** Deleting: what goes with it, the question, and what the tree does meanwhile. ui.md, section 11, UI-DEL, UI-FIX-08. */

import { h } from "../../common/javascript/dom.js";
import { getJSON, getText, postForm } from "../../common/javascript/http.js";
import { openDialog, reportError, toast } from "../../common/javascript/dialog.js";
import { knownJobs, whenNewJobsDone } from "./activities.js";
import { plain } from "./tree/moving.js";

const $ = window.jQuery;
const tree = () => $.jstree.reference("#dataTree");
const WORDS = { acquisition: "run", tagset: "tag set" };
const CONTENTS = {
  project: "datasets and their images",
  dataset: "images",
  screen: "plates and their images",
  plate: "wells, runs and images",
  acquisition: "images",
};

const capital = (type) => type.charAt(0).toUpperCase() + type.slice(1);

function grouped(objects) {
  const groups = new Map();
  for (const { type, id } of objects) groups.set(type, [...(groups.get(type) ?? []), id]);
  return groups;
}

function describe(objects) {
  return [...grouped(objects)]
    .map(([type, ids]) => `${ids.length} ${WORDS[type] ?? type}${ids.length > 1 ? "s" : ""}`)
    .join(", ");
}

async function splitFilesets(objects) {
  const wanted = objects.filter(({ type }) => ["image", "dataset", "project"].includes(type));
  if (!wanted.length) return "";
  const values = Object.fromEntries(
    [...grouped(wanted)].map(([type, ids]) => [capital(type), ids.join(",")]),
  );
  return (await getText(window.WEBCLIENT.URLS.fileset_check, values)).trim();
}

/** How many of the objects hang in more than one container. */
async function sharedCount(objects) {
  const values = {};
  for (const type of ["image", "dataset", "plate"]) {
    const ids = objects.filter((object) => object.type === type).map((object) => object.id);
    if (ids.length) values[type] = ids.join(",");
  }
  if (!Object.keys(values).length) return 0;
  const { data } = await getJSON(window.WEBCLIENT.URLS.api_parent_links, values);
  const parents = new Map();
  for (const { child } of data)
    parents.set(`${child.type}-${child.id}`, (parents.get(`${child.type}-${child.id}`) ?? 0) + 1);
  return [...parents.values()].filter((count) => count > 1).length;
}

function question(objects, nodes, shared) {
  const counts = nodes.reduce((sum, node) => sum + (node.data.obj.childCount ?? 0), 0);
  const contents = [...new Set(objects.map(({ type }) => CONTENTS[type]).filter(Boolean))];
  const foreign = nodes.filter(
    (node) => node.data.obj.ownerId !== undefined && node.data.obj.ownerId !== window.WEBCLIENT.USER.id,
  );
  const keep = h("input", { type: "checkbox", name: "anns" });
  const body = h(
    "div",
    {},
    h("p", {}, `Delete ${describe(objects)}?`),
    objects.length === 1 && nodes[0] ? h("p", {}, h("b", {}, nodes[0].text)) : null,
    contents.length
      ? h("p", {}, `Takes along: ${contents.join("; ")}${counts ? ` (${counts} directly inside)` : ""}.`)
      : null,
    shared
      ? h(
          "p",
          { class: "notice error" },
          `${shared} of them hang in more than one container and will vanish from all. Use Cut Link to take them off one only.`,
        )
      : null,
    foreign.length
      ? h("p", { class: "notice error" }, `${foreign.length} of them belong to other users.`)
      : null,
    h("label", { class: "check" }, keep, "Also delete annotations that would be left alone"),
  );
  return { body, keep };
}

function setPending(nodes, pending) {
  for (const node of nodes) {
    if (!tree()?.get_node(node.id)) continue;
    node.data.pending = pending;
    tree().get_node(node, true).toggleClass("pending-delete", pending);
  }
}

function takeOut(nodes) {
  const instance = tree();
  for (const node of nodes) {
    if (!instance.get_node(node.id)) continue;
    const parent = instance.get_node(node.parent);
    if (node.type === "tagset")
      node.children
        .map((id) => instance.get_node(id))
        .forEach((tag) => instance.create_node(parent, plain(tag), "last"));
    instance.add_to_count(parent, -1);
    instance.delete_node(node);
  }
}

/** Ask, then delete `objects` ({type, id}). */
export async function deleteDialog(objects) {
  const instance = tree();
  const nodes = objects.flatMap(({ type, id }) => (instance && instance.locate_node(`${type}-${id}`)) || []);
  const firsts = objects
    .map(({ type, id }) => nodes.find((node) => node.type === type && node.data.id === id))
    .filter(Boolean);
  let split = "";
  let shared = 0;
  try {
    [split, shared] = await Promise.all([splitFilesets(objects), sharedCount(objects)]);
  } catch (error) {
    reportError("Could not ask what would be deleted", error);
    return;
  }
  if (split) {
    const body = h("div");
    body.append(...new DOMParser().parseFromString(split, "text/html").body.childNodes);
    await openDialog({
      title: "Delete",
      body,
      buttons: [{ label: "Cancel", value: "cancel", primary: true }],
    });
    return;
  }
  const { body, keep } = question(objects, firsts, shared);
  const answer = await openDialog({
    title: "Delete",
    body,
    buttons: [
      { label: "No", value: "no" },
      { label: "Yes", value: "yes", danger: true },
    ],
    onopen: (dialog, made) => made[0].focus(),
  });
  if (answer === "yes") await run(objects, nodes, keep.checked);
}

async function run(objects, nodes, withAnnotations) {
  const values = { child: "on" };
  if (withAnnotations) values.anns = "on";
  for (const [type, ids] of grouped(objects)) values[type === "tagset" ? "tag" : type] = ids;
  const [first] = nodes;
  const parent = first ? tree().get_node(first.parent) : null;
  const before = knownJobs();
  setPending(nodes, true);
  try {
    const answer = await postForm(window.WEBCLIENT.URLS.deletemany, values);
    if (answer.bad === "true") throw new Error(String(answer.errs));
    if (parent && parent.type !== "plate") {
      tree().deselect_all(true);
      tree().select_node(parent);
    }
    const failed = await whenNewJobsDone(before);
    if (failed) throw new Error(failed);
    takeOut(nodes);
    $("body").trigger("objects_deleted.ome", [objects]);
    toast(`Deleted ${describe(objects)}.`);
  } catch (error) {
    setPending(nodes, false);
    reportError("Not deleted", error);
  }
}
