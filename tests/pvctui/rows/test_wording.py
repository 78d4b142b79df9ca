import pytest

from pvctui.rows.wording import in_console_words


@pytest.mark.parametrize(
    "told, here",
    [
        ("it is running; stop it first (--stop)", "it is running; stop it first"),
        ("hv2 can take it (pvc vm move web1 --to hv2)", "hv2 can take it"),
        ("nobody is fenced; say --confirmed-off", "nobody is fenced; choose “Confirm that it is off”"),
        ("pool vms has 3 volumes; --force removes them too", "pool vms has 3 volumes; tick to remove them too"),
        ("an option of tomorrow: --careful", "an option of tomorrow: careful"),
        ("is locked by 10.1.0.99 (alive)", "is locked by 10.1.0.99 (alive)"),
    ],
)
def test_a_refusal_names_what_the_console_offers_and_no_option_of_the_command_line(told: str, here: str) -> None:
    assert in_console_words(told) == here
