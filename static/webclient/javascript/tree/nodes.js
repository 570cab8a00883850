/** Tree nodes from the server's answers. ui.md, section 3.2; contract/webclient.md, section 5; contract/plugins.md, section 7.6. */

const image = (name) => `${window.WEBCLIENT.URLS.static_webclient}image/tree/${name}.svg`;

/** jsTree's `types`: icon and allowed children of every node type. */
export function nodeTypes() {
  const children = {
    "#": ["experimenter"],
    experimenter: ["project", "dataset", "screen", "plate", "tag", "tagset", "orphaned", "map"],
    map: ["project", "screen"],
    project: ["dataset"],
    dataset: ["image"],
    screen: ["plate"],
    plate: ["acquisition"],
    orphaned: ["image"],
    tagset: ["tag"],
    tag: ["project", "dataset", "image", "screen", "plate", "acquisition", "well"],
    image: [],
    acquisition: [],
    well: [],
  };
  return Object.fromEntries(
    Object.entries(children).map(([type, valid]) => [
      type,
      {
        icon: type === "#" ? undefined : image(type),
        valid_children: valid,
        draggable: ["dataset", "image", "plate", "tag"].includes(type),
      },
    ]),
  );
}

function node(type, object, text, hasChildren, extra = {}) {
  return {
    type,
    text,
    children: hasChildren,
    data: {
      id: object.id,
      obj: { ...object, name: object.name ?? text, isOwned: (object.permsCss ?? "").includes("isOwned") },
    },
    li_attr: { "data-id": object.id, "data-type": type, class: object.permsCss ?? "" },
    ...extra,
  };
}

const BUILDERS = {
  experimenter: (user) => [
    node("experimenter", user, `${user.firstName} ${user.lastName}`.trim() || user.omeName, true, {
      state: { opened: true },
    }),
  ],
  maps: (maps) => maps.map((map) => node("map", map, map.name, map.childCount > 0)),
  tags: (tags) =>
    tags.map((tag) => node(tag.set ? "tagset" : "tag", { ...tag, name: tag.value }, tag.value, true)),
  projects: (list) => list.map((item) => node("project", item, item.name, item.childCount > 0)),
  datasets: (list) => list.map((item) => node("dataset", item, item.name, item.childCount > 0)),
  images: (list) =>
    list.map((item) =>
      node(
        "image",
        item,
        item.name,
        false,
        item.archived ? { icon: image("image_archived"), a_attr: { title: `${item.name} (archived)` } } : {},
      ),
    ),
  screens: (list) => list.map((item) => node("screen", item, item.name, item.childCount > 0)),
  plates: (list) => list.map((item) => node("plate", item, item.name, item.childCount > 0)),
  acquisitions: (list) => list.map((item) => node("acquisition", item, item.name, false)),
  wells: (list) => list.map((item) => node("well", item, item.name, false)),
  orphaned: (orphaned) => [
    node("orphaned", { ...orphaned, permsCss: "" }, orphaned.name, orphaned.childCount > 0),
  ],
};

/** Nodes of one answer, in the order of the answer's kinds. */
export function nodesFrom(answer) {
  return Object.entries(BUILDERS).flatMap(([key, build]) => (answer[key] ? build(answer[key]) : []));
}

/** URL that delivers the children of a node of this type; null when there are none. Read from WEBCLIENT at call time. */
export function childrenUrl(type) {
  const { URLS } = window.WEBCLIENT;
  return (
    {
      "#": URLS.api_experimenter,
      experimenter: URLS.tree_top_level,
      map: URLS.tree_map_level,
      tag: URLS.tree_top_level,
      tagset: URLS.tree_top_level,
      project: URLS.api_datasets,
      dataset: URLS.api_images,
      orphaned: URLS.api_images,
      screen: URLS.api_plates,
      plate: URLS.api_plate_acquisitions,
    }[type] ?? null
  );
}

/** Children counts are shown for these. UI-TREE-07. */
export const COUNTED = new Set(["project", "dataset", "screen", "plate", "orphaned", "map"]);

/** Order of two nodes: kind, own before others, name, id. UI-TREE-09. */
export function compareNodes(one, other) {
  const order = window.WEBCLIENT.UI.TREE.type_order;
  if (order) {
    const rank = (node) => (order.includes(node.type) ? order.indexOf(node.type) : order.length);
    if (one.type === "orphaned" || other.type === "orphaned") {
      if (one.type !== other.type) return one.type === "orphaned" ? 1 : -1;
    }
    if (rank(one) !== rank(other)) return rank(one) - rank(other);
  }
  const own = (node) => (node.data.obj.ownerId === window.WEBCLIENT.USER.id ? 0 : 1);
  if (window.WEBCLIENT.active_user.id === -1 && own(one) !== own(other)) return own(one) - own(other);
  const names = one.text.toLowerCase().localeCompare(other.text.toLowerCase());
  return names || one.data.id - other.data.id;
}
