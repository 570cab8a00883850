"""A look into a table file before PyTables opens it: users may upload files of their own making.

HDF5 lets a file point to others: external links, datasets whose samples lie in any file of the machine, virtual
datasets. Such a file would show its owner what the server can read. PyTables also unpickles attributes and objects of a
file, which runs code; here it is told not to. Its warning about column names that are no Python names is of no use to
anybody here.
"""

from __future__ import annotations

import pickle
import types
import warnings
from pathlib import Path
from typing import Any

import h5py
import tables.atom
import tables.attributeset

from .. import errors

GROUP = "OME"
TABLE = "Measurements"
PARTS = (TABLE, "ColumnTypes", "ColumnDescriptions")
MASKS = "Measurements_masks"


def _refuse_to_unpickle(*_arguments: Any, **_options: Any) -> Any:
    raise pickle.UnpicklingError("pickled objects in table files are not read")


_no_pickle = types.SimpleNamespace(
    loads=_refuse_to_unpickle,
    dumps=pickle.dumps,
    HIGHEST_PROTOCOL=pickle.HIGHEST_PROTOCOL,
    UnpicklingError=pickle.UnpicklingError,
)
tables.attributeset.pickle = _no_pickle
tables.atom.pickle = _no_pickle
warnings.filterwarnings("ignore", category=tables.NaturalNameWarning)


def inspect(path: Path) -> None:
    """Raises ValidationException when the file is neither empty, nor a table, nor an HDF5 file that can become one."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with h5py.File(path, "r") as file:
            _inspect_root(file)
    except OSError as error:
        raise errors.validation(f"the file is no table: {error}") from error


def _inspect_root(file: Any) -> None:
    if GROUP not in file:
        return
    group = _own_member(file, GROUP)
    if not isinstance(group, h5py.Group):
        raise errors.validation(f"the file is no table: {GROUP} is no group")
    missing = [name for name in PARTS if name not in group]
    if missing:
        raise errors.validation(f"the file is no table: {', '.join(missing)} missing")
    for name in (*PARTS, MASKS):
        if name in group:
            _inspect_dataset(_own_member(group, name), name)
    if group[TABLE].dtype.names is None:
        raise errors.validation(f"the file is no table: {TABLE} has no columns")


def _own_member(parent: Any, name: str) -> Any:
    if not isinstance(parent.get(name, getlink=True), h5py.HardLink):
        raise errors.validation(f"the file is no table: {name} is a link")
    return parent[name]


def _inspect_dataset(dataset: Any, name: str) -> None:
    if not isinstance(dataset, h5py.Dataset):
        raise errors.validation(f"the file is no table: {name} is no dataset")
    if dataset.external or dataset.is_virtual:
        raise errors.validation(f"the file is no table: {name} lies in another file")
