"""A changed secret leaves the one before in force for what it signed."""

from healthcare.settings import environment


def test_the_secret_before_is_read_only_when_it_is_named(monkeypatch, tmp_path) -> None:
    assert environment.secrets("OLD_SECRET_KEY_FILE") == []
    (tmp_path / "old").write_text("o" * 40 + "\n")
    monkeypatch.setenv("OLD_SECRET_KEY_FILE", str(tmp_path / "old"))
    assert environment.secrets("OLD_SECRET_KEY_FILE") == ["o" * 40]
