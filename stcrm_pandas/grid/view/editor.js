// The open editor of one cell.

const Editor = (Base) =>
  class extends Base {
    open(text = null) {
      const column = this.columns[this.active.column];
      const row = this.order[this.active.at];
      if (row === undefined || !column.loaded) return;
      if (column.locked) return this.say(`${column.name}: ${sentence(column.reason, "Read-only.")}`);
      if (this.gone) return this.say("This grid was replaced by a newer one. Edit in the newer one.");
      const shown = seen(column.now(row));
      this.startEditor({ key: this.keyOf(row), column: column.name, text: text ?? shown });
      this.input.focus();
      this.input.select?.();
      if (text === null) this.input.setSelectionRange?.(shown.length, shown.length);
    }

    startEditor(draft) {
      const column = this.named.get(draft.column);
      this.editing = { key: draft.key, name: draft.column };
      this.box.draft = draft;
      put(this.editorLabel, `${column.name} of ${this.keyText(draft.key)}`);
      if (column.enum) {
        const options = [...new Set(["", ...column.enum, draft.text])];
        this.input = element("select", { size: Math.min(options.length, 8) });
        for (const option of options) this.input.append(element("option", { value: option, text: option || "(blank)" }));
      } else this.input = element("textarea", { rows: draft.text.split("\n").length, spellcheck: "false" });
      this.input.setAttribute("aria-label", `${column.name} of ${this.keyText(draft.key)}`);
      this.input.value = draft.text;
      this.input.addEventListener("input", () => {
        this.box.draft = { ...draft, text: this.input.value };
        this.input.rows = this.input.value.split("\n").length;
      });
      if (column.enum) this.input.addEventListener("click", () => this.commit(0, 0));
      this.editor.replaceChildren(this.editorLabel, this.input);
      this.editor.hidden = false;
      this.placeEditor();
      this.status();
    }

    placeEditor() {
      const column = this.named.get(this.editing.name);
      const row = this.keys?.get(this.editing.key); // unknown while a new frame loads
      if (row === undefined || !column) return;
      const at = this.order.indexOf(row);
      const area = this.scroll;
      const top = at === -1 ? -1 : at * ROW - this.top;
      const left = this.lefts[column.at] - area.scrollLeft;
      const inside = top >= 0 && top < this.room && left >= this.lefts[this.pins] - 1 && left < area.clientWidth - 30;
      const wide = Math.min(Math.max(column.width, 180), area.clientWidth - 8);
      this.editor.classList.toggle("stcrm-away", !inside); // the label says which cell it is
      this.editor.style.width = `${wide}px`;
      const lowest = Math.max(0, area.clientHeight - this.headHeight - this.editor.offsetHeight);
      this.editor.style.top = `${this.headHeight + Math.max(0, Math.min(top, lowest))}px`;
      this.editor.style.left = `${Math.max(0, Math.min(left, area.clientWidth - wide - 4))}px`;
    }

    commit(down, along) {
      const column = this.named.get(this.editing.name);
      const row = this.keys?.get(this.editing.key);
      if (row === undefined || !column?.loaded) return this.say("The rows are loading. Save again in a moment.");
      if (this.gone) return this.say("This grid was replaced by a newer one. Edit in the newer one.");
      const text = withLineEnds(this.input.value, seen(column.now(row)));
      this.stopEditor();
      this.edit([[row, column, wire(text)]]);
      const at = this.order.indexOf(row);
      if (at !== -1) this.select(at + down, column.at + along);
      return this.scroll.focus({ preventScroll: true });
    }

    stopEditor() {
      this.editing = null;
      this.box.draft = null;
      this.editor.hidden = true;
      this.status();
    }

    onEditorKey(event) {
      const { key } = event;
      if (event.isComposing) return;
      if (key === "Escape") {
        this.stopEditor();
        this.scroll.focus({ preventScroll: true });
      } else if (key === "Enter" && (event.altKey || event.shiftKey) && this.input.setRangeText) {
        this.input.setRangeText("\n", this.input.selectionStart, this.input.selectionEnd, "end");
        this.input.dispatchEvent(new Event("input"));
      } else if (key === "Enter") this.commit(1, 0);
      else if (key === "Tab") this.commit(0, event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
    }
  };
