"""OMERO.tables over Ice: columns, rows, conditions, metadata, rights, life cycle (contract/server.md, section 2.19)."""

import hashlib
import threading
import time

import h5py
import Ice
import numpy as np
import omero
import omero.grid as grid
import pytest
from omero.model import FileAnnotationI, OriginalFileI, ProjectAnnotationLinkI, ProjectI
from omero.rtypes import rdouble, rfloat, rint, rlong, rstring


def new_table(client, columns=None, name="table.h5"):
    table = client.sf.sharedResources().newTable(0, name)
    if columns is not None:
        table.initialize(columns)
    return table


def simple_columns():
    return [
        grid.LongColumn("number", "a number", []),
        grid.DoubleColumn("value", "", []),
        grid.StringColumn("text", "some text", 16, []),
    ]


def fill(table, count):
    table.addData(
        [
            grid.LongColumn("number", "", list(range(count))),
            grid.DoubleColumn("value", "", [number / 2 for number in range(count)]),
            grid.StringColumn("text", "", 16, [f"row {number}" for number in range(count)]),
        ]
    )


@pytest.fixture
def client(login, make_user):
    return login(make_user())


@pytest.fixture
def table(client):
    table = new_table(client, simple_columns())
    fill(table, 10)
    return table


def file_id(table):
    return table.getOriginalFile().id.val


def reopen(client, table):
    identity = file_id(table)
    table.close()
    return client.sf.sharedResources().openTable(OriginalFileI(identity, False))


def test_tables_are_enabled(client):
    assert client.sf.sharedResources().areTablesEnabled()


def test_a_new_table_is_a_file_of_the_current_group(client):
    file = new_table(client, name="some/measurements").getOriginalFile()
    assert file.name.val == file.path.val == "some/measurements"
    assert file.mimetype.val == "OMERO.tables"
    assert file.details.group.id.val == client.sf.getAdminService().getEventContext().groupId


def test_every_column_type_keeps_its_values(client):
    columns = [
        grid.FileColumn("file", "", [1, 2]),
        grid.ImageColumn("image", "", [3, 2**40]),
        grid.RoiColumn("roi", "", [5, -1]),
        grid.WellColumn("well", "", [6, 7]),
        grid.PlateColumn("plate", "", [8, 9]),
        grid.DatasetColumn("dataset", "", [8, 9]),
        grid.BoolColumn("flag", "", [True, False]),
        grid.DoubleColumn("double", "", [0.1, float("inf")]),
        grid.LongColumn("long", "", [2**62, -(2**62)]),
        grid.StringColumn("text", "", 12, ["Größe µm", ""]),
        grid.FloatArrayColumn("floats", "", 2, [[0.5, 1.5], [2.5, 3.5]]),
        grid.DoubleArrayColumn("doubles", "", 3, [[0.1, 0.2, 0.3], [1, 2, 3]]),
        grid.LongArrayColumn("longs", "", 1, [[7], [8]]),
    ]
    table = new_table(client, columns)
    table.addData(columns)
    data = reopen(client, table).read(list(range(len(columns))), 0, 0)
    assert [column.values for column in data.columns] == [column.values for column in columns]
    assert [type(column).__name__.rstrip("I") for column in data.columns] == [
        type(column).__name__ for column in columns
    ]
    assert data.rowNumbers == [0, 1]


def test_masks_keep_their_bytes(client):
    mask = grid.MaskColumn("mask", "", [1, 1], [0, 1], [0, 0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0])
    mask.bytes = [bytes([1, 2, 3]), bytes([255])]
    table = new_table(client, [mask])
    table.addData([mask])
    (read,) = table.read([0], 0, 0).columns
    assert (read.imageId, read.theZ, read.w, read.h) == ([1, 1], [0, 1], [5.0, 6.0], [7.0, 8.0])
    assert [bytes(item) for item in read.bytes] == mask.bytes


def test_headers_tell_names_descriptions_and_sizes(table):
    number, _, text = table.getHeaders()
    assert (number.name, number.description) == ("number", "a number")
    assert (text.name, text.description, text.size) == ("text", "some text", 16)


def test_read_takes_a_range_of_rows(table):
    data = table.read([2, 0], 3, 5)
    assert [column.values for column in data.columns] == [["row 3", "row 4"], [3, 4]]
    assert data.rowNumbers == [3, 4]
    assert abs(data.lastModification - time.time() * 1000) < 60_000


def test_slice_takes_single_rows(table):
    data = table.slice([0], [7, 2])
    assert data.columns[0].values == [7, 2]
    assert data.rowNumbers == [7, 2]


