// WEBCLIENT and the other globals of a logged-in page, read from the page's own JSON block.
// A classic script: plug-ins in the page's head use these while it loads. contract/plugins.md, section 7.1.

var WEBCLIENT = (function () {
  const page = JSON.parse(document.getElementById("webclient-config").textContent);
  const client = {
    URLS: page.URLS,
    USER: page.USER,
    active_user: page.active_user,
    active_group_id: page.active_group_id,
    member_of_groups: page.member_of_groups,
    leader_of_groups: page.leader_of_groups,
    current_admin_privileges: page.current_admin_privileges,
    isAdmin: page.isAdmin,
    CAN_CREATE: page.CAN_CREATE,
    HAS_RDEF: false,
    TAG_TREE: page.TAG_TREE,
    initially_select: page.initially_select,
    initially_open: page.initially_open,
    UI: {
      TREE: {
        pagination_nodes: ["tag", "dataset", "orphaned"],
        type_order: page.type_order === false ? false : page.type_order.split(","),
      },
      ORPHANS: page.orphans,
      EVERYONE: page.everyone,
    },
    OPEN_WITH: [],
    THUMBNAILS_BATCH: page.thumbnails_batch,
    PAGE_SIZE: page.page_size,
    constants: page.constants,
  };
  return client;
})();

var PAGE_SIZE = WEBCLIENT.PAGE_SIZE;

var OMERO = window.OMERO || {};
OMERO.constants = {
  namespaces: { NSCOMPANIONFILE: WEBCLIENT.constants.NSCOMPANIONFILE },
  annotation: { file: { ORIGINALMETADATA: WEBCLIENT.constants.ORIGINALMETADATA } },
  metadata: { NSCLIENTMAPANNOTATION: WEBCLIENT.constants.NSCLIENTMAPANNOTATION },
};

function activeUserId() {
  return WEBCLIENT.active_user.id;
}

function currentUserId() {
  return WEBCLIENT.USER.id === null ? undefined : WEBCLIENT.USER.id;
}
