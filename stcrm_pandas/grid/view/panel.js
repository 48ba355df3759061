// The panel beside the rows: the plan, the conflicts, and the keys.

const KEYS = [
  ["Arrows, Page Up, Page Down, Home, End", "move; with Shift select; with Ctrl to the edge"],
  ["Tab, Shift+Tab", "next or previous cell"],
  ["F2, Enter, or typing", "edit; Enter saves, Esc cancels, Alt+Enter inserts a line break"],
  ["Space", "change a check box: yes, no, blank"],
  ["Delete", "make blank; type <empty> for an empty text"],
  ["Ctrl+C, Ctrl+X, Ctrl+V", "copy, cut, paste a block, also from and to Excel"],
  ["Ctrl+Z, Ctrl+Y", "undo, redo"],
  ["Ctrl+D", "fill down"],
  ["Ctrl+F", "find; Enter goes to the next match, Shift+Enter to the previous"],
  ["Arrow Up in the first row", "go to the filter of the column; press it again to sort"],
  ["Esc", "remove a text that was not accepted; otherwise leave the grid"],
];

const Panel = (Base) =>
  class extends Base {
    togglePanel(open = this.panel.hidden) {
      this.panel.hidden = !open;
      this.planButton.setAttribute("aria-pressed", String(open));
      this.drawPanel();
      if (open && this.planned) this.transmit({ type: "plan", client: this.client });
      this.paint();
    }

    planSoon() {
      clearTimeout(this.planTimer);
      if (this.panel.hidden || !this.planned) return;
      this.planTimer = setTimeout(() => this.transmit({ type: "plan", client: this.client }), 400);
    }

    onPlan(message) {
      this.plan = message;
      this.drawPanel();
    }

    onConflicts(message) {
      this.conflicts = message.conflicts ?? [];
      this.absent = message.absent ?? [];
      const some = this.conflicts.length + this.absent.length > 0;
      if (some && this.panel.hidden) this.togglePanel(true);
      else if (!some && !this.planned && !this.panel.hidden) this.togglePanel(false);
      else this.drawPanel();
    }

    drawPanel() {
      if (this.panel.hidden) return;
      const parts = [];
      const { plan } = this;
      if (this.planned) parts.push(element("h3", { text: "Plan" }));
      if (this.planned && !plan) parts.push(element("p", { text: "Loading." }));
      if (this.planned && plan) {
        const figures = element("p", { class: "stcrm-figures" });
        figures.textContent = [
          plural(plan.calls, "request"),
          plural(plan.cells, "cell"),
          `${plan.refusals.toLocaleString("en-US")} refused`,
        ].join(" · ");
        const html = element("div", {
          class: "stcrm-plan",
          tabindex: "0",
          role: "region",
          "aria-label": "Summary of the plan",
        });
        html.innerHTML = plan.html ?? ""; // Python escapes every value
        parts.push(
          figures,
          html,
          element("button", {
            type: "button",
            text: "Show the plan below",
            title: "Show the plan in an output below the grid",
            onclick: () => this.transmit({ type: "show_plan", client: this.client, number: this.number }),
          }),
          element("p", {
            class: "stcrm-small",
            text: "Nothing is sent from here. To send it, run plan = grid.plan() and then plan.apply().",
          }),
        );
      }
      if (this.conflicts.length) {
        parts.push(element("h3", { text: plural(this.conflicts.length, "conflict") }));
        parts.push(element("p", { text: "These edits are not applied. Keep one value of each cell." }));
        const list = element("ul");
        for (const { key, column, mine, theirs, reason } of this.conflicts.slice(0, 200)) {
          const take = (which) =>
            element("button", {
              type: "button",
              text: which === "mine" ? "Keep mine" : "Keep theirs",
              "aria-label": `Keep ${which}: ${column} of ${this.keyText(key)}`,
              onclick: () => this.post({ type: "resolve", key, column, take: which }),
            });
          list.append(
            element(
              "li",
              {},
              element("strong", { text: `${column} of ${this.keyText(key)}` }),
              element("div", { text: `mine: ${oneLine(seen(mine)) || "blank"}` }),
              element("div", { text: `theirs: ${oneLine(seen(theirs)) || "blank"}` }),
              element("div", { text: sentence(reason) }),
              take("mine"),
              " ",
              take("theirs"),
            ),
          );
        }
        parts.push(list);
      }
      if (this.absent.length) {
        parts.push(element("h3", { text: `${plural(this.absent.length, "edit")} without a cell` }));
        parts.push(element("p", { text: "These edits stay in the log, and are not applied." }));
        const list = element("ul");
        for (const { key, column, new: text, reason } of this.absent.slice(0, 200)) {
          const what = `${column} of ${this.keyText(key)}: ${oneLine(seen(text)) || "blank"}`;
          list.append(element("li", { text: `${what}. ${sentence(reason)}` }));
        }
        parts.push(list);
      }
      this.panel.replaceChildren(...parts);
    }
  };