def test_slice_without_rows_and_columns_takes_everything(table):
    data = table.slice([], [])
    assert len(data.columns) == 3
    assert data.rowNumbers == list(range(10))


def test_read_coordinates_takes_all_columns(table):
    assert [column.values for column in table.readCoordinates([1]).columns] == [[1], [0.5], ["row 1"]]


@pytest.mark.parametrize(
    ("condition", "variables", "limits", "expected"),
    [
        ("number > 7", {}, (0, 0, 0), [8, 9]),
        ("(number > 1) & (value < 2)", {}, (0, 0, 1), [2, 3]),
        ("number >= low", {"low": rlong(8)}, (0, 0, 0), [8, 9]),
        ("column >= low", {"low": rdouble(8.5), "column": rstring("number")}, (0, 0, 0), [9]),
        ("number >= 0", {}, (2, 8, 3), [2, 5]),
        ("number >= 7", {}, (0, -1, 1), [7, 8]),
        ("number >= 0", {}, (-2, 0, 0), [8, 9]),
        ("text == 'row 4'", {}, (0, 0, 0), [4]),
        ("~(number**2 < 70)", {}, (0, 0, 0), [9]),
        ("number < 0", {}, (0, 0, 0), []),
    ],
)
def test_conditions_find_rows(table, condition, variables, limits, expected):
    assert table.getWhereList(condition, variables, *limits) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "number >",
        "absent > 1",
        "number",
        "number + 1",
        "number.__class__ == 1",
        "__import__('os').system('true')",
        "(lambda: 1)() == number",
        "9**9**9**9 > number",
        "((9**64)**64)**64 > number",
        "number == 'a' * 100000000000",
        "number == 1 << 99999999999",
        "number in [1, 2]",
        "number == 'text'",
        "(" * 5000 + "number" + ")" * 5000 + " > 1",
    ],
)
def test_bad_conditions_are_refused_at_once(table, condition):
    started = time.monotonic()
    with pytest.raises(omero.ApiUsageException) as caught:
        table.getWhereList(condition, {}, 0, 0, 0)
    assert "condition" in caught.value.message
    assert time.monotonic() - started < 2


def test_update_overwrites_rows(client, table):
    data = table.slice([1, 2], [3, 6])
    data.columns[0].values = [30.0, 60.0]
    data.columns[1].values = ["three", "six"]
    table.update(data)
    again = reopen(client, table).read([1, 2], 3, 7)
    assert again.columns[0].values == [30.0, 2.0, 2.5, 60.0]
    assert again.columns[1].values == ["three", "row 4", "row 5", "six"]


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([10], grid.LongColumn("number", "", [1])),
        ([-1], grid.LongColumn("number", "", [1])),
        ([1, 2], grid.LongColumn("number", "", [1])),
        ([1], grid.LongColumn("absent", "", [1])),
        ([1], grid.DoubleColumn("number", "", [1.0])),
        ([1], grid.StringColumn("text", "", 99, ["far too long for the column"])),
    ],
)
def test_bad_updates_change_nothing(table, rows, column):
    before = table.read([0, 1, 2], 0, 0)
    with pytest.raises((omero.ApiUsageException, omero.ValidationException)):
        table.update(grid.Data(0, rows, [column]))
    after = table.read([0, 1, 2], 0, 0)
    assert [column.values for column in after.columns] == [column.values for column in before.columns]


@pytest.mark.parametrize(
    "columns",
    [
        [],
        [grid.LongColumn("number", "", [1])],
        [*simple_columns(), grid.LongColumn("more", "", [])],
        [
            grid.LongColumn("number", "", [1, 2]),
            grid.DoubleColumn("value", "", [1]),
            grid.StringColumn("text", "", 16, ["a"]),
        ],
        [
            grid.LongColumn("number", "", [1]),
            grid.LongColumn("value", "", [1]),
            grid.StringColumn("text", "", 16, ["a"]),
        ],
        [
            grid.LongColumn("number", "", [1]),
            grid.DoubleColumn("value", "", [1]),
            grid.StringColumn("text", "", 99, ["longer than sixteen bytes"]),
        ],
    ],
)
def test_columns_that_do_not_fit_are_not_appended(table, columns):
    with pytest.raises((omero.ApiUsageException, omero.ValidationException)):
        table.addData(columns)
    assert table.getNumberOfRows() == 10


