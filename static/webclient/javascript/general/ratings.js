/** Ratings: five radio buttons drawn as stars. ui.md, UI-RAT and UI-FIX-30. */

import { freshId, h, icon, iconButton } from "../../../common/javascript/dom.js";
import { postForm } from "../../../common/javascript/http.js";
import { reportError } from "../../../common/javascript/dialog.js";
import { fetchAnnotations } from "./annotations.js";

export class RatingsPane {
  constructor(about, body, { setCount, reload }) {
    Object.assign(this, { about, body, setCount, reload });
  }

  async load() {
    const { annotations } = await fetchAnnotations(this.about, "rating");
    const votes = annotations.map((annotation) => annotation.longValue);
    const own = annotations.find((annotation) => annotation.link.owner.id === window.WEBCLIENT.USER.id);
    const average = votes.length ? votes.reduce((sum, vote) => sum + vote, 0) / votes.length : 0;
    this.setCount(votes.length);
    const name = freshId("rating");
    const stars = [1, 2, 3, 4, 5].map((value) => {
      const input = h("input", {
        type: "radio",
        class: "visually-hidden",
        name,
        value,
        checked: own?.longValue === value,
        disabled: !this.about.canAnnotate,
        "aria-label": `${value} of 5`,
      });
      input.addEventListener("change", () => this.rate(value));
      return h(
        "label",
        {
          class: value <= Math.round(average) ? "on" : "",
          title: this.about.canAnnotate ? `${value} of 5` : "You have no permission to rate",
        },
        input,
        icon("star"),
      );
    });
    this.body.replaceChildren(
      h(
        "fieldset",
        { class: "rating" },
        h("legend", { class: "visually-hidden" }, "Rating"),
        h("span", { class: "stars" }, stars),
        votes.length
          ? h(
              "span",
              {},
              `(avg: ${Number(average.toFixed(1))} / ${votes.length} vote${votes.length === 1 ? "" : "s"})`,
            )
          : null,
        own && this.about.canAnnotate ? iconButton("close", "Remove my rating", () => this.rate(0)) : null,
      ),
    );
  }

  async rate(rating) {
    const values = { rating };
    for (const type of new Set(this.about.query.keys())) values[type] = this.about.query.getAll(type);
    try {
      await postForm(`${window.WEBCLIENT.URLS.webindex}annotate_rating/`, values);
      await this.reload();
    } catch (error) {
      reportError("Rating not saved", error);
    }
  }
}
