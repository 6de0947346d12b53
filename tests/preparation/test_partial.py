import os
import socket

from tsn_plugin.preparation.partial import abandoned, partial_path

HOST = socket.gethostname()


def test_rests_of_ended_processes_of_this_host_are_found(tmp_path):
    ended = os.fork()
    if ended == 0:
        os._exit(0)
    os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)  # a zombie, until it is asked how it ended
    for name in (
        f"a.partial-{HOST}-{ended}",
        f"b.partial-old-{HOST}-{ended}",
        f"c.zip.partial-{HOST}-{2**22 + 1}",  # beyond Linux's largest process id
        f"d.partial-{HOST}-{os.getppid()}",
        f"e.partial-elsewhere-{ended}",
        f"f.partial-{HOST}-x",
        "g",
    ):
        (tmp_path / name).mkdir()
    found = {path.name[0]: (folder.name, was_aside) for path, folder, was_aside in abandoned(tmp_path)}
    os.waitpid(ended, 0)
    assert found == {"a": ("a", False), "b": ("b", True), "c": ("c.zip", False)}


def test_rests_with_the_number_of_this_process_are_of_an_earlier_one(tmp_path):
    for aside in (False, True):
        partial_path(tmp_path / "a", aside=aside).touch()
    assert sorted(found[1:] for found in abandoned(tmp_path)) == [(tmp_path / "a", False), (tmp_path / "a", True)]
