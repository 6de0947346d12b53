import runpy
from pathlib import Path

main = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "make_toy_dataset.py"))["main"]


def test_make_toy_dataset(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["toy", "--seed", "1", "--train-per-class", "1", "--val-per-class", "1", "--workers", "0"])
    assert "accuracy of perfect classifiers: rgb 50%, flow 50%, both 100%" in capsys.readouterr().out
    assert len(list(Path("toy/videos").glob("*/*.mp4"))) == 16
