/** Jobs that run on the server: list, badge, polling. ui.md, section 14; contract/webclient.md, section 12. */

import { getText, postForm } from "../../common/javascript/http.js";
import { toast } from "../../common/javascript/dialog.js";

const PERIOD = 5000;
const FIRST = 400;

const list = () => document.querySelector("#activities_panel .activities-list");
const panel = () => document.getElementById("activities_panel");
const base = () => window.WEBCLIENT.URLS.webindex;

let timer = null;
let delay = PERIOD;
let finishedUnseen = 0;
const watchers = new Set();

function number(id) {
  return Number(list().querySelector(`#${id}`)?.textContent ?? 0);
}

/** Keys of the jobs in the list. */
export function knownJobs() {
  return new Set([...list().querySelectorAll("tr[data-key]")].map((row) => row.dataset.key));
}

function updateButton() {
  const badge = document.getElementById("activities_badge");
  badge.hidden = finishedUnseen === 0;
  badge.textContent = String(finishedUnseen);
  document.getElementById("activities_spinner").hidden = number("inprogress") === 0;
}

/** Ask for the jobs and show them; asks again while something runs. A failed request is repeated, later each time. */
export async function refreshActivities() {
  clearTimeout(timer);
  let fragment;
  try {
    fragment = await getText(`${base()}activities/`);
    delay = Math.min(PERIOD, delay === PERIOD ? PERIOD : delay * 1.6);
  } catch (error) {
    delay = Math.min(60000, delay * 2);
    timer = setTimeout(refreshActivities, delay);
    return;
  }
  const parsed = new DOMParser().parseFromString(fragment, "text/html");
  list().replaceChildren(...parsed.body.childNodes);
  finishedUnseen = panel().hidden ? finishedUnseen + number("new_results") : 0;
  updateButton();
  if (number("new_errors") > 0 && panel().hidden) showActivities();
  for (const watcher of [...watchers]) watcher();
  if (number("inprogress") > 0) timer = setTimeout(refreshActivities, delay);
}

/** A command was just given: look soon, then less and less often. */
export function activitiesStarted() {
  delay = FIRST;
  return refreshActivities();
}

/** Wait for the jobs that are not in `before`. Resolves to the text of the first failure, or null. */
export function whenNewJobsDone(before) {
  return new Promise((resolve) => {
    const look = () => {
      const rows = [...list().querySelectorAll("tr[data-key]")].filter((row) => !before.has(row.dataset.key));
      if (!rows.length || rows.some((row) => row.classList.contains("in_progress"))) return;
      watchers.delete(look);
      const failed = rows.find((row) => row.querySelector(".job-failed"));
      resolve(failed ? failed.textContent.trim().replace(/\s+/g, " ") : null);
    };
    watchers.add(look);
    activitiesStarted();
  });
}

function setOpen(open) {
  panel().hidden = !open;
  const opener = document.getElementById("launch_activities");
  opener.setAttribute("aria-expanded", String(open));
  if (open) finishedUnseen = 0;
  else
    list()
      .querySelectorAll(".new_result")
      .forEach((row) => row.classList.remove("new_result"));
  updateButton();
}

export function showActivities() {
  setOpen(true);
}

export function startActivities() {
  if (!panel()) return;
  const opener = document.getElementById("launch_activities");
  opener.addEventListener("click", () => setOpen(panel().hidden));
  document.addEventListener("pointerdown", (event) => {
    if (!panel().hidden && !panel().contains(event.target) && !opener.contains(event.target)) setOpen(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel().hidden) {
      setOpen(false);
      opener.focus();
    }
  });
  document.getElementById("clear_activities").addEventListener("click", async () => {
    try {
      await postForm(`${base()}activities_update/clean/`, {});
      await refreshActivities();
    } catch (error) {
      toast(`The list was not cleared: ${error.message}`, "error");
    }
  });
  Object.assign(window.OME, { refreshActivities: activitiesStarted, showActivities });
  refreshActivities();
}
