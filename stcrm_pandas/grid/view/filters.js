// Sort, filter and find: which rows are shown, in which order.

const Filters = (Base) =>
  class extends Base {
    arrange() {
      const tests = [];
      for (const [name, filter] of this.filters) {
        const column = this.named.get(name);
        this.ask([name]);
        if (!column.loaded) continue;
        const holds = predicate(filter, column.kind);
        tests.push((row) => holds(column.now(row)));
      }
      if (this.only) {
        this.ask(this.columns.map((column) => column.name));
        const rows = new Set();
        for (const column of this.columns) {
          for (const [row, { status }] of column.marks)
            if (this.only === "changed" || status === "refused") rows.add(row);
          for (const row of column.rejected.keys()) rows.add(row);
        }
        tests.push((row) => rows.has(row));
      }
      const focus = this.order[this.active.at];
      const order = [];
      for (let row = 0; row < this.rows; row++) if (tests.every((holds) => holds(row))) order.push(row);
      if (this.sort) {
        const { column, down } = this.sort;
        this.ask([column.name]);
        if (column.loaded) {
          const compare = comparison(column.kind);
          const cells = new Map(order.map((row) => [row, column.now(row)]));
          const sign = down ? -1 : 1;
          order.sort((a, b) => {
            const [x, y] = [cells.get(a), cells.get(b)];
            if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b; // blank cells last, both ways
            return sign * compare(x, y) || a - b;
          });
        }
      }
      this.order = order;
      const at = order.indexOf(focus);
      this.select(at === -1 ? 0 : at, this.active.column, false, at !== -1);
      this.scroll.setAttribute("aria-rowcount", order.length + 1);
      this.buildHead();
      this.status();
      this.repaint();
    }

    show(only) {
      this.only = this.only === only ? "" : only;
      this.onlyChanged.setAttribute("aria-pressed", String(this.only === "changed"));
      this.onlyRefused.setAttribute("aria-pressed", String(this.only === "refused"));
      this.arrange();
    }

    sortBy(column) {
      if (this.sort?.column !== column) this.sort = { column, down: false };
      else this.sort = this.sort.down ? null : { column, down: true };
      this.arrange();
      this.select(0, column.at);
    }

    filterBy(column, text) {
      if (text.trim()) this.filters.set(column.name, text);
      else this.filters.delete(column.name);
      this.arrange();
    }

    findNext(step) {
      const wanted = this.find.value.toLowerCase();
      if (!wanted || !this.order.length) return;
      this.ask(this.columns.map((column) => column.name));
      const columns = this.columns.length;
      const total = this.order.length * columns;
      let at = this.active.at * columns + this.active.column;
      for (let seenCells = 0; seenCells < total; seenCells++) {
        at = (at + step + total) % total;
        const [place, column] = [Math.floor(at / columns), this.columns[at % columns]];
        if (column.loaded && seen(column.now(this.order[place])).toLowerCase().includes(wanted)) {
          this.select(place, column.at);
          this.say("");
          return;
        }
      }
      this.say(`No cell contains “${this.find.value}”.`);
    }
  };