@pytest.mark.parametrize(
    "columns",
    [
        [],
        [grid.LongColumn("", "", [])],
        [grid.LongColumn("__hidden", "", [])],
        [grid.LongColumn("a", "", []), grid.LongColumn("a", "", [])],
        [grid.StringColumn("a", "", 0, [])],
        [grid.LongArrayColumn("a", "", 0, [])],
        [grid.LongColumn("a/b", "", [])],
    ],
)
def test_bad_definitions_are_refused_and_leave_the_table_usable(client, columns):
    table = new_table(client)
    with pytest.raises(omero.ApiUsageException):
        table.initialize(columns)
    table.initialize(simple_columns())
    assert table.getNumberOfRows() == 0


def test_names_with_blanks_are_columns(client):
    table = new_table(client, [grid.LongColumn("Cell area (px)", "", [])])
    table.addData([grid.LongColumn("Cell area (px)", "", [4, 5])])
    assert table.getWhereList("area > 4", {"area": rstring("Cell area (px)")}, 0, 0, 0) == [1]


def test_an_initialized_table_cannot_be_initialized_again(table):
    with pytest.raises(omero.ApiUsageException):
        table.initialize(simple_columns())


def test_a_table_without_columns_cannot_be_read(client):
    table = new_table(client)
    for ask in (table.getHeaders, table.getNumberOfRows, lambda: table.read([0], 0, 0)):
        with pytest.raises(omero.ApiUsageException):
            ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: table.read([3], 0, 1),
        lambda table: table.read([-1], 0, 1),
        lambda table: table.read([], 0, 1),
        lambda table: table.read([0], 0, 11),
        lambda table: table.read([0], 5, 4),
        lambda table: table.read([0], -1, 4),
        lambda table: table.slice([0], [10]),
        lambda table: table.slice([9], [1]),
        lambda table: table.readCoordinates([]),
        lambda table: table.readCoordinates([-1]),
        lambda table: table.getWhereList("number > 1", {}, 0, 0, -1),
        lambda table: table.getWhereList("number > x", {"x": rstring("absent")}, 0, 0, 0),
        lambda table: table.addColumn(grid.LongColumn("late", "", [])),
    ],
)
def test_what_is_out_of_range_is_refused(table, ask):
    with pytest.raises(omero.ApiUsageException):
        ask(table)


def test_an_empty_table_reads_as_no_rows(client):
    table = new_table(client, simple_columns())
    for data in (table.read([0, 1, 2], 0, 0), table.slice([], [])):
        assert data.rowNumbers == []
        assert [column.values for column in data.columns] == [[], [], []]


def test_metadata_keep_texts_and_numbers(client, table):
    table.setMetadata("text", rstring("Größe"))
    table.setMetadata("long", rlong(2**40))
    table.setMetadata("int", rint(3))
    table.setMetadata("float", rfloat(0.5))
    again = reopen(client, table)
    assert again.getMetadata("text").val == "Größe"
    assert again.getMetadata("absent") is None
    values = {key: value.val for key, value in again.getAllMetadata().items() if not key.startswith("__")}
    assert values == {"text": "Größe", "long": 2**40, "int": 3, "float": 0.5}
    again.setAllMetadata({"only": rint(1)})
    assert [key for key in again.getAllMetadata() if not key.startswith("__")] == ["only"]


@pytest.mark.parametrize("key", ["", "__version", "CLASS", "FIELD_0_NAME"])
def test_reserved_metadata_are_refused(table, key):
    with pytest.raises(omero.ApiUsageException):
        table.setMetadata(key, rstring("other"))
    assert table.getNumberOfRows() == 10


def test_metadata_of_other_types_are_refused(table):
    with pytest.raises(omero.ValidationException):
        table.setMetadata("double", rdouble(1))


def test_close_records_size_and_hash(server, client, table):
    identity = file_id(table)
    table.close()
    file = client.sf.getQueryService().get("OriginalFile", identity)
    content = (server.omero_dir / "embedded" / "files" / str(identity)).read_bytes()
    assert file.size.val == len(content) > 0
    assert file.hash.val == hashlib.sha1(content).hexdigest()


def test_a_closed_table_is_gone(table):
    table.close()
    with pytest.raises(Ice.ObjectNotExistException):
        table.getNumberOfRows()


def test_reading_leaves_the_file_as_it_is(client, table):
    again = reopen(client, table)
    identity = file_id(again)
    before = client.sf.getQueryService().get("OriginalFile", identity)
    again.read([0], 0, 0)
    again.close()
    after = client.sf.getQueryService().get("OriginalFile", identity)
    assert (after.hash.val, after.version.val) == (before.hash.val, before.version.val)


