// Starters of right and centre plug-ins. A classic script, so that they exist for fragments in the page's head.
// contract/plugins.md, sections 7.2 and 7.3; ui.md, section 4.

(function ($) {
  /** What a plug-in is told about the selection: all of it, type and id of its first object. */
  function describe() {
    const selected = $("body").data("selected_objects.ome") || [];
    if (!selected.length) return { selected };
    const cut = selected[0].id.indexOf("-");
    return { selected, type: selected[0].id.slice(0, cut), id: selected[0].id.slice(cut + 1).split("-")[0] };
  }

  function isSupported(options, { selected, type }) {
    if (!selected.length) return false;
    if (options.supported_obj_types)
      return selected.length === 1 && options.supported_obj_types.includes(type);
    const enabled = options.plugin_enabled || options.tab_enabled;
    return enabled ? Boolean(enabled(selected)) : true;
  }

  function load(element, options) {
    const { selected, type, id } = describe();
    (options.load_plugin_content || options.load_tab_content).call(element, selected, type, id);
  }

  $.fn.omeroweb_right_plugin = function (options) {
    return this.each(function () {
      const $this = $(this);
      const $tabs = $("#annotation_tabs");
      const panelId = $this.attr("id");

      function tabIndex() {
        return $("#annotation_tabs_list > li > a")
          .toArray()
          .findIndex((a) => a.getAttribute("href") === `#${panelId}`);
      }

      function setEnabled(enabled) {
        const index = tabIndex();
        if (index < 0 || !$tabs.data("ui-tabs")) return;
        if (!enabled && $tabs.tabs("option", "active") === index && index > 0)
          $tabs.tabs("option", "active", 0);
        $tabs.tabs(enabled ? "enable" : "disable", index);
      }

      function loadIfVisible() {
        const about = describe();
        if (!isSupported(options, about)) return;
        if ($this.is(":visible") && $this.is(":empty")) load($this, options);
      }

      $("body").on("selection_change.ome", () => {
        $this.empty();
        setEnabled(isSupported(options, describe()));
        loadIfVisible();
      });
      $tabs.on("tabsactivate", (event, ui) => {
        if (ui && ui.newPanel && ui.newPanel.attr("id") === panelId) loadIfVisible();
      });
      setEnabled(isSupported(options, describe()));
    });
  };

  $.fn.omeroweb_center_plugin = function (options) {
    return this.each(function () {
      const $this = $(this);
      const emptied = options.empty_on_sel_change === undefined || options.empty_on_sel_change;

      function optionIndex() {
        return $("#source option")
          .toArray()
          .findIndex((option) => option.value === `#${$this.attr("id")}`);
      }

      function update(selectionChanged) {
        const about = describe();
        const supported = isSupported(options, about);
        if (window.OME.set_center_plugin_enabled && optionIndex() > 0) {
          window.OME.set_center_plugin_enabled(optionIndex(), supported);
        }
        if (selectionChanged && (emptied || !supported)) $this.empty();
        if (supported && $this.is(":visible")) load($this, options);
      }

      $("body").on("selection_change.ome", () => update(true));
      $("#center_panel_chooser").on("center_plugin_changed.ome", () => update(false));
    });
  };
})(jQuery);
