/** Keys of the viewer. ui.md, UI-FIX-41 and UI-VIEW-42. */

const isTyping = (target) => target.closest("input, select, textarea, dialog");

/**
 * PageUp/PageDown: section; comma, full stop: time; + − 0 1:1; 1–9: channels; Space: play time or sections; ← →: previous and
 * next image (while the picture itself has no focus, where arrows pan).
 */
export function viewerKeys({ settings, viewport, sliders, images }) {
  const player = settings.data.size.t > 1 ? sliders.t : sliders.z;
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const { z, t } = settings;
    const actions = {
      PageUp: () => settings.setPlane(z + 1, t),
      PageDown: () => settings.setPlane(z - 1, t),
      ",": () => settings.setPlane(z, t - 1),
      ".": () => settings.setPlane(z, t + 1),
      "+": () => viewport.zoomIn(),
      "-": () => viewport.zoomOut(),
      0: () => viewport.fit(),
      " ": () => (player.playing ? player.stop() : player.play(1)),
      ArrowLeft: () => images?.previous(),
      ArrowRight: () => images?.next(),
    };
    const channel = Number(event.key) - 1;
    if (event.key !== " " && channel >= 0 && channel < settings.channels.length) {
      settings.setActive(channel, !settings.channels[channel].active);
    } else if (event.key === " " && event.target.closest("button")) return;
    else if (event.key.startsWith("Arrow") && event.target.closest(".viewer-view, .plane-slider")) return;
    else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  });
}
