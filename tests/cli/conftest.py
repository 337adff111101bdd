"""The command in the test's own process, which is quicker than one of its own."""

from collections.abc import Callable

import pytest

from zjol_crawler.cli import main


@pytest.fixture
def zjol(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command; gives exit status, standard output and standard error. Not for crawls: a reactor runs once."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run
