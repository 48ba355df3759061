"use strict";
/* Sections as tabs: one of each list is open; a section may have a list of its own. Without this script they are
   stacked, and the links lead to them. */
(() => {
  const found = "onbeforematch" in document.body ? "until-found" : "hidden";  // the browser's search opens a section
  const lists = [...document.querySelectorAll(".tabs ul")].map(equip);

  function equip(list) {
    const tabs = [...list.querySelectorAll("a")];
    const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
    list.setAttribute("role", "tablist");
    tabs.forEach((tab, place) => {
      tab.parentElement.setAttribute("role", "presentation");
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panels[place].id);
      panels[place].setAttribute("role", "tabpanel");
      panels[place].removeAttribute("aria-label");
      panels[place].setAttribute("aria-labelledby", tab.id);
      panels[place].addEventListener("beforematch", () => open(place));
    });
    open(0);

    function open(place) {
      tabs.forEach((tab, other) => {
        tab.setAttribute("aria-selected", other === place);
        tab.tabIndex = other === place ? 0 : -1;
        if (other === place) panels[other].removeAttribute("hidden");
        else panels[other].setAttribute("hidden", found);
      });
      // not scrollIntoView: it would scroll the page, too
      list.scrollLeft = tabs[place].offsetLeft - list.offsetLeft - 40;
    }

    function go(place) {
      if (location.hash !== tabs[place].hash) history.pushState(null, "", tabs[place].hash);
      follow();
    }

    list.addEventListener("click", (event) => {
      const place = tabs.indexOf(event.target.closest("a"));
      if (place < 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(place);
    });
    list.addEventListener("keydown", (event) => {
      const place = tabs.indexOf(document.activeElement), last = tabs.length - 1;
      const next = { ArrowRight: place === last ? 0 : place + 1, ArrowLeft: place === 0 ? last : place - 1, Home: 0, End: last, " ": place }[event.key];
      if (place < 0 || next === undefined) return;
      event.preventDefault();
      go(next);
      tabs[next].focus({ preventScroll: true });
    });
    return { panels, open };
  }

  /* Opens the section that holds the anchor of the address, and shows it; without an anchor, the first ones. */
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (const { panels, open } of lists) {
      const place = target ? panels.findIndex((panel) => panel.contains(target)) : 0;
      if (place >= 0) open(place);
    }
    if (target && target.matches("details")) target.open = true;
    if (!target || target.matches(".panel")) scrollTo(0, 0);
    else target.scrollIntoView();
  }

  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  if (lists.length) follow();
})();
