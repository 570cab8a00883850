/** What the user may do, from the flags that the server delivers. ui.md, section 18. */

const words = (permissions) => (permissions ?? "").split(" ");

export function may(object, right) {
  return words(object?.permsCss ?? object?.class).includes(right);
}

/** UI-PERM-02. */
export function mayCreate() {
  const { CAN_CREATE, active_user: shown, USER, current_admin_privileges: privileges } = window.WEBCLIENT;
  if (!CAN_CREATE) return false;
  if (shown.id === USER.id) return true;
  if (shown.id === -1) return window.WEBCLIENT.member_of_groups.includes(window.WEBCLIENT.active_group_id);
  return privileges.includes("WriteOwned");
}
