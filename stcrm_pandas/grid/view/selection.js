// The selected cells.

const SelectedCells = (Base) =>
  class extends Base {
    selection() {
      const [a, b] = [this.anchor, this.active];
      return {
        top: Math.min(a.at, b.at),
        bottom: Math.max(a.at, b.at),
        left: Math.min(a.column, b.column),
        right: Math.max(a.column, b.column),
      };
    }

    select(at, column, extend = false, reveal = true) {
      at = Math.max(0, Math.min(at, this.order.length - 1));
      column = Math.max(0, Math.min(column, this.columns.length - 1));
      this.active = { at, column };
      if (!extend) this.anchor = { at, column };
      if (reveal) this.reveal(at, column);
      this.repaint();
    }

    selectAll() {
      this.anchor = { at: this.order.length - 1, column: this.columns.length - 1 };
      this.active = { at: 0, column: 0 };
      this.repaint();
    }

    reveal(at, column) {
      const top = this.top;
      if (at * ROW < top) this.top = at * ROW;
      else if ((at + 1) * ROW > top + this.room) this.top = (at + 1) * ROW - this.room;
      if (column < this.pins) return;
      const pinned = this.lefts[this.pins];
      const { scrollLeft, clientWidth } = this.scroll;
      const [left, right] = [this.lefts[column], this.lefts[column] + this.columns[column].width];
      if (left < scrollLeft + pinned) this.scroll.scrollLeft = left - pinned;
      else if (right > scrollLeft + clientWidth) this.scroll.scrollLeft = Math.min(right - clientWidth, left - pinned);
    }

    selected() {
      const { top, bottom, left, right } = this.selection();
      return { rows: this.order.slice(top, bottom + 1), columns: this.columns.slice(left, right + 1), top, left };
    }
  };