def test_what_was_added_is_on_disk_at_once(server, table, tmp_path):
    path = server.omero_dir / "embedded" / "files" / str(file_id(table))
    copy = tmp_path / "copy.h5"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r") as file:
        assert file["OME/Measurements"]["number"].tolist() == list(range(10))


def test_tables_close_with_their_session(server, login, make_user):
    user = make_user()
    one = login(user)
    table = new_table(one, simple_columns())
    fill(table, 3)
    identity = file_id(table)
    one.closeSession()
    two = login(user)
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        if two.sf.getQueryService().get("OriginalFile", identity).hash is not None:
            break
        time.sleep(0.05)
    else:
        pytest.fail("size and hash were not recorded")
    assert two.sf.sharedResources().openTable(OriginalFileI(identity, False)).getNumberOfRows() == 3


def test_two_clients_read_while_one_writes(login, make_group, make_user):
    group = make_group("rwr---")
    owner, reader = make_user(group), make_user(group)
    writer = login(owner)
    table = new_table(writer, simple_columns())
    fill(table, 1000)
    counts, failures = [], []

    def read():
        try:
            client = login(reader)
            mine = client.sf.sharedResources().openTable(OriginalFileI(file_id(table), False))
            for _ in range(10):
                data = mine.read([0, 2], 0, 0)
                assert len(data.columns[0].values) == len(data.columns[1].values) == len(data.rowNumbers)
                counts.append(len(data.rowNumbers))
            mine.close()
        except Exception as error:  # noqa: BLE001  a thread's error is the test's
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        fill(table, 100)
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(counts) == 20
    assert set(counts) <= set(range(1000, 1501, 100))
    assert table.getNumberOfRows() == 1500


def test_the_last_reader_records_what_the_writer_left(login, make_group, make_user, server):
    group = make_group("rwr---")
    owner, other = make_user(group), make_user(group)
    table = new_table(login(owner), simple_columns())
    reading = login(other).sf.sharedResources().openTable
    identity = file_id(table)
    fill(table, 1)
    mine = reading(OriginalFileI(identity, False))
    table.close()
    mine.close()
    content = (server.omero_dir / "embedded" / "files" / str(identity)).read_bytes()
    file = login(owner).sf.getQueryService().get("OriginalFile", identity)
    assert file.hash.val == hashlib.sha1(content).hexdigest()


@pytest.mark.parametrize("level", ["rwr---", "rwra--"])
def test_members_may_read_and_not_write(login, make_group, make_user, level):
    group = make_group(level)
    table = new_table(login(make_user(group)), simple_columns())
    fill(table, 2)
    mine = login(make_user(group)).sf.sharedResources().openTable(table.getOriginalFile())
    assert mine.getNumberOfRows() == 2
    refused = [
        lambda: mine.addData(simple_columns()),
        lambda: mine.initialize(simple_columns()),
        lambda: mine.update(mine.read([0], 0, 0)),
        lambda: mine.setMetadata("key", rint(1)),
        lambda: mine.setAllMetadata({}),
        lambda: mine.addColumn(simple_columns()[0]),
        mine.delete,
    ]
    for write in refused:
        with pytest.raises(omero.SecurityViolation):
            write()
    assert mine.getNumberOfRows() == 2


def test_members_may_write_in_a_read_write_group(login, make_group, make_user):
    group = make_group("rwrw--")
    table = new_table(login(make_user(group)), simple_columns())
    mine = login(make_user(group)).sf.sharedResources().openTable(table.getOriginalFile())
    fill(mine, 2)
    assert table.getNumberOfRows() == 2


def test_private_tables_are_not_opened_by_others(login, make_group, make_user):
    group = make_group("rw----")
    table = new_table(login(make_user(group)), simple_columns())
    with pytest.raises(omero.SecurityViolation):
        login(make_user(group)).sf.sharedResources().openTable(OriginalFileI(file_id(table), False))


def test_absent_files_and_files_without_id_are_refused(client):
    shared = client.sf.sharedResources()
    with pytest.raises(omero.ApiUsageException):
        shared.openTable(OriginalFileI(2**40, False))
    with pytest.raises(omero.ValidationException):
        shared.openTable(OriginalFileI())
    with pytest.raises(omero.ApiUsageException):
        shared.newTable(0, "")


