from tests.architecture import sizes, source


def test_no_function_is_longer_than_a_screen() -> None:
    assert not [str(size) for size in sizes.long_functions(over_lines=sizes.FUNCTION_LINES_MAX)]


def test_no_file_has_outgrown_its_duty() -> None:
    assert not [str(size) for size in sizes.long_files(over_lines=sizes.FILE_LINES_MAX)]


def test_lengths_are_measured_over_the_whole_project() -> None:
    measured = {size.where.split(":")[0] for size in sizes.long_functions(over_lines=0)}
    assert source.name(source.ROOT / "tests/architecture/sizes.py") in measured
    assert any(where.startswith("pvccore/") for where in measured)
