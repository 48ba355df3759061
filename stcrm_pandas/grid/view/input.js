// Keyboard and mouse.

const Input = (Base) =>
  class extends Base {
    listen() {
      const { root, scroll } = this;
      // What is typed here concerns neither the notebook nor the browser's page.
      for (const type of ["keydown", "keyup", "keypress", "paste", "copy", "cut", "contextmenu"]) {
        root.addEventListener(type, (event) => event.stopPropagation());
      }
      scroll.addEventListener("scroll", () => {
        this.frameAsked ??= requestAnimationFrame(() => {
          this.frameAsked = null;
          this.paint();
        });
      });
      scroll.addEventListener("keydown", (event) => event.target === scroll && this.onKey(event));
      this.head.addEventListener("keydown", (event) => this.onHeadKey(event));
      this.head.addEventListener("input", (event) => {
        const column = this.columns[event.target.dataset.at];
        clearTimeout(this.filterTimer);
        this.filterTimer = setTimeout(() => this.filterBy(column, event.target.value), 250);
      });
      this.head.addEventListener("click", (event) => {
        const { part, at } = event.target.dataset;
        if (part === "sort") this.sortBy(this.columns[at]);
      });
      this.head.addEventListener("pointerdown", (event) => {
        if (event.target.className === "stcrm-size") this.resizeColumn(event);
      });
      this.find.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.findNext(event.shiftKey ? -1 : 1);
        else if (event.key === "Escape" || event.key === "ArrowDown") scroll.focus({ preventScroll: true });
        else return;
        event.preventDefault();
      });
      this.editor.addEventListener("keydown", (event) => this.onEditorKey(event));
      this.canvas.addEventListener("pointerdown", (event) => this.onPointer(event));
      this.canvas.addEventListener("dblclick", () => this.open());
      scroll.addEventListener("copy", (event) => this.onCopy(event));
      scroll.addEventListener("cut", (event) => this.onCopy(event) && this.setAll(() => null));
      scroll.addEventListener("paste", (event) => {
        if (event.target !== scroll) return;
        event.preventDefault();
        this.paste(event.clipboardData.getData("text/plain"));
      });
    }

    onPointer(event) {
      const cell = event.target.closest(".stcrm-cell");
      if (!cell || event.button !== 0) return;
      event.preventDefault(); // else the browser selects text
      if (this.editing) this.commit(0, 0);
      const same = cell.at === this.active.at && cell.column === this.active.column;
      const focused = document.activeElement === this.scroll;
      this.scroll.focus({ preventScroll: true });
      this.select(cell.at, cell.column, event.shiftKey);
      if (same && focused && cell.dataset.check) this.toggle();
      else if (same && focused && event.pointerType === "touch") this.open();
      if (event.pointerType === "touch") return;
      const move = (moved) => {
        /** @type {any} */
        const over = document.elementFromPoint(moved.clientX, moved.clientY)?.closest(".stcrm-cell");
        if (over && this.canvas.contains(over) && (over.at !== this.active.at || over.column !== this.active.column)) {
          this.select(over.at, over.column, true);
        }
      };
      const stop = new AbortController();
      addEventListener("pointermove", move, stop);
      addEventListener("pointerup", () => stop.abort(), stop);
    }

    resizeColumn(event) {
      event.preventDefault();
      const column = this.columns[event.target.dataset.at];
      const [start, width] = [event.clientX, column.width];
      const stop = new AbortController();
      addEventListener(
        "pointermove",
        (moved) => {
          column.width = Math.max(50, width + moved.clientX - start);
          this.buildHead();
          this.repaint();
        },
        stop,
      );
      addEventListener("pointerup", () => stop.abort(), stop);
    }

    onKey(event) {
      const { key, shiftKey: shift } = event;
      const control = event.ctrlKey || event.metaKey;
      const { at, column } = this.active;
      const [lastRow, lastColumn] = [this.order.length - 1, this.columns.length - 1];
      const pages = Math.max(1, Math.floor(this.room / ROW) - 1);
      const moves = {
        ArrowUp: [control ? 0 : at - 1, column],
        ArrowDown: [control ? lastRow : at + 1, column],
        ArrowLeft: [at, control ? 0 : column - 1],
        ArrowRight: [at, control ? lastColumn : column + 1],
        PageUp: [at - pages, column],
        PageDown: [at + pages, column],
        Home: [control ? 0 : at, 0],
        End: [control ? lastRow : at, lastColumn],
      };
      if (key === "ArrowUp" && at === 0 && !shift && !control) this.toFilter(column);
      else if (moves[key]) this.select(...moves[key], shift);
      else if (key === "Tab") {
        const next = at * (lastColumn + 1) + column + (shift ? -1 : 1);
        if (next < 0 || next > lastRow * (lastColumn + 1) + lastColumn) return; // leaves the grid
        this.select(Math.floor(next / (lastColumn + 1)), next % (lastColumn + 1));
      } else if (key === "F2" || (key === "Enter" && !control)) this.open();
      else if (key === "Delete" || key === "Backspace") this.setAll(() => null);
      else if (key === "Escape") this.escape();
      else if (key === " " && this.columns[column]?.kind === "boolean") this.toggle();
      else if (control && !event.altKey) {
        const act = {
          a: () => this.selectAll(),
          d: () => this.fillDown(),
          f: () => this.find.select(),
          s: () => this.say("Edits are saved as you make them. To save the notebook, click outside the grid first."),
          y: () => this.post({ type: "redo" }),
          z: () => (shift ? this.post({ type: "redo" }) : this.undo()),
        }[key.toLowerCase()];
        if (!act) return; // copy, cut and paste come as events of their own
        act();
      } else if ((key.length === 1 || key === "Dead" || key === "Process") && !event.altKey) {
        this.open(this.columns[column].enum ? null : ""); // the character goes into the editor, which has the focus now
        return;
      } else return;
      event.preventDefault();
    }

    escape() {
      const column = this.columns[this.active.column];
      const row = this.order[this.active.at];
      if (!column?.rejected.has(row)) return this.helpButton.focus();
      this.redden(column, row, null);
      this.status();
      return this.repaint();
    }

    toFilter(at, part = "filter") {
      this.reveal(this.active.at, at);
      this.head.querySelector(`[data-part="${part}"][data-at="${at}"]`)?.focus();
    }

    onHeadKey(event) {
      const { part, at } = event.target.dataset;
      const { key } = event;
      if (key === "ArrowUp" && part === "filter") this.toFilter(at, "sort");
      else if (key === "ArrowDown" && part === "sort") this.toFilter(at);
      else if (key === "ArrowDown" || key === "Escape" || (key === "Enter" && part === "filter")) {
        if (part === "filter") {
          clearTimeout(this.filterTimer);
          this.filterBy(this.columns[at], event.target.value);
        }
        this.scroll.focus({ preventScroll: true });
      } else if (part === "sort" && (key === "ArrowLeft" || key === "ArrowRight")) {
        const next = Math.max(0, Math.min(+at + (key === "ArrowLeft" ? -1 : 1), this.columns.length - 1));
        this.toFilter(next, "sort");
      } else return;
      event.preventDefault();
    }
  };