def test_delete_removes_file_and_links(server, client, table):
    identity = file_id(table)
    project = ProjectI()
    project.name = rstring("with a table")
    annotation = FileAnnotationI()
    annotation.file = OriginalFileI(identity, False)
    link = ProjectAnnotationLinkI()
    link.parent, link.child = project, annotation
    link = client.sf.getUpdateService().saveAndReturnObject(link)
    table.delete()
    query = client.sf.getQueryService()
    assert query.find("OriginalFile", identity) is None
    assert query.find("FileAnnotation", link.child.id.val) is None
    assert query.find("Project", link.parent.id.val) is not None
    assert not (server.omero_dir / "embedded" / "files" / str(identity)).exists()


def uploaded(client, tmp_path, name, write):
    path = tmp_path / name
    write(path)
    return client.upload(str(path), type="OMERO.tables")


def test_an_uploaded_table_is_opened(client, table, tmp_path):
    identity = file_id(table)
    table.close()
    path = tmp_path / "copy.h5"
    client.download(OriginalFileI(identity), str(path))
    copy = client.upload(str(path), type="OMERO.tables")
    assert client.sf.sharedResources().openTable(copy).getNumberOfRows() == 10


def test_files_that_are_no_tables_are_refused(client, tmp_path):
    shared = client.sf.sharedResources()
    file = uploaded(client, tmp_path, "note.txt", lambda path: path.write_text("just a note"))
    with pytest.raises(omero.ValidationException):
        shared.openTable(file)
    truncated = uploaded(
        client, tmp_path, "cut.h5", lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    )
    with pytest.raises(omero.ValidationException):
        shared.openTable(truncated)


def hdf(path, make):
    with h5py.File(path, "w") as file:
        group = file.create_group("OME")
        make(file, group)


def test_tables_that_lie_in_other_files_are_refused(server, client, table, tmp_path):
    secret = server.omero_dir / "embedded" / "files" / str(file_id(table))
    kind = np.dtype([("number", "i8")])

    def external(file, group):
        group["ColumnTypes"] = np.array([b"::omero::grid::LongColumn"])
        group["ColumnDescriptions"] = np.array([b""])
        group.create_dataset("Measurements", (4,), kind, external=[(str(secret), 0, 32)])

    def linked(file, group):
        for name in ("Measurements", "ColumnTypes", "ColumnDescriptions"):
            group[name] = h5py.ExternalLink(str(secret), f"/OME/{name}")

    def incomplete(file, group):
        group.create_dataset("Measurements", (4,), kind)

    for number, make in enumerate((external, linked, incomplete)):
        file = uploaded(client, tmp_path, f"{number}.h5", lambda path, make=make: hdf(path, make))
        with pytest.raises(omero.ValidationException):
            client.sf.sharedResources().openTable(file)


def test_pickled_attributes_are_not_loaded(client, table, tmp_path):
    identity = file_id(table)
    table.close()
    path, mark = tmp_path / "crafted.h5", tmp_path / "mark"
    client.download(OriginalFileI(identity), str(path))
    with h5py.File(path, "a") as file:
        code = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
        file["OME/Measurements"].attrs["evil"] = np.bytes_(code)
    crafted = client.upload(str(path), type="OMERO.tables")
    opened = client.sf.sharedResources().openTable(crafted)
    assert opened.getMetadata("evil").val.startswith("cos")
    assert not mark.exists()


def test_a_hundred_thousand_rows_in_bounded_time(client):
    table = new_table(client, simple_columns())
    count = 100_000
    started = time.monotonic()
    fill(table, count)
    added = time.monotonic()
    found = table.getWhereList("(number >= 50000) & (value < 25005)", {}, 0, 0, 0)
    asked = time.monotonic()
    data = table.read([0, 1, 2], 0, 0)
    read = time.monotonic()
    assert found == list(range(50_000, 50_010))
    assert len(data.rowNumbers) == count
    assert data.columns[2].values[-1] == f"row {count - 1}"
    print(f"add {added - started:.2f} s, where {asked - added:.3f} s, read {read - asked:.2f} s")
    assert read - started < 20


def test_the_gateway_reaches_tables(gateway, make_user):
    connection = gateway(make_user())
    shared = connection.getSharedResources()
    assert shared.areTablesEnabled()
    table = shared.newTable(shared.repositories().descriptions[0].id.val, "from the gateway")
    table.initialize(simple_columns())
    fill(table, 2)
    connection.SERVICE_OPTS.setOmeroGroup("-1")
    opened = shared.openTable(table.getOriginalFile(), connection.SERVICE_OPTS)
    assert opened.getNumberOfRows() == 2
    assert opened.slice([0], [1]).columns[0].values == [1]
