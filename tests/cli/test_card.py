"""`headstart card`: writes a model card and says where."""

import json

from headstart.cli.exit_codes import ExitCode


def test_card_prints_where_the_card_lies(type_command, finished_run, tmp_path):
    outcome = type_command("card", finished_run, "--out", tmp_path / "card.md")
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout == f"{tmp_path / 'card.md'}\n"
    assert (tmp_path / "card.md").read_text("utf-8").startswith("---\nlicense: ")


def test_card_says_it_to_programs_as_well(type_command, finished_run, tmp_path):
    outcome = type_command("card", finished_run, "--out", tmp_path / "card.md", "--json")
    assert json.loads(outcome.stdout) == {"run": str(finished_run), "card": str(tmp_path / "card.md")}


def test_there_is_no_run_to_describe(type_command, tmp_path):
    assert type_command("card", tmp_path).code == ExitCode.RUN_NOT_FOUND
