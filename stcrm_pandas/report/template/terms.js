"use strict";
/* The definition of a term, on hover and on focus; Escape closes it. Without this script, a term leads to its entry. */
(() => {
  const GAP = 8, EDGE = 12;
  const tip = Object.assign(document.createElement("div"), { id: "tip", className: "tip", hidden: true });
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);
  let shown = null, closing;

  document.querySelectorAll(".stcrm-term").forEach((term) => {
    term.dataset.definition = term.title;
    term.removeAttribute("title");
  });
  const termAt = (target) => (target instanceof Element ? target.closest(".stcrm-term") : null);

  function close() {
    clearTimeout(closing);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  }

  function show(term) {
    clearTimeout(closing);
    if (term === shown) return;
    close();
    shown = term;
    tip.textContent = term.dataset.definition;
    tip.hidden = false;
    term.setAttribute("aria-describedby", tip.id);
    const word = term.getClientRects()[0], { width, height } = tip.getBoundingClientRect();
    const below = word.bottom + GAP, above = word.top - GAP - height;
    tip.style.left = `${Math.max(EDGE, Math.min(word.left, document.documentElement.clientWidth - width - EDGE))}px`;
    tip.style.top = `${below + height > innerHeight && above > 0 ? above : below}px`;
  }

  /* The pointer may move from the word to its definition. */
  document.addEventListener("pointerover", (event) => {
    const term = termAt(event.target);
    if (term) show(term);
    else if (tip.contains(event.target)) clearTimeout(closing);
    else if (shown && shown !== document.activeElement) {
      clearTimeout(closing);
      closing = setTimeout(close, 200);
    }
  });
  document.addEventListener("focusin", (event) => {
    const term = termAt(event.target);
    if (term) show(term);
    else close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  document.addEventListener("click", (event) => {
    if (event.pointerType === "touch" && termAt(event.target)?.matches("a")) event.preventDefault();  // a finger cannot hover
    else close();
  });
  addEventListener("scroll", close, { passive: true });
})();
