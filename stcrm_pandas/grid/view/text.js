// Texts: as Python has them (wire), as a person sees them, as Excel copies them.

const EMPTY = "<empty>"; // what a person sees for the empty text; a missing value is blank

const seen = (wire) => (wire === null ? "" : wire === "" ? EMPTY : /^'*<empty>$/.test(wire) ? "'" + wire : wire);
const wire = (text) =>
  text === "" ? null : text === EMPTY ? "" : /^'+<empty>$/.test(text) ? text.slice(1) : text;

// A spreadsheet would run it, and skips what cannot be seen before the sign: marked with ', as in sheets.
const FORMULA = /^(?:[\p{C}\p{Z}\p{DI}\u2800]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]|[\t\r\n])/u;
const marked = (text) => text[0] === "'" && (text[1] === "'" || FORMULA.test(text.slice(1)));
const unmark = (text) => (marked(text) ? text.slice(1) : text);
const mark = (text) => (FORMULA.test(text) || unmark(text) !== text ? "'" + text : text);

// Excel quotes a whole cell or nothing: a quote inside a cell is an ordinary character.
function readBlock(text) {
  const rows = [[]];
  let at = 0;
  while (at <= text.length) {
    let cell = null;
    if (text[at] === '"') {
      let end = at + 1;
      while ((end = text.indexOf('"', end)) !== -1 && text[end + 1] === '"') end += 2;
      if (end !== -1 && (end + 1 === text.length || "\t\r\n".includes(text[end + 1]))) {
        cell = text.slice(at + 1, end).replaceAll('""', '"');
        at = end + 1;
      }
    }
    if (cell === null) {
      const start = at;
      while (at < text.length && text[at] !== "\t" && text[at] !== "\n" && text[at] !== "\r") at++;
      cell = text.slice(start, at);
    }
    rows.at(-1).push(unmark(cell));
    if (text[at] === "\t") {
      at++;
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    if (++at >= text.length) break;
    rows.push([]);
  }
  return rows;
}

function writeBlock(rows) {
  const quoted = (cell) => (/[\t\r\n]|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => row.map(quoted).join("\t") + "\r\n").join("");
}

// An editor in a browser has only \n: the line ends that the cell had come back.
function withLineEnds(text, before) {
  if (text === before.replace(/\r\n?/g, "\n")) return before;
  return before.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}

const oneLine = (text) => text.slice(0, 300).replace(/\r?\n|\r/g, " ↵ ");

// The header names the zone; hover and the line below the cells show the whole text.
const shortTime = (text) => text.replace(/^(\d+-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? [+-][\d:]+$/, "$1");

// "2026-11-25 09:30:00.123456 -06:00" in milliseconds; offsets of old times have seconds, too.
function instant(text) {
  const part =
    /^(\d+)-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))? ?(?:([+-])(\d\d):(\d\d)(?::(\d\d))?|Z)?$/.exec(text);
  if (!part) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(+part[1], +part[2] - 1, +part[3]);
  const offset = (part[7] === "-" ? -1 : 1) * ((+part[8] || 0) * 3600 + (+part[9] || 0) * 60 + (+part[10] || 0));
  return date.getTime() + ((+part[4] * 60 + +part[5]) * 60 + (+part[6] || 0) - offset) * 1000;
}
