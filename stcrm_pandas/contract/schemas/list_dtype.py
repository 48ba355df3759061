"""The dtype of columns with lists: cells are tuples, and files and other engines get Arrow lists with their types.

>>> tags = pd.Series([(71, 72), (), None], dtype=ListDtype(integer("tagTypeIds", many=True)))
>>> tags.map(bool).tolist(), tags.isna().tolist(), (tags == tags).tolist()
([True, False, False], [False, False, True], [True, True, False])
>>> pa.array(tags).type
ListType(list<item: int64>)
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray, no_default, register_extension_dtype
from pandas.api.indexers import check_array_indexer

from stcrm_pandas.contract.schemas.arrow import TYPES, arrow_type, to_arrow, to_tuples
from stcrm_pandas.contract.schemas.fields import LIST_DTYPE_NAME, RECORDS, Column, Field, Row, integer, snake, text

_PLAIN = {TYPES["integer"]: integer("", many=True), TYPES["text"]: text("", many=True)}
_ANY = Field("", "text", many=True)


@register_extension_dtype
class ListDtype(pd.ArrowDtype):
    """The dtype of lists of one field.

    It is an `ArrowDtype` for other libraries: DuckDB and narwhals take such columns by their Arrow types. Its name is
    in the metadata of a Parquet file. pandas restores the dtype from it; where this package is not imported, pandas
    reads the name as one of numpy's for objects.

    Parameters
    ----------
    field : Field
        A field with `many`.
    """

    def __init__(self, field: Field) -> None:
        super().__init__(arrow_type(field))
        self.field = field

    @property
    def name(self) -> str:  # type: ignore[override]
        return LIST_DTYPE_NAME

    @property
    def type(self) -> builtins.type[tuple[Any, ...]]:  # type: ignore[override]
        return tuple

    @property
    def kind(self) -> Literal["O"]:
        return "O"

    @property
    def base(self) -> str:
        """What `infer_dtype` of pandas returns, so that `.str.len()`, `.str.get(0)` and `.str[0]` work for lists."""
        return "string"

    @property
    def na_value(self) -> None:  # type: ignore[override]
        return None

    @classmethod
    def construct_from_string(cls, string: str) -> Self:
        """Return the dtype for its name. Which field it has, follows from the Arrow lists that are read with it."""
        if string != LIST_DTYPE_NAME:
            raise TypeError(f"{string!r} is not the dtype of lists")
        return cls(_ANY)

    def construct_array_type(self) -> builtins.type[ListArray]:
        return ListArray

    def __from_arrow__(self, array: Any) -> Any:
        """Return Arrow lists as an array."""
        field = _field_of(array.type)
        if field is None:  # of another program: whatever pandas makes of it
            return pd.array(array.to_pylist(), dtype=object)
        chunks = [chunk.cast(arrow_type(field)) for chunk in getattr(array, "chunks", [array])]
        return ListArray(to_tuples(field, chunks, len(array)), ListDtype(field))

    def _get_common_dtype(self, dtypes: list[Any]) -> Any:
        return self if all(dtype == self for dtype in dtypes) else None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ListDtype):
            return bool(self.pyarrow_dtype == other.pyarrow_dtype)
        return isinstance(other, str) and other == LIST_DTYPE_NAME  # numpy's dtype of objects equals that name, too

    def __hash__(self) -> int:
        return hash(self.pyarrow_dtype)

    def __reduce__(self) -> Any:
        return ListDtype, (self.field,)

    def __str__(self) -> str:
        return LIST_DTYPE_NAME

    def __repr__(self) -> str:
        return f"ListDtype({self.pyarrow_dtype})"


class ListArray(ExtensionArray):
    """Tuples, None if missing.

    Parameters
    ----------
    cells : ndarray
        The tuples, of numpy's dtype for objects.
    dtype : ListDtype
        The dtype.
    """

    __hash__ = None  # type: ignore[assignment]
    _readonly = False

    def __init__(self, cells: Any, dtype: ListDtype | None = None) -> None:
        if dtype is None:  # pandas, with Arrow lists of `_pa_array`
            lists = ListDtype(_ANY).__from_arrow__(cells)
            cells, dtype = lists._cells, lists.dtype
        self._cells: npt.NDArray[np.object_] = cells
        self._dtype: ListDtype = dtype

    @classmethod
    def _from_sequence(cls, scalars: Any, *, dtype: Any = None, copy: bool = False) -> Self:
        if isinstance(scalars, cls) and (dtype is None or dtype == scalars.dtype):
            return scalars.copy() if copy else scalars
        known = isinstance(dtype, ListDtype) and dtype.field is not _ANY
        kept = dtype if known else ListDtype(next(filter(None, map(_field_of_cell, scalars)), _ANY))
        return cls(_cells(kept.field, scalars), kept)

    @classmethod
    def _from_factorized(cls, values: Any, original: ListArray) -> Self:
        return cls(values, original.dtype)

    @property
    def dtype(self) -> ListDtype:
        """The dtype."""
        return self._dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the pointers; equal tuples may be the same object."""
        return self._cells.nbytes

    def memory_usage(self, *, deep: bool = False) -> int:
        """Return the bytes of the pointers; `deep` adds the tuples, each as often as it occurs, as pandas does."""
        return self.nbytes + (sum(map(sys.getsizeof, self._cells)) if deep else 0)

    def __len__(self) -> int:
        return len(self._cells)

    def __getitem__(self, item: Any) -> Any:
        cells = self._cells[check_array_indexer(self, item)]
        if not isinstance(cells, np.ndarray):
            return cells
        part = type(self)(cells, self._dtype)
        part._readonly = self._readonly and np.shares_memory(cells, self._cells)
        return part

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._readonly:
            raise ValueError("Cannot modify read-only array")
        key = check_array_indexer(self, key)
        if isinstance(value, ListArray):
            self._cells[key] = value._cells
        elif isinstance(key, int | np.integer):
            self._cells[key] = _cell(self._dtype.field, value)
        elif _is_cell(self._dtype.field, value):
            places = np.atleast_1d(np.arange(len(self))[key])
            self._cells[places] = _cells(self._dtype.field, [value] * len(places))
        else:
            self._cells[key] = _cells(self._dtype.field, value)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        if isinstance(other, ListArray):
            return np.asarray(self._cells == other._cells, bool) & ~self.isna()
        others = [other] * len(self) if _is_cell(self._dtype.field, other) else other
        if isinstance(others, str) or not isinstance(others, Iterable):
            return np.zeros(len(self), bool)
        pairs = zip(self._cells, others, strict=True)
        return np.fromiter((cell is not None and cell == other_cell for cell, other_cell in pairs), bool, len(self))

    def __ne__(self, other: object) -> Any:
        alike = self.__eq__(other)
        return alike if alike is NotImplemented else ~alike

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self.to_numpy(dtype, copy=bool(copy))

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = no_default) -> npt.NDArray[Any]:
        """Return the tuples as an array of objects, which is read-only if it is not a copy."""
        if na_value is not no_default:
            cells = self._cells.copy()
            cells[self.isna()] = na_value
            return cells
        cells = self._cells.copy() if copy else self._cells.view()
        cells.flags.writeable = copy
        return cells

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return another dtype; as objects the tuples are a copy, into which pandas may write."""
        if dtype is object or dtype == np.dtype(object):
            return self._cells.copy()
        return super().astype(dtype, copy=copy)

    def __arrow_array__(self, type: Any = None) -> Any:
        made = to_arrow(self._dtype.field, self._cells.tolist())
        return made if type is None else made.cast(type)

    @property
    def _pa_array(self) -> _ForPandas:
        return _ForPandas(self)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cells)

    def tolist(self) -> list[Any]:
        """Return the tuples as a list."""
        return list(self._cells.tolist())

    def isna(self) -> npt.NDArray[np.bool_]:
        """Return where lists are missing."""
        return np.asarray(pd.isna(self._cells), bool)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:
        """Return the lists at some positions; with `allow_fill`, -1 is a missing one."""
        places = np.asarray(indices, np.intp)
        if not allow_fill:
            return type(self)(self._cells.take(places), self._dtype)
        fill = np.fromiter([_cell(self._dtype.field, fill_value)], dtype=object, count=1)
        gone = places == -1
        if (places < -1).any() or (not len(self) and not gone.all()):
            raise (ValueError if len(self) else IndexError)("a position is out of range")
        cells = self._cells.take(places) if len(self) else np.full(len(places), None, dtype=object)
        cells[gone] = fill
        return type(self)(cells, self._dtype)

    def copy(self) -> Self:
        """Return a copy; tuples are never copied."""
        return type(self)(self._cells.copy(), self._dtype)

    def view(self, dtype: Any = None) -> Any:
        """Return the same lists as another array."""
        if dtype is not None:
            raise NotImplementedError(dtype)
        return type(self)(self._cells.view(), self._dtype)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[Any]) -> Self:
        return cls(np.concatenate([lists._cells for lists in to_concat]), to_concat[0].dtype)

    def _values_for_factorize(self) -> tuple[npt.NDArray[np.object_], None]:
        return self._cells, None

    def _values_for_argsort(self) -> npt.NDArray[np.object_]:
        return self._cells

    def _explode(self) -> tuple[Any, npt.NDArray[np.uint64]]:
        """Return the values of all lists, a missing one for each list that is empty or missing, and their numbers."""
        sizes = [len(cell) if cell else 1 for cell in self._cells]
        values = [value for cell in self._cells for value in cell or (None,)]
        return self._values(values), np.array(sizes, np.uint64)

    def map(self, mapper: Any, na_action: Literal["ignore"] | None = None) -> Any:
        """Return the results of a function; without rows they are objects, as pandas has it for tuples."""
        return super().map(mapper, na_action=na_action) if len(self) else np.array([], dtype=object)

    def _str_len(self) -> Any:
        return pd.array([None if cell is None else len(cell) for cell in self._cells], dtype="Int64")

    def _str_getitem(self, key: Any) -> Any:
        return self._str_get(key) if isinstance(key, int) else self.map(lambda cell: cell[key], na_action="ignore")

    def _str_get(self, i: int) -> Any:
        values = [cell[i] if cell and -len(cell) <= i < len(cell) else None for cell in self._cells]
        return self._values(values)

    def _values(self, values: list[Any]) -> Any:
        """Return values of lists as an array of their own dtype."""
        field = self._dtype.field
        if field.kind == "object":
            return np.fromiter(values, dtype=object, count=len(values))
        return pd.array(values, dtype="Int64" if field.kind == "integer" else "str")

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str]:
        return str


class _ForPandas:
    """What pandas takes of an Arrow column: rows, and chunks to merge by, which must be text for Arrow."""

    def __init__(self, lists: ListArray) -> None:
        self._lists = lists
        self._arrow: Any = None

    @property
    def chunks(self) -> list[Any]:
        """The lists as text."""
        return [pa.array([None if cell is None else repr(cell) for cell in self._lists._cells], pa.string())]

    def iterchunks(self) -> Iterator[Any]:
        """Yield the lists."""
        yield self._lists.__arrow_array__()

    def __getitem__(self, position: int) -> Any:
        self._arrow = self._lists.__arrow_array__() if self._arrow is None else self._arrow
        return self._arrow[position].as_py()


def dtype_of(column: Column) -> Any:
    """Return the pandas dtype of a column."""
    return ListDtype(column.field) if column.field.many else _pandas_dtype(column.dtype)


@cache
def _pandas_dtype(name: str) -> Any:
    """Return the dtype of a name: pandas tries every kind of dtype, and a read asks for thirty columns."""
    return pd.api.types.pandas_dtype(name)


def dtypes_of(row: Row) -> dict[str, Any]:
    """Return the pandas dtypes of all columns."""
    return {column.name: dtype_of(column) for column in row.columns}


def _field_of(lists: pa.DataType) -> Field | None:
    """Return the field of Arrow lists, None if they are not such as a frame has."""
    if not (pa.types.is_list(lists) or pa.types.is_large_list(lists)):
        return None
    kind = lists.value_type
    if pa.types.is_struct(kind):
        return RECORDS.get(tuple(part.name for part in kind))
    return _PLAIN.get(pa.string() if pa.types.is_large_string(kind) else kind)


def _field_of_cell(cell: Any) -> Field | None:
    """Return the field of the values in a tuple, None if they do not tell."""
    for value in cell if isinstance(cell, tuple | list) else ():
        if isinstance(value, int | str):
            return _PLAIN[TYPES["integer" if isinstance(value, int) else "text"]]
        return next((field for field in RECORDS.values() if field.record is type(value)), None)
    return None


def _is_cell(field: Field, value: Any) -> bool:
    """Return whether a value is one cell and not a sequence of cells."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return True
    inner = field.record or (int if field.kind == "integer" else str)
    return isinstance(value, tuple | list) and all(isinstance(item, inner) for item in value)


def _cells(field: Field, values: Iterable[Any]) -> npt.NDArray[np.object_]:
    cells = [_cell(field, value) for value in values]
    return np.fromiter(cells, dtype=object, count=len(cells))


def _cell(field: Field, value: Any) -> tuple[Any, ...] | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"A cell of this column is a tuple or a list, not {type(value).__name__}.")
    return value if type(value) is tuple else tuple(_item(field, item) for item in value)


def _item(field: Field, value: Any) -> Any:
    if isinstance(value, Mapping) and field.record is not None:
        return field.record(*(value.get(part.name, value.get(snake(part.name))) for part in field.fields))
    return value.item() if isinstance(value, np.generic) else value
